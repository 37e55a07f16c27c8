"""The figures of `plan --json`."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from batchgen.clip import AttemptState
from batchgen.item import Fault
from batchgen.messages import msg
from batchgen.plan.choosing.changes import Reason
from batchgen.plan.clips.identity import request_record
from batchgen.plan.summary import LISTED, plan_summary
from batchgen.plan.values import Action, Selection
from tests.plan.examples import (
    LINK,
    REQUEST,
    a_history,
    a_job,
    a_plan,
    an_attempt,
    an_item,
    clips_of,
)


def test_the_whole_summary() -> None:
    """One done, one changed, two to buy of two models, one invalid, one duplicate."""
    items = [
        an_item("A1", 2),
        an_item("B2", 3, prompt="another"),
        an_item("C3", 4, LINK, LINK),
        an_item("D4", 5, model="vidu2-reference"),
        an_item("E5", 6, size="XL", with_audio="?"),
    ]
    done, changed, *_ = clips_of(a_job(), *items[:2])
    history = a_history(
        [
            an_attempt(done, AttemptState.SAVED, id=1),
            an_attempt(changed, AttemptState.SAVED, id=2, fingerprint="v1:other"),
        ],
        task_seconds={"vidu2-image": [30.0], "vidu2-reference": [90.4]},
    )
    plan = a_plan(a_job(budget={"run": "3"}), *items, history=history)
    summary = plan_summary(plan, str)
    assert all(low < summary["eta"][t] < high for t, (low, high) in summary["eta_band"].items())
    summary |= {"eta": [*summary["eta"]], "eta_band": [*summary["eta_band"]]}
    assert json.loads(json.dumps(summary)) == {
        "clips": 2,
        "cost": "3.75",
        "currency": "CNY",
        "by_model": {
            "vidu2-image": {"clips": 1, "cost": "1.25"},
            "vidu2-reference": {"clips": 1, "cost": "2.50"},
        },
        "already_done": 1,
        "reasons": {"new": 2, "takes": 0, "changed": 0, "ordered": 0},
        "changed": {"clips": 1, "cost": "1.25", "reasons": {"unknown": 1}, "parameters": {}},
        "changes": [
            {
                "sku": "B2",
                "variant": "main",
                "take": 1,
                "price": "1.25",
                "reasons": [{"reason": "unknown", "what": None, "old": None, "new": None}],
            }
        ],
        "changes_left_out": 0,
        "invalid": 1,
        "duplicates": 1,
        "left_out": {"where": 0, "duplicate": 0},
        "eta": ["V0", "V1", "V2", "V3"],
        "eta_band": ["V0", "V1", "V2", "V3"],
        "over_budget": True,
        "warnings": [
            "row 4: vidu2-image takes 1 of the row's 2 pictures: the first",
            "row 4: C3 / main sends the same request as A1 / main, and is paid for all the same",
            "budget run allows 3.00, with this plan it would be 3.75:"
            " raise it, or the run stops there",
        ],
    }


def test_an_empty_plan_is_all_zeros() -> None:
    """Money is written with two places even where there is none."""
    assert plan_summary(a_plan(a_job()), str) == {
        "clips": 0,
        "cost": "0.00",
        "currency": "CNY",
        "by_model": {},
        "already_done": 0,
        "reasons": {"new": 0, "takes": 0, "changed": 0, "ordered": 0},
        "changed": {"clips": 0, "cost": "0.00", "reasons": {}, "parameters": {}},
        "changes": [],
        "changes_left_out": 0,
        "invalid": 0,
        "duplicates": 0,
        "left_out": {"where": 0, "duplicate": 0},
        "eta": {"V0": 0, "V1": 0, "V2": 0, "V3": 0},
        "eta_band": {"V0": [0, 0], "V1": [0, 0], "V2": [0, 0], "V3": [0, 0]},
        "over_budget": False,
        "warnings": [],
    }


@pytest.mark.parametrize(
    ("changed", "action", "left"), [(False, Action.CHANGED, 2), (True, Action.BUY_CHANGED, 0)]
)
def test_why_changed_clips_changed(changed: bool, action: Action, left: int) -> None:
    """Counted by what changed, whether they are bought again or not."""
    items = [an_item("A1", 2), an_item("B2", 3)]
    old = request_record(replace(REQUEST, size="720x480"))
    attempts = [
        an_attempt(clip, AttemptState.SAVED, id=n, fingerprint="v1:other", request=old)
        for n, clip in enumerate(clips_of(a_job(), *items), 1)
    ]
    selection = Selection(changed=changed)
    plan = a_plan(a_job(), *items, history=a_history(attempts), selection=selection)
    assert plan.count_of(action) == 2
    summary = plan_summary(plan, str)
    assert summary["reasons"]["changed"] == 2 - left
    assert summary["changed"]["clips"] == left
    assert summary["changed"]["reasons"] == {Reason.PARAMETERS.value: 2}
    assert summary["changed"]["parameters"] == {"size": 2}


def test_one_more_take_is_told_from_a_new_clip() -> None:
    """`takes: 2` over bought clips buys takes; a new row buys both as new."""
    items = [an_item("A1", 2), an_item("B2", 3)]
    first, *_ = clips_of(a_job(), items[0])
    history = a_history([an_attempt(first, AttemptState.SAVED)])
    summary = plan_summary(a_plan(a_job(takes=2), *items, history=history), str)
    assert summary["reasons"] == {"new": 2, "takes": 1, "changed": 0, "ordered": 0}


def test_the_list_of_changes_ends_somewhere() -> None:
    """What is left out is counted."""
    items = [an_item(f"S{number}", number + 2) for number in range(LISTED + 3)]
    attempts = [
        an_attempt(clip, AttemptState.SAVED, id=n, fingerprint="v1:other")
        for n, clip in enumerate(clips_of(a_job(), *items), 1)
    ]
    summary = plan_summary(a_plan(a_job(), *items, history=a_history(attempts)), str)
    assert (len(summary["changes"]), summary["changes_left_out"]) == (LISTED, 3)


def test_warnings_of_several_files_name_them() -> None:
    """A row number alone would not say where."""
    warnings = tuple(Fault(file, 2, None, "odd", msg("odd")) for file in ("a.csv", "b.csv"))
    plan = replace(a_plan(a_job()), warnings=warnings)
    assert plan_summary(plan, str)["warnings"] == ["a.csv, row 2: odd", "b.csv, row 2: odd"]
