"""The plan: every clip of a job, and what `run` would do with it now. Pure.

1. rows x matrix -> clips                          (`layout`)
2. clip x attempts x orders -> action              (`matching`, `decisions`)
3. selection: what is bought now, what is not
4. budgets and times, for the person to know before anything is sent
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from batchgen.clip import AccountScope
from batchgen.item import Fault
from batchgen.job.schema import Job
from batchgen.messages import Message
from batchgen.plan.choosing.budgets import passed_budgets
from batchgen.plan.choosing.decisions import Heap, decide_all, planned_clips, select
from batchgen.plan.layout import Layout
from batchgen.plan.values import History, Plan, Selection
from batchgen.video_models import CURRENCIES


def make_plan(
    job: Job,
    layout: Layout,
    history: History,
    selection: Selection,
    account: AccountScope,
    *,
    new_heap: Callable[[], Heap] = list,
) -> Plan:
    """Plan a job: what each clip becomes, what is there already, what it costs and how long.

    `new_heap` makes what keeps the clips of a large plan while they are sorted by SKU.
    """
    on_change = "regenerate" if selection.changed else job.on_change
    numbered = job.manifest.on_duplicate == "suffix"
    decisions = decide_all(layout, history, on_change, new_heap, numbered=numbered)
    select(decisions, layout, selection)
    plan = Plan(
        job=job.name,
        account=account,
        currency=CURRENCIES[job.account.provider],
        clips=planned_clips(layout, decisions, history.purchases),
        faults=layout.faults,
        warnings=layout.warnings,
        rows=layout.count,
        duplicates=layout.duplicates,
        selection=selection,
        task_seconds=history.task_seconds,
        slots_by_model=job.account.cap_scope == "model",
        left_out=layout.left_out,
        skip_invalid=job.manifest.skip_invalid,
    )
    over = passed_budgets(job.budget, plan, history)
    return replace(
        plan,
        warnings=(
            *plan.warnings,
            *(_of_whole_job(job, "over-budget", message) for message in over),
        ),
    )


def _of_whole_job(job: Job, code: str, message: Message) -> Fault:
    return Fault(job.manifest.name, None, None, code, message)
