"""The loop: keeps every slot busy, follows what is alive, brings home what is paid.

    1. what an earlier start left unanswered becomes uncertain; it keeps its slot for a while, or
       is sent again under its request id where the account allows that
    2. paid clips are fetched, first of all
    3. tasks that are alive are asked once, each holding a slot, before anything is bought
    4. clips are bought in the plan's order, each as soon as a slot is free; where each model has
       slots of its own, in the plan's order of each model
    5. the run ends when nothing is left to do but to wait for doubt to pass

One clip's life is one asyncio task: slot, submit, follow, slot back, fetch. Its failure is a
value; only what concerns the whole run (state, disk, account, budget, a signal) stops the buying,
always by the same switch. The runner knows no HTTP, no file format, no terminal.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field

from batchgen.clip import ALIVE, FETCHABLE, Attempt, AttemptState
from batchgen.messages import msg
from batchgen.plan.values import PlannedClip
from batchgen.provider.port import StopReason
from batchgen.run import pacing
from batchgen.run.buying import Buyer, NotBought
from batchgen.run.context import RunContext
from batchgen.run.fetching import Fetcher
from batchgen.run.following import Follower
from batchgen.run.lives import Lives
from batchgen.run.preparing import Ahead, Preparation
from batchgen.run.resending import Resender
from batchgen.run.slots import Slot, Slots
from batchgen.run.stopping import first_of

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
    _lives: Lives = field(init=False)

    def __post_init__(self) -> None:
        self._lives = Lives(self.context)

    async def run(
        self,
        to_buy: Collection[PlannedClip],
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
        self.context.backlog.begin(len(to_buy))
        self._lives.start(self._begin(to_buy, left))
        if found is not None:
            self._lives.start(self._fetch_found(found))
        watching = asyncio.ensure_future(self._watch_for_sleep())
        try:
            await self._lives.until_over()
        except asyncio.CancelledError:
            self.leave()
            raise
        finally:
            watching.cancel()
            await self._lives.wind_up()
        self._lives.raise_bug()

    def leave(self) -> None:
        """Stop buying and end as soon as the submits in the air are recorded."""
        self.context.stop.request(StopReason.SIGNAL, msg("stopped by a signal"))
        self._lives.leave()

    def leave_now(self) -> None:
        """End without waiting for submits in the air: they become uncertain."""
        self.leave()
        self._lives.cancel()

    # ------------------------------------------------------------ what earlier starts left

    async def _begin(self, to_buy: Collection[PlannedClip], left: Iterable[Attempt]) -> None:
        """Take over what is left, and buy when all of it that can be asked for was asked once."""
        for asked in await self._take_over(left):
            await asked.wait()
        self._buy_all(to_buy)

    async def _take_over(self, left: Iterable[Attempt]) -> list[asyncio.Event]:
        """Start on everything unfinished; give an event for each that is asked once first.

        Where more may be alive than the account takes (starts that died one after another), what
        is in doubt is not sent again now: it might come on top of them.
        """
        asks = []
        left = list(left)
        crowds = self._crowds(left)
        for attempt in left:
            self.context.know(attempt)
            if attempt.state is AttemptState.INTENT:
                attempt = await self.context.move(
                    attempt, AttemptState.UNKNOWN, "no answer was recorded"
                )
            if attempt.state in FETCHABLE:
                self._lives.start(self._fetch(attempt))
            elif attempt.state in ALIVE:
                asks.append(self._resume(attempt, self.follower.look))
            elif (
                self.resender is not None
                and self.resender.takes(attempt)
                and not (self._slots_of(attempt) in crowds and self._may_live(attempt))
            ):
                asks.append(self._resume(attempt, self.resender.heal_left))
            elif self._doubt_left_s(attempt) > 0:
                self._lives.start(self._sit_out(attempt, self._slots_of(attempt).inherit()))
        return asks

    def _crowds(self, left: Iterable[Attempt]) -> set[Slots]:
        """Give the slots in which more may live than fit."""
        living = Counter(self._slots_of(attempt) for attempt in left if self._may_live(attempt))
        return {slots for slots, count in living.items() if count > slots.limit}

    def _slots_of(self, attempt: Attempt) -> Slots:
        return self.context.slots.of(attempt.model)

    async def _fetch_found(self, found: Awaitable[Iterable[Attempt]]) -> None:
        for attempt in await found:
            self.context.tally.total += attempt.job == self.context.run.job
            self.context.know(attempt)
            self._lives.start(self._fetch(attempt))

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
        slot = self._slots_of(attempt).inherit() if self._may_live(attempt) else None
        asked = asyncio.Event()
        self._lives.start(self._go_on(attempt, slot, ask, asked))
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
            slot = slot or await self._slot_unless_stopped(self._slots_of(attempt))
            if slot is None:
                return
            slot.use()
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

    def _buy_all(self, to_buy: Collection[PlannedClip]) -> None:
        """Buy the clips, those of the same slots in their order."""
        for slots in self.context.slots.lanes:
            self._lives.start(self._buy_in(slots, to_buy))

    async def _buy_in(self, slots: Slots, to_buy: Collection[PlannedClip]) -> None:
        """Start the life of each clip of these slots as soon as one of them is free for it."""
        of = self.context.slots.of
        entries = (entry for entry in to_buy if of(entry.clip.request.model) is slots)
        ahead = Ahead(entries, self.buyer.prepare_anew, self.context.clock)
        try:
            for clip in ahead:
                slot = await self._slot_unless_stopped(slots, clip.rank)
                if slot is None:
                    break
                # A picture that takes long must not let a later clip have the last of a budget.
                await clip.ready()
                self._lives.start(self._live(clip, slot))
        finally:
            ahead.close()

    async def _live(self, clip: Preparation, slot: Slot) -> None:
        attempt = await self._made(clip, slot)
        if attempt is not None:
            await self._fetch(attempt)

    async def _made(self, clip: Preparation, slot: Slot | None) -> Attempt | None:
        """Hold a slot until the clip is bought and its task has ended; None: it was not bought.

        While the account takes fewer tasks, the slot is given back, and another is waited for.
        """
        while slot is not None:
            with slot:
                bought = await self._bought(clip, slot)
                clip.sent()
                if bought is not NotBought.IN_THIS_SLOT:
                    self.context.backlog.settled()
                if isinstance(bought, Attempt):
                    return await self._until_ended(bought)
            if bought is NotBought.IN_THIS_RUN:
                break
            clip.put_back()
            slot = await self._slot_unless_stopped(self.context.slots.of(clip.model), clip.rank)
        return None

    async def _bought(self, clip: Preparation, slot: Slot) -> Attempt | NotBought:
        """Buy a clip; send it again while it is in doubt, where the account allows that."""
        bought = await self.buyer.buy(clip, slot)
        if isinstance(bought, NotBought) or bought.state is not AttemptState.UNKNOWN:
            return bought
        if self.resender is None:
            return bought
        return await self.resender.heal(bought, clip.entry.clip.request)

    async def _until_ended(self, attempt: Attempt) -> Attempt:
        """Hold the slot until the task has ended, or can be taken to have ended."""
        attempt = await self.follower.follow(attempt)
        while attempt.state is AttemptState.STALLED and self._keeps_slot(attempt):
            await self._lives.sleep_idly(pacing.STALLED_POLL_S)
            attempt = await self.follower.look(attempt)
        if attempt.state in _DOUBTFUL:
            await self._wait_for_doubt(attempt)
        return attempt

    async def _fetch(self, attempt: Attempt) -> None:
        if attempt.state in FETCHABLE:
            await self.fetcher.bring_home(attempt)

    # ------------------------------------------------------------ waiting

    async def _slot_unless_stopped(self, slots: Slots, rank: float = 0.0) -> Slot | None:
        """Wait for a slot; None when the run stops buying first."""
        taking = asyncio.ensure_future(slots.take(rank))
        await first_of(taking, self.context.stop.wait())
        has_slot = taking.done() and not taking.cancelled()
        if self.context.stop.reason is None:
            return taking.result()
        if has_slot:
            slots.give_back()
        return None

    async def _wait_for_doubt(self, attempt: Attempt) -> None:
        left_s = self._doubt_left_s(attempt)
        with self.context.slot_in_doubt(attempt, left_s):
            await self._lives.sleep_idly(left_s)

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
