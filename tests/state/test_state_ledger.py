"""Budgets a purchase must keep, and sums of what was bought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from batchgen.clip import AttemptState, Balance, Intent
from batchgen.job.schema import Budget, Window
from batchgen.state.ledger import (
    BUDGET_ZONE,
    budget_name,
    budget_zone,
    columns_of,
    continues,
    day_of,
    ledger,
    limits_of,
)
from batchgen.state.reading import SqliteReader
from batchgen.state.store import Limit, Purse, Run
from batchgen.state.writing import SqliteWriter
from tests.state.conftest import DAY, RUN

MakeIntent = Callable[..., Intent]


@pytest.mark.parametrize(
    ("now", "day"),
    [
        pytest.param(1_795_449_599.0, "2026-11-23", id="one second before midnight in Shanghai"),
        pytest.param(1_795_449_600.0, "2026-11-24", id="midnight in Shanghai, 16:00 UTC"),
    ],
)
def test_a_day_is_one_of_the_budgets_zone(now: float, day: str) -> None:
    """Money is counted to the day in Asia/Shanghai."""
    assert day_of(now) == day


def test_each_named_budget_is_a_limit(intent: MakeIntent) -> None:
    """Every ceiling of the job file limits its own purse; the run's is the accepted one."""
    budget = Budget(job=Decimal(500), sku=Decimal(10), by={"campaign": Decimal(30)})
    run = Run("r", "spring", RUN.account, "/out", Decimal(40), 0.0)
    assert limits_of(budget, run, intent("A", campaign="x"), DAY) == [
        Limit(Purse("run", "r"), Decimal(40)),
        Limit(Purse("job", "spring"), Decimal(500)),
        Limit(Purse("sku", "A"), Decimal(10)),
        Limit(Purse("by:campaign", "x"), Decimal(30)),
    ]


async def test_the_ledger_sums_each_place_apart(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """Reserved, at risk, spent and released money are never one blended number."""
    ways = {
        "A": [AttemptState.ACCEPTED],
        "B": [AttemptState.UNKNOWN],
        "C": [AttemptState.ACCEPTED, AttemptState.SUCCEEDED],
        "D": [AttemptState.REJECTED],
    }
    for sku, states in ways.items():
        attempt = await writer.reserve(RUN, intent(sku), DAY, [])
        for state in states:
            await writer.move(attempt.id, state)
    (line,) = ledger(reader.attempts(), ["job"])
    each = Decimal("1.25")
    assert (line.group, line.attempts, line.released) == ({"job": "spring"}, 4, each)
    assert line.balance == Balance(reserved=each, at_risk=each, spent=each)


async def test_the_ledger_groups_by_several_dimensions(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """Lines come sorted by the dimensions asked for, in that order."""
    for sku in ("B", "A", "B"):
        made = await writer.reserve(RUN, intent(sku), DAY, [])
        await writer.move(made.id, AttemptState.REJECTED)
    lines = ledger(reader.attempts(), ["sku", "model"])
    assert [(dict(line.group), line.attempts) for line in lines] == [
        ({"sku": "A", "model": "vidu2-image"}, 1),
        ({"sku": "B", "model": "vidu2-image"}, 2),
    ]


@pytest.mark.parametrize(
    ("kind", "key", "name"),
    [
        ("run", "run-1", "the budget of this run"),
        ("job", "spring", "the budget of job spring"),
        ("day", "2026-11-23", "day 2026-11-23 (Asia/Shanghai), fresh at 00:00 there"),
        ("month", "2026-11", "month 2026-11 (Asia/Shanghai), fresh on the 1st there"),
        ("sku", "MUG-001", "the budget of SKU MUG-001"),
        ("by:campaign", "新年", "the budget of campaign 新年"),
    ],
)
def test_a_budget_is_named_with_its_value(kind: str, key: str, name: str) -> None:
    """Whose budget it is, and when it is fresh, is what a person needs to know."""
    assert name in str(budget_name(Purse(kind, key), "Asia/Shanghai"))


async def test_the_ledger_groups_by_a_column_of_budgets(
    writer: SqliteWriter, reader: SqliteReader, intent: Callable[..., Intent]
) -> None:
    """The values of the column that stood in the row then; none where no budget counted by it."""
    await writer.reserve(RUN, intent("A", campaign="新年"), DAY, [])
    await writer.reserve(RUN, intent("B"), DAY, [])
    attempts = list(reader.attempts())
    assert columns_of(attempts, ["brand", "sku"]) == ["brand", "campaign"]
    lines = ledger(attempts, ["campaign"])
    assert [line.group for line in lines] == [{"campaign": ""}, {"campaign": "新年"}]


@pytest.mark.parametrize(
    ("ended_at", "stopped", "asked", "goes_on"),
    [
        pytest.param(None, None, None, True, id="killed"),
        pytest.param(9.0, "signal", "7", True, id="interrupted"),
        pytest.param(9.0, "budget", None, True, id="its budget was reached"),
        pytest.param(9.0, "budget", "5", True, id="the same budget again"),
        pytest.param(9.0, "budget", "7", False, id="another budget"),
        pytest.param(9.0, None, None, False, id="ended"),
    ],
)
def test_a_start_goes_on_with_the_run_that_did_not_end(
    ended_at: float | None, stopped: str | None, asked: str | None, goes_on: bool
) -> None:
    """A scheduler's retry gets no fresh money."""
    last = replace(RUN, budget=Decimal(5), ended_at=ended_at, stopped=stopped)
    assert continues(last, None if asked is None else Decimal(asked)) is goes_on


@pytest.mark.parametrize(
    ("ended_at", "stopped", "opened_at", "goes_on"),
    [
        pytest.param(9.0, "budget", 8.0, True, id="the window in which it was stopped"),
        pytest.param(9.0, "budget", 10.0, False, id="the next window"),
        pytest.param(9.0, "budget", None, True, id="outside of any"),
        pytest.param(9.0, "window", 8.0, False, id="stopped by the window itself"),
        pytest.param(None, None, 10.0, True, id="killed in an earlier window"),
        pytest.param(9.0, "signal", 10.0, True, id="interrupted in an earlier window"),
    ],
)
def test_the_next_window_has_fresh_money(
    ended_at: float | None, stopped: str | None, opened_at: float | None, goes_on: bool
) -> None:
    """A run that reached its budget is over when the job's window opens again."""
    last = replace(RUN, budget=Decimal(5), ended_at=ended_at, stopped=stopped)
    assert continues(last, None, opened_at) is goes_on


def test_days_and_limits_follow_the_windows_zone() -> None:
    """Without a window they are those of Shanghai."""
    berlin = budget_zone(Window.model_validate({"finish_by": "07:00", "timezone": "Europe/Berlin"}))
    assert (budget_zone(None), berlin.key) == (BUDGET_ZONE, "Europe/Berlin")
    assert day_of(1_795_449_600.0, berlin) == "2026-11-23"
