"""Finds the purchases of a job that its plan does not show: of rows removed, of names changed."""

from __future__ import annotations

from batchgen.clip import AccountScope, Attempt, Status
from batchgen.plan.values import Plan
from batchgen.state.store import StateReader


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
    shown = {entry.attempt.id for entry in plan.clips if entry.attempt is not None}
    keys = {entry.clip.key for entry in plan.clips}
    newest = reader.newest_attempts(plan.account)
    failed = [attempt for attempt in newest if attempt.status is Status.FAILED]
    return [
        attempt
        for attempt in (*reader.unfinished(plan.account), *failed)
        if attempt.job == plan.job and attempt.id not in shown and attempt.key not in keys
    ]
