"""`batchgen retry`: durable orders, and clips in doubt settled by a named choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.shop import Shop
from tests.cli.test_cli_run import buys

OpenShop = Callable[..., Shop]


@pytest.fixture
def failed(open_shop: OpenShop) -> Shop:
    """Make a shop whose two clips failed, with an API that is well again."""
    shop = open_shop("--faults=fail=1")
    shop.write_rows("A", "B")
    buys(shop, code=3)
    return open_shop()


@pytest.fixture
def doubtful(open_shop: OpenShop) -> Shop:
    """Make a shop whose two submits were not answered though a task was made."""
    shop = open_shop("--faults=reset=1")
    shop.write_rows("A", "B")
    buys(shop, code=3)
    return open_shop()


def again(shop: Shop, *options: str, code: int = 0) -> Any:
    """Retry, agreeing to the price."""
    return shop.json("retry", "--yes", *options, code=code)


def money(shop: Shop) -> dict[str, Any]:
    """Give the job's line of the ledger."""
    return dict(shop.json("ledger")[0])


# ------------------------------------------------------------------ buying again


def test_failed_clips_are_bought_again(failed: Shop) -> None:
    """`--failed` buys one new attempt each; what failed stays at risk."""
    told = again(failed, "--failed")
    assert (told["done"], told["spent"], told["at_risk"]) == (2, "2.50", "2.50")
    assert money(failed)["attempts"] == 4


def test_a_retry_can_be_narrowed(failed: Shop) -> None:
    """`--failed --sku A` leaves the others failed."""
    told = again(failed, "--failed", "--sku=A", code=3)
    assert (told["done"], told["failed"]) == (1, 1)


def test_a_retry_shows_its_price(failed: Shop) -> None:
    """What it will cost is told before it is spent."""
    result = failed.call("retry", "--failed", "--yes")
    assert "clips to buy again: 2, for 2.50 CNY" in result.stdout


def test_a_retry_without_a_terminal_needs_yes(failed: Shop) -> None:
    """Nobody to ask: exit 2, and no order is left behind."""
    result = failed.call("retry", "--failed")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert failed.json("plan")["clips"] == 0


def test_a_retry_given_twice_buys_once(failed: Shop) -> None:
    """After a whole retry there is nothing to buy again."""
    again(failed, "--failed")
    assert failed.call("retry", "--failed", "--yes").exit_code == 0
    assert money(failed)["attempts"] == 4


def stopped_retry(shop: Shop) -> None:
    """Order both clips again with money for one."""
    assert again(shop, "--failed", "--budget=1.25", code=4)["spent"] == "1.25"


def test_an_open_order_is_continued(failed: Shop) -> None:
    """A retry that was cut short goes on where it stopped, and buys nothing twice."""
    stopped_retry(failed)
    told = again(failed, "--failed", "--budget=5")
    assert (told["done"], told["spent"]) == (2, "2.50")
    assert money(failed)["attempts"] == 4


def test_run_finishes_an_order(failed: Shop) -> None:
    """The order is durable: a plain run carries it out, and then leaves it."""
    stopped_retry(failed)
    assert failed.json("plan")["clips"] == 1
    assert buys(failed, "--new-run")["spent"] == "2.50"
    assert buys(failed)["spent"] == "2.50"


def test_a_second_selection_joins_the_order(failed: Shop) -> None:
    """What is selected while an order is open is bought too."""
    again(failed, "--failed", "--sku=A", "--budget=0.01", code=4)
    told = again(failed, "--failed", "--sku=B", "--budget=5")
    assert told["done"] == 2


def test_done_clips_can_be_bought_again_by_sku(trading: Shop) -> None:
    """`--sku` alone means the named product, whatever became of it."""
    buys(trading)
    told = again(trading, "--sku=A")
    assert (told["done"], told["spent"]) == (3, "5.00")
    assert not list(trading.output.rglob("*.part"))


def test_nothing_to_retry_is_no_error(trading: Shop) -> None:
    """Without failed clips a retry says so."""
    buys(trading)
    result = trading.call("retry", "--failed", "--yes")
    assert (result.exit_code, result.stdout) == (0, "")
    assert money(trading)["attempts"] == 3


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--failed", "--lost"),
        ("--failed", "--unpaid"),
        ("--uncertain",),
        ("--uncertain", "--unpaid", "--write-off"),
        ("--uncertain", "--adopt="),
    ],
)
def test_a_retry_must_be_unambiguous(trading: Shop, options: tuple[str, ...]) -> None:
    """One selection, and one choice for clips in doubt; `--yes` never chooses."""
    assert trading.call("retry", "--yes", *options).exit_code == 2


