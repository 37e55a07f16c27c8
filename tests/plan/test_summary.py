"""The figures of `plan --json`."""

from __future__ import annotations

import json

from batchgen.clip import AttemptState
from batchgen.plan.summary import plan_summary
from tests.plan.examples import LINK, a_history, a_job, a_plan, an_attempt, an_item, clips_of


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
        "changed": {"clips": 1, "cost": "1.25"},
        "invalid": 1,
        "duplicates": 1,
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
        "changed": {"clips": 0, "cost": "0.00"},
        "invalid": 0,
        "duplicates": 0,
        "eta": {"V0": 0, "V1": 0, "V2": 0, "V3": 0},
        "eta_band": {"V0": [0, 0], "V1": [0, 0], "V2": [0, 0], "V3": [0, 0]},
        "over_budget": False,
        "warnings": [],
    }
