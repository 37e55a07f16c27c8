"""The loop: keeps every slot busy, follows what is alive, brings home what is paid.

    1. what an earlier start left unanswered becomes uncertain; it keeps its slot for a while, or
       is sent again under its request id where the account allows that
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
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from batchgen.clip import ALIVE, FETCHABLE, Attempt, AttemptState
from batchgen.errors import BatchgenError, DiskFull, StateError
from batchgen.messages import msg
from batchgen.plan.values import PlannedClip
from batchgen.provider.port import StopReason
from batchgen.run import pacing
from batchgen.run.buying import Buyer
from batchgen.run.context import RunContext
from batchgen.run.fetching import Fetcher
from batchgen.run.following import Follower
from batchgen.run.resending import Resender
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
    #: Sends again what is in doubt, for accounts where that is safe; None elsewhere.
    resender: Resender | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    #: Tasks that only wait for doubt to pass: the run does not wait for them.
    _idle: set[asyncio.Task[Any] | None] = field(default_factory=set)
    _has_more_to_buy: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _leave: asyncio.Event = field(default_factory=asyncio.Event)
    _bug: BaseException | None = None

    async def run(
        self,
        to_buy: Sequence[PlannedClip],
        left: Iterable[Attempt],
        found: Awaitable[Iterable[Attempt]] | None = None,
    ) -> None:
        """Buy the clips and bring everything home; `left` is what earlier starts did not finish.

        `found` gives, while the run goes on, paid clips whose files are to be fetched again.
        Ends early, with all in hand recorded, once `leave` was called; being cancelled is the
        same. Nothing that concerns a single clip is raised.

        Raises:
            BaseException: a bug in one of the clips' lives, after the others were brought home.
        """
        self._has_more_to_buy = bool(to_buy)
        self.context.backlog.begin(len(to_buy))
        self._start(self._begin(to_buy, left))
        if found is not None:
            self._start(self._fetch_found(found))
        watching = asyncio.ensure_future(self._watch_for_sleep())
        try:
            while self._tasks - self._idle and not self._leave.is_set():
                self._changed.clear()
                await first_of(self._changed.wait(), self._leave.wait())
        except asyncio.CancelledError:
            self.leave()
            raise
        finally:
            watching.cancel()
            await self._wind_up()
        self._raise_bug()

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

    async def _begin(self, to_buy: Iterable[PlannedClip], left: Iterable[Attempt]) -> None:
        """Take over what is left, and buy when all of it that can be asked for was asked once."""
        for asked in await self._take_over(left):
            await asked.wait()
        await self._buy_all(to_buy)

    async def _take_over(self, left: Iterable[Attempt]) -> list[asyncio.Event]:
        """Start on everything unfinished; give an event for each that is asked once first.

        Where more may be alive than the account takes (starts that died one after another), what
        is in doubt is not sent again now: it might come on top of them.
        """
        asks = []
        left = list(left)
        is_crowded = sum(map(self._may_live, left)) > self.context.slots.limit
        for attempt in left:
            self.context.know(attempt)
            if attempt.state is AttemptState.INTENT:
                attempt = await self.context.move(
                    attempt, AttemptState.UNKNOWN, "no answer was recorded"
                )
            if attempt.state in FETCHABLE:
                self._start(self._fetch(attempt))
            elif attempt.state in ALIVE:
                asks.append(self._resume(attempt, self.follower.look))
            elif (
                self.resender is not None
                and self.resender.takes(attempt)
                and not (is_crowded and self._may_live(attempt))
            ):
                asks.append(self._resume(attempt, self.resender.heal_left))
            elif self._doubt_left_s(attempt) > 0:
                self._start(self._sit_out(attempt, self.context.slots.inherit()))
        return asks

    async def _fetch_found(self, found: Awaitable[Iterable[Attempt]]) -> None:
        for attempt in await found:
            self.context.tally.total += attempt.job == self.context.run.job
            self.context.know(attempt)
            self._start(self._fetch(attempt))

    async def _watch_for_sleep(self) -> None:
        """After each sleep of the machine, have everything alive asked for at once."""
        while True:
            slept_s = await self.context.sweep.slept_s()
            self.context.observer.note(
                msg(
                    "this computer slept for {minutes} minutes: running tasks are asked for before"
                    " anything more is bought",
                    minutes=round(slept_s / 60),
                )
            )
            self.context.sweep.begin()

    def _resume(
        self, attempt: Attempt, ask: Callable[[Attempt], Awaitable[Attempt]]
    ) -> asyncio.Event:
        """Start to go on with what an earlier start bought; the event is set once it was asked for.

        What may be alive holds a slot from the beginning.
        """
        slot = self.context.slots.inherit() if self._may_live(attempt) else None
        asked = asyncio.Event()
        self._start(self._go_on(attempt, slot, ask, asked))
        return asked

    async def _go_on(
        self,
        attempt: Attempt,
        slot: Slot | None,
        ask: Callable[[Attempt], Awaitable[Attempt]],
        asked: asyncio.Event,
    ) -> None:
        """Ask for an attempt, follow its task, fetch its clip; without a slot, take one first."""
        try:
            slot = slot or await self._slot_unless_stopped()
            if slot is None:
                return
            with slot:
                attempt = await ask(attempt)
                asked.set()
                attempt = await self._until_ended(attempt)
        finally:
            asked.set()
        await self._fetch(attempt)

    async def _sit_out(self, attempt: Attempt, slot: Slot) -> None:
        with slot:
            await self._wait_for_doubt(attempt)

    # ------------------------------------------------------------ the life of a clip

    async def _buy_all(self, to_buy: Iterable[PlannedClip]) -> None:
        """Start the life of each clip as soon as a slot is free for it."""
        for entry in to_buy:
            slot = await self._slot_unless_stopped()
            if slot is None:
                break
            self._start(self._live(entry, slot))
        self._has_more_to_buy = False

    async def _live(self, entry: PlannedClip, slot: Slot) -> None:
        with slot:
            attempt = await self._bought(entry)
            self.context.backlog.settled()
            if attempt is not None:
                attempt = await self._until_ended(attempt)
        if attempt is not None:
            await self._fetch(attempt)

    async def _bought(self, entry: PlannedClip) -> Attempt | None:
        """Buy a clip; send it again while it is in doubt, where the account allows that."""
        attempt = await self.buyer.buy(entry)
        if attempt is None or attempt.state is not AttemptState.UNKNOWN or self.resender is None:
            return attempt
        return await self.resender.heal(attempt, entry.clip.request)

    async def _until_ended(self, attempt: Attempt) -> Attempt:
        """Hold the slot until the task has ended, or can be taken to have ended."""
        attempt = await self.follower.follow(attempt)
        while attempt.state is AttemptState.STALLED and self._keeps_slot(attempt):
            await self._sleep_idly(pacing.STALLED_POLL_S)
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
        left_s = self._doubt_left_s(attempt)
        with self.context.slot_in_doubt(attempt, left_s):
            await self._sleep_idly(left_s)

    def _doubt_left_s(self, attempt: Attempt) -> float:
        doubt_s = pacing.doubt_s(self.context.tally.seen(attempt.model))
        return doubt_s - self.context.age_s(attempt)

    def _may_live(self, attempt: Attempt) -> bool:
        """Tell whether the provider may have a task of an attempt that an earlier start left."""
        if attempt.state in FETCHABLE:
            return False
        return attempt.state in ALIVE or self._doubt_left_s(attempt) > 0

    def _keeps_slot(self, attempt: Attempt) -> bool:
        return self.context.age_s(attempt) < pacing.STALLED_SLOT_S

    async def _sleep_idly(self, seconds: float) -> None:
        """Sleep in a task that the run does not wait for meanwhile."""
        task = asyncio.current_task()
        self._idle.add(task)
        self._changed.set()
        if self._has_more_to_buy and len(self._idle) >= self.context.slots.limit:
            self.context.observer.note(
                msg("tasks in doubt hold every slot: the run waits until they must have ended")
            )
        try:
            await self.context.clock.sleep(seconds)
        finally:
            self._idle.discard(task)

    # ------------------------------------------------------------ starting and ending tasks

    def _start(self, life: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(life)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

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

    def _raise_bug(self) -> None:
        match self._bug:
            case None:
                return
            case BatchgenError():
                # Nobody is to take it for a fault of the input, after something was bought.
                message = "an error of one clip was not met where it arose"
                raise RuntimeError(message) from self._bug
            case bug:
                raise bug

    async def _wind_up(self) -> None:
        """Let submits in the air be answered and recorded, then end every task."""
        try:
            for task in self._tasks - self.context.submitting:
                task.cancel()
            await first_of(self._all_landed(), self.context.clock.sleep(DRAIN_S))
        finally:
            await self._end_all()

    async def _end_all(self) -> None:
        for task in self._tasks:
            task.cancel()
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
