"""Saved plans: what moves are refused, and what a saved plan allows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from batchgen.clip import AttemptState
from batchgen.errors import PlanMoved
from batchgen.plan.lock import check_lock, lock_of, selection_of
from batchgen.plan.values import Action, Plan, PlannedClip, Selection
from tests.plan.examples import a_history, a_job, a_plan, an_attempt, an_item, yuan

ITEMS = (an_item("A1", 2), an_item("B2", 3))
PLAN = a_plan(a_job(), *ITEMS)


def _saved(plan: Plan = PLAN) -> Any:
    """Save a plan and read it back, as a file would."""
    return json.loads(json.dumps(lock_of(plan, "job-1", "manifest-1")))


def _repriced(entry: PlannedClip) -> PlannedClip:
    return replace(entry, clip=replace(entry.clip, price=yuan("9")))


def test_a_lock_holds_what_may_be_bought() -> None:
    """Every name, request and price, and what they rest on."""
    first, second = (entry.clip.fingerprint for entry in PLAN.clips)
    clip = {"variant": "main", "take": 1, "price": "1.25"}
    assert _saved() == {
        "version": 1,
        "job": "spring",
        "account": {"provider": "bigmodel", "name": "default", "host": "open.bigmodel.cn"},
        "currency": "CNY",
        "selection": {"limit": None, "skus": [], "changed": False},
        "manifest_sha256": "manifest-1",
        "job_digest": "job-1",
        "clips": [
            {"sku": "A1", "fingerprint": first, **clip},
            {"sku": "B2", "fingerprint": second, **clip},
        ],
        "cost": "2.50",
    }


def test_an_unmoved_plan_passes_as_it_is() -> None:
    """Nothing is taken away from it."""
    assert check_lock(_saved(), PLAN, "job-1", "manifest-1") == PLAN


@pytest.mark.parametrize(
    ("plan", "digests", "reason"),
    [
        pytest.param(PLAN, ("job-1", "x"), "the manifest changed", id="manifest"),
        pytest.param(PLAN, ("x", "manifest-1"), "the job file changed", id="job"),
        pytest.param(
            replace(PLAN, account=replace(PLAN.account, provider="simulator")),
            ("job-1", "manifest-1"),
            "it was made for the account bigmodel:default@open.bigmodel.cn, not simulator:",
            id="account",
        ),
        pytest.param(
            replace(PLAN, selection=Selection(limit=1)),
            ("job-1", "manifest-1"),
            "the selection",
            id="selection",
        ),
        pytest.param(
            a_plan(a_job(), ITEMS[0], an_item("B2", 3, prompt="A mug falls")),
            ("job-1", "manifest-1"),
            "the pictures, prompts or parameters of these SKUs changed: B2",
            id="request",
        ),
        pytest.param(
            a_plan(a_job(), ITEMS[0]),
            ("job-1", "manifest-1"),
            "these SKUs lack a clip that was planned: B2",
            id="clip gone",
        ),
        pytest.param(
            replace(PLAN, clips=tuple(_repriced(entry) for entry in PLAN.clips)),
            ("job-1", "manifest-1"),
            "the prices of these SKUs changed: A1, B2",
            id="prices",
        ),
    ],
)
def test_what_moved_is_named(plan: Plan, digests: tuple[str, str], reason: str) -> None:
    """A run that would not be the one that was looked at does not start."""
    with pytest.raises(PlanMoved) as caught:
        check_lock(_saved(), plan, *digests)
    assert f"no longer fits: {reason}" in str(caught.value)


def test_all_that_moved_is_named_at_once() -> None:
    """Mending one thing does not only bring up the next."""
    with pytest.raises(PlanMoved, match=r"the manifest changed; the job file changed\."):
        check_lock(_saved(), PLAN, "x", "x")


def test_many_moved_skus_are_counted() -> None:
    """A message stays short."""
    items = [an_item(f"S{row}", row) for row in range(2, 9)]
    with pytest.raises(PlanMoved, match="S2, S3, S4, S5, S6 and 2 more"):
        check_lock(_saved(a_plan(a_job(), *items)), a_plan(a_job()), "job-1", "manifest-1")


def test_nothing_outside_the_lock_is_bought() -> None:
    """A clip that would be bought now but was not in the saved plan stays planned."""
    saved = _saved(replace(PLAN, clips=(next(iter(PLAN.clips)),)))
    checked = check_lock(saved, PLAN, "job-1", "manifest-1")
    assert [entry.action for entry in checked.clips] == [Action.BUY, Action.NOT_NOW]


def test_a_lock_is_continued_where_a_run_stopped() -> None:
    """A clip bought since is not bought again, the others still are."""
    attempt = an_attempt(next(iter(PLAN.clips)).clip, AttemptState.SAVED)
    now = a_plan(a_job(), *ITEMS, history=a_history([attempt]))
    checked = check_lock(_saved(), now, "job-1", "manifest-1")
    assert [entry.action for entry in checked.clips] == [Action.DONE, Action.BUY]


def test_the_saved_selection_can_be_taken_over() -> None:
    """`run --plan FILE` need not repeat the flags of `plan --save FILE`."""
    selection = Selection(limit=1, skus=frozenset({"A1", "B2"}), changed=True)
    assert selection_of(_saved(a_plan(a_job(), *ITEMS, selection=selection))) == selection


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ({"version": 2}, "version"),
        ({"cost": "0.01"}, "its cost is not the sum of its prices"),
        ({"cost": "NaN"}, "cost"),
        ({"clips": [{"sku": "A1"}]}, r"clips\.0\.variant"),
        ({"extra": 1}, "extra"),
        ({"account": None}, "account"),
    ],
)
def test_a_damaged_lock_is_refused(damage: dict[str, Any], reason: str) -> None:
    """The message says where and what to do."""
    with pytest.raises(PlanMoved, match=rf"damaged \(.*{reason}.*\): save it again"):
        check_lock({**_saved(), **damage}, PLAN, "job-1", "manifest-1")


@pytest.mark.parametrize("file", [None, [], "text", 3, {}])
def test_something_else_is_no_lock(file: object) -> None:
    """Any JSON that is no saved plan is refused."""
    with pytest.raises(PlanMoved, match="damaged"):
        check_lock(file, PLAN, "job-1", "manifest-1")
