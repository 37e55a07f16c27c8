"""Finishing times and budgets, as arithmetic."""

from __future__ import annotations

from typing import Any

import pytest

from batchgen.job.schema import Budget
from batchgen.plan.forecast import PRIOR_TASK_S, eta_s, passed_budgets
from tests.plan.examples import a_job, an_item, clips_of, yuan


@pytest.mark.parametrize(
    ("clips", "slots", "seconds", "expected_s"),
    [
        pytest.param({}, 5, {}, 0.0, id="nothing to do"),
        pytest.param({"m": 0}, 5, {"m": [99.0]}, 0.0, id="no clip of a model"),
        pytest.param({"m": 1}, 5, {}, PRIOR_TASK_S, id="one task, nothing learned"),
        pytest.param({"m": 10}, 5, {"m": []}, 2 * PRIOR_TASK_S, id="10 x 60 / 5"),
        pytest.param({"m": 10}, 5, {"m": [1.0, 30.0, 500.0]}, 60.0, id="median: 10 x 30 / 5"),
        pytest.param({"m": 8, "n": 2}, 4, {"m": [10.0], "n": [20.0]}, 30.0, id="(80 + 40) / 4"),
        pytest.param({"m": 3, "n": 1}, 20, {"m": [10.0], "n": [90.0]}, 90.0, id="longest task"),
    ],
)
def test_the_expected_time(
    clips: dict[str, int], slots: int, seconds: dict[str, list[float]], expected_s: float
) -> None:
    """Work over slots, and never less than the longest single task."""
    assert eta_s(clips, slots, seconds) == expected_s


@pytest.mark.parametrize(
    ("budget", "committed", "said"),
    [
        pytest.param({}, {}, [], id="no budget"),
        pytest.param({"run": "5.00"}, {}, [], id="just enough"),
        pytest.param({"run": "4.99"}, {}, ["budget run allows 4.99"], id="a fen too little"),
        pytest.param({"job": "9"}, {"job": "4"}, [], id="just enough is left"),
        pytest.param({"job": "9"}, {"job": "4.01"}, ["budget job allows 9.00"], id="spent before"),
        pytest.param(
            {"day": "1", "month": "2"},
            {},
            ["budget day allows 1.00", "budget month allows 2.00"],
            id="each is told",
        ),
        pytest.param({"sku": "2"}, {}, ["budget sku A1 allows 2.00"], id="one SKU of two"),
        pytest.param(
            {"by": {"campaign": "3"}}, {}, ["budget campaign spring allows 3.00"], id="a column"
        ),
    ],
)
def test_a_passed_budget_is_told(
    budget: dict[str, Any], committed: dict[str, str], said: list[str]
) -> None:
    """Three clips of A1 and one of B2, 1.25 each: 5.00 in all, 3.75 of A1 and of spring."""
    limits = Budget.model_validate(budget)
    job = a_job(budget=budget)
    clips = [
        *clips_of(a_job(takes=3, budget=budget), an_item("A1", campaign="spring")),
        *clips_of(job, an_item("B2", campaign="autumn")),
    ]
    before = {(kind, ""): yuan(amount) for kind, amount in committed.items()}
    told = [str(message).split(",")[0] for message in passed_budgets(limits, clips, before)]
    assert told == said
