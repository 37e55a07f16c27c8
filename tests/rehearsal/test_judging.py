"""The judge of a rehearsal: each promise is seen to break, and to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from batchgen.clip import Attempt, AttemptState, ClipKey, TaskId
from batchgen.job.schema import Budget
from batchgen.messages import msg
from batchgen.plan.values import Plan
from batchgen.rehearsal.judging import Charge, Evidence, in_doubt, judge, standing, total
from tests.plan.examples import a_job, a_plan, an_attempt, an_item, yuan

SAVED, UNKNOWN, INTENT = AttemptState.SAVED, AttemptState.UNKNOWN, AttemptState.INTENT
STATS = {"cap": 10, "max_in_flight": 10, "over_cap": 0, "faults": {}}
NAMES = [
    "bought_twice",
    "paid_and_lost",
    "over_budget",
    "over_tier",
    "unexplained_charges",
    "damaged_files",
    "broken_starts",
]


def plan_of(*skus: str, **fields: Any) -> Plan:
    """Plan a job with one clip an SKU."""
    return a_plan(a_job(**fields), *(an_item(sku, 2) for sku in skus))


PLAN = plan_of("A", "B", "C")
PRICE = next(iter(PLAN.clips)).clip.price


def bought(sku: str, state: AttemptState = SAVED, **changes: Any) -> Attempt:
    """Make the purchase of a clip: request `r-A`, task `t-A`."""
    clip = next(entry.clip for entry in PLAN.clips if entry.clip.key.sku == sku)
    names = {"request_id": f"r-{sku}", "task_id": TaskId(f"t-{sku}")}
    return an_attempt(clip, state, **(names | changes))


def charge(sku: str, **changes: Any) -> Charge:
    """Make the line of the bill for the purchase of a clip."""
    return replace(Charge(f"t-{sku}", f"r-{sku}", PRICE), **changes)


def evidence(
    attempts: Sequence[Attempt], bill: Sequence[Charge], plan: Plan = PLAN, **more: Any
) -> Evidence:
    """Put evidence together; what is not said is in order."""
    said: dict[str, Any] = {"plan": plan, "budget": Budget(), "stats": STATS} | more
    return Evidence(bill=bill, attempts=attempts, **said)


def broken(seen: Evidence) -> dict[str, int]:
    """Count the breaches of each promise that was broken."""
    return {promise.name: len(promise.breaches) for promise in judge(seen) if promise.breaches}


def test_a_good_night_breaks_nothing() -> None:
    """One charge a clip, every one accounted for."""
    seen = evidence([bought(sku) for sku in "ABC"], [charge(sku) for sku in "ABC"])
    assert broken(seen) == {}
    assert [promise.name for promise in judge(seen)] == NAMES
    assert total(seen.bill) == 3 * PRICE


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        pytest.param(SAVED, {}, id="saved"),
        pytest.param(AttemptState.SUCCEEDED, {}, id="still to be fetched"),
        pytest.param(AttemptState.ACCEPTED, {}, id="still running"),
        pytest.param(UNKNOWN, {"task_id": None}, id="answer lost"),
        pytest.param(INTENT, {"task_id": None}, id="killed while it was sent"),
        pytest.param(AttemptState.VANISHED, {}, id="unknown to the provider"),
    ],
)
def test_what_explains_a_charge(state: AttemptState, changes: dict[str, Any]) -> None:
    """A charge is in order while its clip is here, on its way or in doubt."""
    assert broken(evidence([bought("A", state, **changes)], [charge("A")])) == {}


def test_two_purchases_of_a_clip() -> None:
    """Two charges for one clip, each with a purchase of its own: bought twice."""
    again = bought("A", id=2, number=2, request_id="r-2", task_id=TaskId("t-2"))
    bill = [charge("A"), charge("A", task_id="t-2", request_id="r-2")]
    assert broken(evidence([bought("A"), again], bill)) == {"bought_twice": 1}


def test_a_request_that_was_charged_twice() -> None:
    """A request sent twice makes two tasks: bought twice, and one of them nobody knows."""
    bill = [charge("A"), charge("A", task_id="t-2")]
    assert broken(evidence([bought("A")], bill)) == {"bought_twice": 1, "unexplained_charges": 1}


def test_a_clip_nobody_asked_for() -> None:
    """A purchase of what the plan does not have was bought too often."""
    other = bought("A", key=ClipKey("X"))
    assert broken(evidence([other], [charge("A")])) == {"bought_twice": 1}


@pytest.mark.parametrize(
    ("state", "has_failed", "lost"),
    [
        pytest.param(AttemptState.FAILED, True, 0, id="FAIL at the provider"),
        pytest.param(AttemptState.FAILED, False, 1, id="FAIL in our books alone"),
        pytest.param(AttemptState.EXPIRED, False, 1, id="link dead"),
        pytest.param(AttemptState.PAID_NO_RESULT, False, 1, id="no result"),
        pytest.param(AttemptState.REFUSED, False, 1, id="thought to be refused"),
    ],
)
def test_paid_and_lost(state: AttemptState, has_failed: bool, lost: int) -> None:
    """A charged clip that neither came nor failed at the provider is lost."""
    seen = evidence([bought("A", state)], [charge("A", has_failed=has_failed)])
    assert broken(seen).get("paid_and_lost", 0) == lost


@pytest.mark.parametrize(
    ("budget", "passed"),
    [
        pytest.param({"run": "3.75"}, 0, id="run, to the fen"),
        pytest.param({"run": "3.74"}, 1, id="run"),
        pytest.param({"job": "2.50"}, 1, id="job"),
        pytest.param({"day": "2.50"}, 1, id="day"),
        pytest.param({"month": "2.50"}, 1, id="month"),
        pytest.param({"sku": "1.00"}, 3, id="each SKU"),
    ],
)
def test_budgets(budget: dict[str, str], passed: int) -> None:
    """Each budget that the bill passes is counted."""
    attempts, bill = [bought(sku) for sku in "ABC"], [charge(sku) for sku in "ABC"]
    seen = evidence(attempts, bill, budget=Budget.model_validate(budget))
    assert broken(seen).get("over_budget", 0) == passed


def test_a_budget_of_a_column() -> None:
    """What the clips of one value of a column cost together is held against its ceiling."""
    items = [an_item(sku, 2, campaign="spring") for sku in "ABC"]
    budget = {"by": {"campaign": "2.50"}}
    plan = a_plan(a_job(budget=budget), *items)
    seen = evidence(
        [bought(sku) for sku in "ABC"],
        [charge(sku) for sku in "ABC"],
        plan,
        budget=Budget.model_validate(budget),
    )
    assert broken(seen) == {"over_budget": 1}


def test_our_books_may_not_pass_a_budget_either() -> None:
    """Money that may have been spent counts, though no charge came of it."""
    doubtful = [bought(sku, UNKNOWN, task_id=None) for sku in "ABC"]
    assert broken(evidence(doubtful, [], budget=Budget(run=yuan("3")))) == {"over_budget": 1}


def test_without_a_budget_the_plan_is_the_ceiling() -> None:
    """One clip more than planned passes it."""
    attempts, bill = [bought(sku) for sku in "ABC"], [charge(sku) for sku in "ABC"]
    assert "over_budget" in broken(evidence(attempts, bill, plan_of("A", "B")))


@pytest.mark.parametrize("stats", [{"max_in_flight": 11}, {"over_cap": 1}])
def test_over_the_tier(stats: dict[str, int]) -> None:
    """More tasks alive than the tier has places, or a purchase tried when all were taken."""
    assert broken(evidence([], [], stats=STATS | stats)) == {"over_tier": 1}


@pytest.mark.parametrize(
    "attempts",
    [
        pytest.param([], id="no purchase at all"),
        pytest.param([bought("A", request_id="other")], id="another request"),
        pytest.param([bought("A", task_id=TaskId("other"))], id="another task"),
        pytest.param([bought("A", AttemptState.REJECTED, task_id=None)], id="put off"),
        pytest.param([bought("A", AttemptState.DECLARED_UNPAID, task_id=None)], id="unpaid"),
    ],
)
def test_unexplained_charges(attempts: list[Attempt]) -> None:
    """A charge that no purchase stands for by task id, or as in doubt."""
    assert broken(evidence(attempts, [charge("A")])) == {"unexplained_charges": 1}


def test_files_and_starts_are_judged_too() -> None:
    """A file that is not what was saved, and a run that broke down, break their promises."""
    seen = evidence([], [], damaged=["clips/A/main.mp4"], broken_starts=[msg("start 1 ended")])
    assert broken(seen) == {"damaged_files": 1, "broken_starts": 1}


def test_clips_in_doubt_are_named_with_what_was_charged() -> None:
    """By the names of the clips; whether the simulator charged them stands beside."""
    attempts = [bought("B", UNKNOWN, task_id=None), bought("A", INTENT, task_id=None), bought("C")]
    seen = evidence(attempts, [charge("B"), charge("C")])
    doubtful = [(attempt.key.sku, charged) for attempt, charged in in_doubt(seen)]
    assert doubtful == [("A", False), ("B", True)]


def test_the_newest_purchase_says_how_a_clip_stands() -> None:
    """Clips without any are planned."""
    attempts = [bought("A", AttemptState.REJECTED), bought("A", id=2), bought("B", UNKNOWN)]
    counts = standing(evidence(attempts, []))
    assert {status.value: count for status, count in counts.items()} == {
        "done": 1,
        "uncertain": 1,
        "planned": 1,
    }
