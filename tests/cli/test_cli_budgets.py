"""Budgets over runs: never passed, and a scheduler's retry gets no fresh money."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.shop import Shop, skus
from tests.cli.test_cli_run import buys


@pytest.fixture
def six(trading: Shop) -> Shop:
    """Make a shop of six products."""
    trading.write_rows(*skus(6))
    return trading


def test_a_run_stops_at_its_budget(six: Shop) -> None:
    """`--budget` is never passed: exit 4, what was bought is brought home."""
    told = buys(six, "--budget=3", code=4)
    assert (told["stopped"], told["done"], told["spent"]) == ("budget", 2, "2.50")


def test_the_message_says_how_to_go_on(six: Shop) -> None:
    """After a stop by budget `--new-run` is named."""
    result = six.call("run", "--yes", "--budget=3")
    assert result.exit_code == 4
    assert "--new-run" in result.stderr


@pytest.mark.parametrize("again", [(), ("--budget=3",)], ids=["without", "the same budget"])
def test_running_again_gets_no_fresh_money(six: Shop, again: tuple[str, ...]) -> None:
    """A start after a stop by budget goes on with the same run and its budget."""
    first = buys(six, "--budget=3", code=4)
    second = buys(six, *again, code=4)
    assert (second["run"], second["spent"]) == (first["run"], "2.50")


@pytest.mark.parametrize("again", ["--new-run", "--budget=4"])
def test_a_new_run_gets_money(six: Shop, again: str) -> None:
    """`--new-run`, or another budget, opens a new run."""
    first = buys(six, "--budget=3", code=4)
    told = six.json("run", "--yes", again, code=0 if again == "--new-run" else 4)
    assert told["run"] != first["run"]
    assert float(told["spent"]) > 2.5


def test_a_plan_counts_what_the_open_run_has_spent(six: Shop) -> None:
    """2.50 of 3.00 are gone and 5.00 to be bought: said as it is; a new run has all of it."""
    buys(six, "--budget=3", code=4)
    for command, need in ((("plan",), "7.50"), (("run", "--yes", "--new-run"), "5.00")):
        result = six.call(*command, "--budget=3")
        said = f"budget run allows 3.00, with this plan it would be {need}"
        assert said in result.output


def test_the_next_run_after_a_complete_one_is_new(six: Shop) -> None:
    """A run that ended well is over; its budget is not the next one's."""
    first = buys(six, "--limit=2", "--budget=2.50")
    second = buys(six, "--limit=2", "--budget=2.50")
    assert second["run"] != first["run"]
    assert second["spent"] == "5.00"


@pytest.mark.parametrize("kind", ["job", "day", "month"])
def test_budgets_over_runs(six: Shop, kind: str) -> None:
    """Job, day and month count all runs: a new run does not get around them."""
    six.write_job(budget={kind: "2.50"})
    assert buys(six, code=4)["spent"] == "2.50"
    assert buys(six, "--new-run", code=4)["spent"] == "2.50"


def test_a_budget_of_an_sku_leaves_only_that_out(six: Shop) -> None:
    """One product may not cost more than its budget; the others are made."""
    six.write_job(budget={"sku": "2.00"}, takes="2")
    told = buys(six, code=4)
    assert (told["done"], told["planned"], told["stopped"]) == (6, 6, "budget")


def test_a_budget_of_a_column(six: Shop) -> None:
    """A manifest column can carry budgets: each value of it has its own."""
    six.write_job(budget={"by": {"title": "1.25"}}, clip={"prompt": "it turns"})
    six.write_rows("A", "B", "C", titles={"A": "Cup", "B": "Cup"})
    told = buys(six, code=4)
    assert (told["done"], told["planned"]) == (2, 1)


def test_takes_are_wanted_copies(six: Shop) -> None:
    """`takes: 2` buys each request twice, under names of their own."""
    six.write_rows("A")
    six.write_job(takes="2")
    assert buys(six)["spent"] == "2.50"
    names = {path.name for path in six.output.glob("clips/A/*.mp4")}
    assert names == {"main.mp4", "main.take2.mp4"}


def in_two_hours() -> tuple[dict[str, str], str]:
    """Give a window that opens in two hours, for an hour, and when that is."""
    opens = datetime.now(UTC) + timedelta(hours=2)
    ends = opens + timedelta(hours=1)
    window = {"start": f"{opens:%H:%M}", "finish_by": f"{ends:%H:%M}", "timezone": "UTC"}
    return window, f"{opens:%Y-%m-%d %H:%M} (UTC)"


def test_outside_its_hours_a_run_buys_nothing(six: Shop) -> None:
    """Exit 4, nothing sent, and the next opening is named."""
    window, opens = in_two_hours()
    six.write_job(window=window)
    told = buys(six, code=4)
    assert (told["stopped"], told["planned"], told["spent"]) == ("window", 6, "0.00")
    again = six.call("run", "--yes").stderr
    assert f"the next window opens at {opens}; clips that wait: 6" in again


def test_the_simulator_is_open_all_day(six: Shop) -> None:
    """A rehearsal at noon is not held up by the hours of the night."""
    window, _ = in_two_hours()
    six.write_job(window=window)
    assert buys(six, "--provider=simulator", "--limit=1")["stopped"] is None
