"""The lives of a run: its asyncio tasks, started, watched for errors, and ended without loss.

What fails in one of them and concerns the whole run (state, disk, a bug) stops the buying. Ending
waits for submits in the air, or writes down that they are in doubt. Knows nothing of what a life
does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from batchgen.clip import AttemptState
from batchgen.errors import BatchgenError, DiskFull, StateError
from batchgen.messages import msg
from batchgen.provider.port import StopReason
from batchgen.run.context import RunContext
from batchgen.run.stopping import first_of

#: After a signal: how long submits in the air may take to be answered and recorded.
DRAIN_S = 30.0


@dataclass(slots=True)
class Lives:
    """The asyncio tasks of one run."""

    context: RunContext
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    #: Tasks that only wait for doubt to pass: the run does not wait for them.
    _idle: set[asyncio.Task[Any] | None] = field(default_factory=set)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _leave: asyncio.Event = field(default_factory=asyncio.Event)
    _bug: BaseException | None = None

    def start(self, life: Coroutine[None, None, None]) -> None:
        """Let a life go on by itself."""
        task: asyncio.Task[None] = asyncio.create_task(life)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def until_over(self) -> None:
        """Wait until nothing goes on but what is idle, or until `leave` is called."""
        while self._tasks - self._idle and not self._leave.is_set():
            self._changed.clear()
            await first_of(self._changed.wait(), self._leave.wait())

    def leave(self) -> None:
        """Wait no more."""
        self._leave.set()

    def cancel(self) -> None:
        """Cancel every life, submits in the air too."""
        for task in self._tasks:
            task.cancel()

    async def sleep_idly(self, seconds: float) -> None:
        """Sleep in a life that the run does not wait for meanwhile."""
        task = asyncio.current_task()
        self._idle.add(task)
        self._changed.set()
        if self.context.backlog.has_more_to_buy and len(self._idle) >= self.context.slots.cap:
            self.context.observer.note(
                msg("tasks in doubt hold every slot: the run waits until they must have ended")
            )
        try:
            await self.context.clock.sleep(seconds)
        finally:
            self._idle.discard(task)

    async def wind_up(self) -> None:
        """Let submits in the air be answered and recorded, then end every life."""
        try:
            for task in self._tasks - self.context.submitting:
                task.cancel()
            await first_of(self._all_landed(), self.context.clock.sleep(DRAIN_S))
        finally:
            await self._end_all()

    def raise_bug(self) -> None:
        """Raise what was a bug in one of the lives, if there was any."""
        match self._bug:
            case None:
                return
            case BatchgenError():
                # Nobody is to take it for a fault of the input, after something was bought.
                message = "an error of one clip was not met where it arose"
                raise RuntimeError(message) from self._bug
            case bug:
                raise bug

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._changed.set()
        error = None if task.cancelled() else task.exception()
        if isinstance(error, StateError):
            reason = StopReason.DISK if isinstance(error, DiskFull) else StopReason.STATE
            self.context.stop.request(reason, error.message)
        elif error is not None:
            self._bug = self._bug or error
            self.context.stop.request(StopReason.STATE, msg("an internal error stopped the run"))

    async def _end_all(self) -> None:
        self.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for attempt_id in tuple(self.context.in_air):
            await self._leave_in_doubt(attempt_id)

    async def _leave_in_doubt(self, attempt_id: int) -> None:
        """Record a submit that was cut off; if that fails, the next start finds its intent."""
        try:
            attempt = await self.context.state.move(
                attempt_id, AttemptState.UNKNOWN, "left without answer"
            )
            self.context.tell(attempt)
        except StateError as error:
            self.context.stop.request(StopReason.STATE, error.message)

    async def _all_landed(self) -> None:
        while self.context.submitting:
            self.context.landed.clear()
            await self.context.landed.wait()