def test_a_retry_needs_a_key(failed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Buying again without a key exits 2."""
    monkeypatch.delenv("BATCHGEN_API_KEY")
    assert failed.call("retry", "--failed", "--yes").exit_code == 2


# ------------------------------------------------------------------ clips in doubt


def test_unpaid_clips_are_planned_again(doubtful: Shop) -> None:
    """A call that was not billed costs nothing; the next run sends it."""
    settled = again(doubtful, "--uncertain", "--unpaid")
    assert [(it["sku"], it["status"], it["money"]) for it in settled] == [
        ("A", "planned", "released"),
        ("B", "planned", "released"),
    ]
    assert buys(doubtful)["spent"] == "2.50"


def test_written_off_clips_are_paid_and_left(doubtful: Shop) -> None:
    """A call that was given up is spent; no run sends it again."""
    again(doubtful, "--uncertain", "--write-off", "--sku=A")
    assert (money(doubtful)["spent"], money(doubtful)["at_risk"]) == ("1.25", "1.25")
    assert doubtful.json("plan")["clips"] == 0


def test_an_adopted_task_is_brought_home(doubtful: Shop, open_shop: OpenShop) -> None:
    """The task that the lost answer named is found in the provider's bill and fetched."""
    simulator = open_shop("--faults=reset=1").simulator
    assert simulator
    request_id = {row["sku"]: row["request_id"] for row in doubtful.results()}["A"]
    task_id = {line["request_id"]: line["task_id"] for line in simulator.bill()}[request_id]
    again(doubtful, "--uncertain", "--sku=A", f"--adopt={task_id}")
    assert buys(doubtful, code=3)["done"] == 1
    assert doubtful.clips() == {"A"}


@pytest.mark.parametrize("task", ["not a task", "../evil"])
def test_a_task_id_is_checked(doubtful: Shop, task: str) -> None:
    """What cannot be a task id is refused."""
    options = ("--uncertain", "--sku=A", f"--adopt={task}")
    assert doubtful.call("retry", *options).exit_code == 2


def test_a_task_has_one_clip(doubtful: Shop) -> None:
    """A task that belongs to a clip already is not adopted for another."""
    again(doubtful, "--uncertain", "--sku=A", "--adopt=20260101000000aa")
    result = doubtful.call("retry", "--uncertain", "--sku=B", "--adopt=20260101000000aa")
    assert result.exit_code == 2
    assert "A / main" in result.stderr


def test_adopting_settles_one_clip(doubtful: Shop) -> None:
    """One task cannot stand for two clips."""
    assert doubtful.call("retry", "--uncertain", "--adopt=2026").exit_code == 2


def test_settling_asks_for_no_key(doubtful: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what buys needs a key."""
    monkeypatch.delenv("BATCHGEN_API_KEY")
    result = doubtful.call("retry", "--uncertain", "--unpaid")
    assert result.exit_code == 0
    assert "A / main" in result.stdout


def test_buying_again_leaves_the_doubt_at_risk(doubtful: Shop) -> None:
    """`--buy-again` pays a second time, knowingly."""
    told = again(doubtful, "--uncertain", "--buy-again")
    assert (told["done"], told["spent"], told["at_risk"]) == (2, "2.50", "2.50")


def test_nothing_in_doubt_exits_2(trading: Shop) -> None:
    """A choice without a clip in doubt is a mistake."""
    assert trading.call("retry", "--uncertain", "--unpaid").exit_code == 2


# ------------------------------------------------------------------ doubt beside the catalogue


@pytest.fixture
def removed(doubtful: Shop) -> Shop:
    """Make a shop whose catalogue no longer has one of its two clips in doubt."""
    doubtful.write_rows("B")
    return doubtful


def test_doubt_of_a_removed_row_is_shown(removed: Shop) -> None:
    """`status` lists and counts it; a run stays incomplete for it alone."""
    again(removed, "--uncertain", "--unpaid", "--sku=B")
    told = removed.json("status")
    assert [line["sku"] for line in told["attention"]] == ["A"]
    assert (told["uncertain"], told["planned"]) == (1, 1)
    told = buys(removed, code=3)
    assert (told["done"], told["uncertain"], told["at_risk"]) == (1, 1, "1.25")


@pytest.mark.parametrize("skus", [(), ("--sku=A",), ("--sku=A", "--sku=B")])
def test_doubt_of_a_removed_row_is_settled(removed: Shop, skus: tuple[str, ...]) -> None:
    """It is selected like any other, by its SKU too, and then keeps no run incomplete."""
    settled = again(removed, "--uncertain", "--unpaid", *skus)
    assert "A" in {it["sku"] for it in settled}
    assert "A" not in {line["sku"] for line in removed.json("status")["attention"]}


def test_doubt_of_a_removed_row_is_not_bought_again(removed: Shop) -> None:
    """`--buy-again` buys what the catalogue has, and names what stays in doubt."""
    result = removed.call("retry", "--uncertain", "--buy-again", "--yes")
    assert result.exit_code == 3
    assert "A / main stays in doubt" in result.stderr
    assert money(removed)["attempts"] == 3


def test_doubt_of_another_name_is_settled(doubtful: Shop) -> None:
    """What was bought under a variant that is gone now, for another request, can be settled."""
    doubtful.write_job(matrix={"model": ["vidu2-image"]}, clip={"prompt": "{{ title }} in the sun"})
    settled = again(doubtful, "--uncertain", "--write-off", "--sku=A")
    assert [(it["sku"], it["money"]) for it in settled] == [("A", "spent")]


def test_a_first_doubt_can_be_settled_after_a_second_purchase(doubtful: Shop) -> None:
    """What was bought again is not bought a third time; the old call is still to be settled."""
    again(doubtful, "--uncertain", "--buy-again", "--sku=A", code=3)
    assert {line["sku"] for line in doubtful.json("status")["attention"]} == {"A", "B"}
    again(doubtful, "--uncertain", "--write-off", "--sku=A")
    assert (money(doubtful)["attempts"], money(doubtful)["spent"]) == (3, "2.50")


def test_an_sku_that_never_was_is_refused(doubtful: Shop) -> None:
    """A misspelt SKU is named for clips in doubt too."""
    result = doubtful.call("retry", "--uncertain", "--unpaid", "--sku=Z")
    assert result.exit_code == 2
    assert "no SKU Z" in result.stderr


def test_what_was_written_off_is_no_failed_clip(doubtful: Shop) -> None:
    """`--failed` does not buy again what a person gave up; naming its SKU does."""
    again(doubtful, "--uncertain", "--write-off", "--sku=A")
    before = money(doubtful)["attempts"]
    doubtful.call("retry", "--failed", "--yes")
    assert money(doubtful)["attempts"] == before
