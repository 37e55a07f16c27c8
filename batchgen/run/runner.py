"""The loop: keeps every slot busy, follows what is alive, brings home what is paid.

    1. what an earlier start left unanswered becomes uncertain; it keeps its slot for a while
    2. paid clips are fetched, first of all
    3. tasks that are alive are asked once, each holding a slot, before anything is bought
    4. clips are bought in the plan's order, each as soon as a slot is free
    5. the run ends when nothing is left to do but to wait for doubt to pass

One clip's life is one asyncio task: slot, submit, follow, slot back, fetch. Its failure is a
value; only what concerns the whole run (state, disk, account, budget, a signal) stops the buying,
always by the same switch. The runner knows no HTTP, no file format, no terminal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field

from batchgen.clip import ALIVE, FETCHABLE, Attempt, AttemptState
from batchgen.errors import StateError
from batchgen.messages import msg
from batchgen.plan.values import PlannedClip
from batchgen.provider.port import StopReason
from batchgen.run import pacing
from batchgen.run.buying import Buyer
from batchgen.run.context import RunContext
from batchgen.run.fetching import Fetcher
from batchgen.run.following import Follower
from batchgen.run.slots import Slot
from batchgen.run.stopping import first_of

#: After a signal: how long submits in the air may take to be answered and recorded.
DRAIN_S = 30.0

_DOUBTFUL = frozenset({AttemptState.UNKNOWN, AttemptState.VANISHED})


@dataclass(slots=True)
class Runner:
    """Runs one plan on one account; made for a single use."""

    context: RunContext
    buyer: Buyer
    follower: Follower
    fetcher: Fetcher
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    #: Tasks that only wait for doubt to pass: the run does not wait for them.
    _idle: set[asyncio.Task[None]] = field(default_factory=set)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _leave: asyncio.Event = field(default_factory=asyncio.Event)
    _bug: BaseException | None = None

    async def run(self, to_buy: Iterable[PlannedClip], left: Iterable[Attempt]) -> None:
        """Buy the clips and bring everything home; `left` is what earlier starts did not finish.

        Ends early, with all in hand recorded, once `leave` was called. Nothing that concerns a
        single clip is raised.

        Raises:
            BaseException: a bug in one of the clips' lives, after the others were brought home.
        """
        looks = await self._take_over(left)
        self._start(self._buy_all(to_buy, looks))
        while self._tasks - self._idle and not self._leave.is_set():
            self._changed.clear()
            await first_of(self._changed.wait(), self._leave.wait())
        await self._wind_up()
        if self._bug is not None:
            raise self._bug

    def leave(self) -> None:
        """Stop buying and end as soon as the submits in the air are recorded."""
        self.context.stop.request(StopReason.SIGNAL, msg("stopped by a signal"))
        self._leave.set()

    def leave_now(self) -> None:
        """End without waiting for submits in the air: they become uncertain."""
        self.leave()
        for task in self._tasks:
            task.cancel()

    # ------------------------------------------------------------ what earlier starts left

    async def _take_over(self, left: Iterable[Attempt]) -> list[asyncio.Event]:
        """Start on everything unfinished; give an event for each task that is asked once first."""
        looks = []
        for attempt in left:
            self.context.tally.know(attempt)
            if attempt.state is AttemptState.INTENT:
                attempt = await self.context.move(
                    attempt, AttemptState.UNKNOWN, "no answer was recorded"
                )
            if attempt.state in FETCHABLE:
                self._start(self._fetch(attempt))
            elif attempt.state in ALIVE:
                looked = asyncio.Event()
                looks.append(looked)
                self._start(self._resume(attempt, self.context.slots.inherit(), looked))
            elif self._doubt_left_s(attempt) > 0:
                self._start(self._sit_out(attempt, self.context.slots.inherit()))
        return looks

    async def _resume(self, attempt: Attempt, slot: Slot, looked: asyncio.Event) -> None:
        """Go on with a task that an earlier start bought."""
        with slot:
            try:
                attempt = await self.follower.look(attempt)
            finally:
                looked.set()
            attempt = await self._until_ended(attempt)
        await self._fetch(attempt)

    async def _sit_out(self, attempt: Attempt, slot: Slot) -> None:
        with slot:
            await self._wait_for_doubt(attempt)

    # ------------------------------------------------------------ the life of a clip

    async def _buy_all(self, to_buy: Iterable[PlannedClip], looks: list[asyncio.Event]) -> None:
        """Start the life of each clip as soon as a slot is free for it."""
        for looked in looks:
            await looked.wait()
        for entry in to_buy:
            slot = await self._slot_unless_stopped()
            if slot is None:
                return
            self._start(self._live(entry, slot))

    async def _live(self, entry: PlannedClip, slot: Slot) -> None:
        with slot:
            attempt = await self.buyer.buy(entry)
            if attempt is not None:
                attempt = await self._until_ended(attempt)
        if attempt is not None:
            await self._fetch(attempt)

    async def _until_ended(self, attempt: Attempt) -> Attempt:
        """Hold the slot until the task has ended, or can be taken to have ended."""
        if attempt.state in {AttemptState.ACCEPTED, AttemptState.STALLED}:
            attempt = await self.follower.follow(attempt)
        while attempt.state is AttemptState.STALLED:
            self._wait_idly()
            await self.context.clock.sleep(pacing.STALLED_POLL_S)
            attempt = await self.follower.look(attempt)
        if attempt.state in _DOUBTFUL:
            await self._wait_for_doubt(attempt)
        return attempt

    async def _fetch(self, attempt: Attempt) -> None:
        if attempt.state in FETCHABLE:
            await self.fetcher.bring_home(attempt)

    # ------------------------------------------------------------ waiting

    async def _slot_unless_stopped(self) -> Slot | None:
        """Wait for a slot; None when the run stops buying first."""
        taking = asyncio.ensure_future(self.context.slots.take())
        await first_of(taking, self.context.stop.wait())
        has_slot = taking.done() and not taking.cancelled()
        if self.context.stop.reason is None:
            return taking.result()
        if has_slot:
            self.context.slots.give_back()
        return None

    async def _wait_for_doubt(self, attempt: Attempt) -> None:
        self._wait_idly()
        if len(self._idle) >= self.context.slots.limit:
            self.context.observer.note(
                msg("tasks in doubt hold every slot: the run waits until they must have ended")
            )
        await self.context.clock.sleep(self._doubt_left_s(attempt))

    def _doubt_left_s(self, attempt: Attempt) -> float:
        age_s = self.context.clock.now() - (attempt.submitted_at or attempt.created_at)
        return pacing.doubt_s(self.context.tally.seen(attempt.model)) - age_s

    def _wait_idly(self) -> None:
        """Mark the current task as one that the run does not wait for."""
        task = asyncio.current_task()
        if task is not None:
            self._idle.add(task)
            self._changed.set()

    # ------------------------------------------------------------ starting and ending tasks

    def _start(self, life: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(life)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._idle.discard(task)
        self._changed.set()
        error = None if task.cancelled() else task.exception()
        if isinstance(error, StateError):
            self.context.stop.request(StopReason.STATE, error.message)
        elif error is not None:
            self._bug = self._bug or error
            self.context.stop.request(StopReason.STATE, msg("an internal error stopped the run"))

    async def _wind_up(self) -> None:
        """Let submits in the air be answered and recorded, then end every task."""
        for task in self._tasks - self.context.submitting:
            task.cancel()
        await first_of(self._all_landed(), self.context.clock.sleep(DRAIN_S))
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for attempt_id in tuple(self.context.in_air):
            await self.context.state.move(attempt_id, AttemptState.UNKNOWN, "left without answer")

    async def _all_landed(self) -> None:
        while self.context.submitting:
            self.context.landed.clear()
            await self.context.landed.wait()
