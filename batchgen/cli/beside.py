"""Finds the purchases of a job that its plan does not show: of rows removed, of names changed."""

from __future__ import annotations

from batchgen.clip import MEANING, AccountScope, Attempt, Status
from batchgen.plan.values import Plan
from batchgen.state.store import StateReader

_FAILED = frozenset(state for state, (status, _) in MEANING.items() if status is Status.FAILED)


def in_doubt(reader: StateReader, job: str, account: AccountScope) -> list[Attempt]:
    """List every attempt of a job that a person may have to settle, by the names of the clips."""
    found = [
        attempt
        for attempt in reader.unfinished(account)
        if attempt.job == job and attempt.status is Status.UNCERTAIN
    ]
    return sorted(found, key=lambda attempt: (attempt.key, attempt.number))


def beside(plan: Plan, reader: StateReader) -> list[Attempt]:
    """List the job's attempts in hand, in doubt or failed that no clip of the plan has."""
    failed = reader.unsaved(plan.account, _FAILED, newest=True)
    found = {
        attempt.id: attempt
        for attempt in (*reader.unfinished(plan.account), *failed)
        if attempt.job == plan.job
    }
    for shown in plan.attempt_ids() if found else ():
        found.pop(shown, None)
    names = {attempt.key for attempt in found.values()}
    planned = names.intersection(plan.keys()) if names else names
    return [attempt for attempt in found.values() if attempt.key not in planned]
