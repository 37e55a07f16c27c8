"""The exit code of a run, as one table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgen.cli.exit_codes import code_of, code_of_run
from batchgen.clip import AttemptState, Status
from batchgen.errors import (
    BatchgenError,
    BudgetExceeded,
    Busy,
    InputError,
    NotAnswered,
    StateError,
)
from batchgen.messages import msg
from batchgen.plan.values import Plan
from batchgen.provider.port import StopReason
from tests.plan.examples import a_history, a_job, a_plan, an_attempt, an_item, clips_of

#: How a clip that was asked for stands after the run -> the exit code.
STANDS = {
    "saved": 0,
    "succeeded": 3,
    "verified": 3,
    "expired": 3,
    "paid_no_result": 3,
    "accepted": 3,
    "stalled": 3,
    "vanished": 3,
    "intent": 3,
    "unknown": 3,
    "failed": 3,
    "refused": 3,
    "written_off": 3,
    "rejected": 3,
    "declared_unpaid": 3,
}


def plan_after(state: str | None) -> Plan:
    """Plan one clip whose newest attempt has a state, or that has none."""
    job, item = a_job(), an_item()
    attempts = [an_attempt(clips_of(job, item)[0], AttemptState(state))] if state else []
    return a_plan(job, item, history=a_history(attempts))


@pytest.mark.parametrize(("state", "code"), STANDS.items())
def test_the_state_of_a_clip_decides(state: str, code: int) -> None:
    """Only a saved file is there; everything else leaves the run incomplete."""
    after = plan_after(state)
    assert code_of_run(after, [next(iter(after.clips)).clip.key], None, None) == code
    assert set(STANDS) == set(AttemptState)


@pytest.mark.parametrize("state", [None, "rejected", "declared_unpaid"])
def test_what_was_not_asked_for_may_stay_planned(state: str | None) -> None:
    """`--limit` and `--sku` leave clips planned; that is complete all the same."""
    assert code_of_run(plan_after(state), [], None, None) == 0


@pytest.mark.parametrize("state", AttemptState)
def test_what_no_clip_has_counts_while_it_is_not_over(state: AttemptState) -> None:
    """A purchase of a row that is gone keeps a run incomplete until it is settled or home."""
    (entry,) = plan_after("intent").clips
    assert entry.attempt is not None
    gone = replace(entry.attempt, state=state)
    is_open = gone.status in {Status.READY, Status.RUNNING, Status.UNCERTAIN}
    assert code_of_run(plan_after("saved"), [], None, None, [gone]) == (3 if is_open else 0)


@pytest.mark.parametrize("reason", StopReason)
def test_a_stop_outranks_what_is_missing(reason: StopReason) -> None:
    """Stopped early is 4, whatever else is wrong; a signal outranks even that."""
    after = plan_after("failed")
    assert code_of_run(after, [], reason, None) == 4
    assert code_of_run(after, [], reason, 15) == 143


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError(msg("x")), 2),
        (StateError(msg("x")), 2),
        (BudgetExceeded(msg("x"), kind="run"), 2),
        (NotAnswered(msg("x")), 4),
        (Busy(msg("x")), 75),
    ],
)
def test_an_error_before_anything_was_sent(error: BatchgenError, code: int) -> None:
    """Somebody else's lock is 75, a silent provider 4, all else is 2."""
    assert code_of(error) == code
