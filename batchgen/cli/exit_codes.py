"""Every exit code, decided here and nowhere else (contract, section 5). Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable
from enum import IntEnum

from batchgen.clip import Attempt, ClipKey, Status
from batchgen.errors import BatchgenError, Busy, NotAnswered
from batchgen.plan.values import Plan
from batchgen.provider.port import StopReason


class ExitCode(IntEnum):
    """What a scheduler may rely on."""

    #: Every clip asked for is there.
    DONE = 0
    #: The input, a setting or the state is not usable; nothing was sent.
    INPUT = 2
    #: Finished; some clips are not done.
    INCOMPLETE = 3
    #: Stopped early; run again to go on.
    STOPPED = 4
    #: Another run has this state or account.
    BUSY = 75
    #: Ctrl-C while nothing was in hand; during a run it is 128 and the number of any signal.
    INTERRUPTED = 130


#: Statuses that keep a finished run from being complete.
_NOT_DONE = frozenset({Status.READY, Status.LOST, Status.RUNNING, Status.FAILED, Status.UNCERTAIN})
#: The same for purchases that no clip of the plan has: nothing is to be done about a failed one.
_NOT_OVER = frozenset({Status.READY, Status.RUNNING, Status.UNCERTAIN})


def code_of(error: BatchgenError) -> int:
    """Give the exit code of an error that ended a command before anything was bought."""
    if isinstance(error, NotAnswered):
        return ExitCode.STOPPED
    return ExitCode.BUSY if isinstance(error, Busy) else ExitCode.INPUT


def code_of_run(
    after: Plan,
    asked: Container[ClipKey],
    stopped: StopReason | None,
    signal: int | None,
    beside: Iterable[Attempt] = (),
) -> int:
    """Give the exit code of a run from how it ended and how the clips stand after it.

    `asked` are the clips it was to buy; `signal` is the one that stopped it; `beside` are the
    job's attempts that no clip of the plan has.
    """
    if signal is not None:
        return 128 + signal
    if stopped is not None:
        return ExitCode.STOPPED
    incomplete = any(
        entry.status in _NOT_DONE or (entry.clip.key in asked and entry.status is not Status.DONE)
        for entry in after.not_done()
    ) or any(attempt.status in _NOT_OVER for attempt in beside)
    return ExitCode.INCOMPLETE if incomplete or after.faults else ExitCode.DONE
