"""Which budgets a plan would pass."""

from __future__ import annotations

from typing import Any

import pytest

from batchgen.plan.choosing.budgets import passed_budgets
from tests.plan.examples import a_history, a_job, a_plan, an_item, yuan


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
    job = a_job(budget=budget)
    items = [an_item("A1", n, campaign="spring", take=str(n)) for n in (1, 2, 3)]
    history = a_history(committed={kind: yuan(amount) for kind, amount in committed.items()})
    plan = a_plan(job, *items, an_item("B2", 4, campaign="autumn"), history=history)
    told = [str(message).split(",")[0] for message in passed_budgets(job.budget, plan, history)]
    assert told == said
