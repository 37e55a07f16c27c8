"""Whose turn it is: slots for tasks, and a line for downloads.

A slot is the right to have one task alive at the provider; there are as many as the account's
tier, or fewer while the account takes fewer (`run.cap`). It is taken before a submit and given back
when the task has ended at the provider. Tasks left by an earlier run hold slots too, even when that
is more than the tier now allows.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType

from batchgen.run.cap import Cap


class Slot:
    """One slot in use; give it back by leaving its `with` block."""

    def __init__(self, slots: Slots, *, is_used: bool = False) -> None:
        self._slots = slots
        self._is_used = is_used
        self._cuts = slots.cuts

    def __enter__(self) -> None:
        """Use the slot that was taken."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the slot back."""
        self._slots.give_back(was_used=self._is_used)

    @property
    def is_surplus(self) -> bool:
        """Whether more slots are held than the account takes now: one without a task must go."""
        slots = self._slots
        return slots.held - slots.doubtful > slots.cap and not self._is_used

    def sending(self) -> None:
        """Note that a submit is sent from now on: what it is answered tells of this moment."""
        self._cuts = self._slots.cuts

    def use(self) -> None:
        """Note that a task is, or may be, alive in the slot."""
        self._slots.alive += not self._is_used
        self._is_used = True

    def accepted(self) -> None:
        """Note that the submit was accepted."""
        self.use()
        self._slots.grow()

    def refused(self) -> bool:
        """Note that the account is full; True when that is news, and lowers the cap.

        It is none in the answer to a submit that was sent before the cap was last lowered.
        """
        is_news = self._cuts == self._slots.cuts
        if is_news:
            self._slots.cut()
        return is_news


class Slots:
    """The slots of one account, or of one of its models."""

    def __init__(self, limit: int) -> None:
        #: Tasks that may be alive at once, by the tier.
        self.limit = limit
        #: Slots in use now, and those of them in which a task is, or may be, alive.
        self.held = 0
        self.alive = 0
        #: Those of them whose task may be alive or not: the tier counts them, the cap does not, as
        #: it is learned from tasks that are.
        self.doubtful = 0
        #: How often the cap was lowered.
        self.cuts = 0
        self._cap = Cap.of(limit)
        #: A heap of (rank, number of arrival, turn).
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def of(self, model: str) -> Slots:
        """Give the slots in which clips of a model are made."""
        return self

    @property
    def lanes(self) -> tuple[Slots, ...]:
        """Give the slots that are waited for independently: these."""
        return (self,)

    @property
    def cap(self) -> int:
        """Tasks that may be alive at once, as far as the account's answers tell."""
        return self._cap.now

    def inherit(self) -> Slot:
        """Hold a slot for a task that is already alive, whatever the limit."""
        self.held += 1
        self.alive += 1
        return Slot(self, is_used=True)

    async def take(self, rank: float = 0.0) -> Slot:
        """Wait for a free slot and hold it; the lowest rank goes first. May be cancelled.

        Of equal ranks, who came first.
        """
        if self._has_room():  # then nobody waits
            self.held += 1
            return Slot(self)
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._numbers), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back()
            raise
        return Slot(self)

    def give_back(self, *, was_used: bool = False) -> None:
        """Free one slot, and let the next ones in."""
        self.held -= 1
        self.alive -= was_used
        self._let_in()

    def grow(self) -> None:
        """Learn from an accepted submit."""
        self._cap = self._cap.accepted(self._surely_alive)
        self._let_in()

    def cut(self) -> None:
        """Learn from a refused one."""
        self._cap = self._cap.refused(self._surely_alive)
        self.cuts += 1

    @contextmanager
    def in_doubt(self) -> Iterator[None]:
        """Count one slot in use as doubtful while the block lasts."""
        self.doubtful += 1
        self._let_in()
        try:
            yield
        finally:
            self.doubtful -= 1

    @property
    def _surely_alive(self) -> int:
        return max(self.alive - self.doubtful, 0)

    def _has_room(self) -> bool:
        return self.held < self.limit and self.held - self.doubtful < self.cap

    def _let_in(self) -> None:
        while self._waiting and self._has_room():
            *_, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self.held += 1
                turn.set_result(None)


class SlotsByModel:
    """The slots of an account whose limits are for each model by itself."""

    def __init__(self, limit: int, models: Iterable[str]) -> None:
        self._slots = {model: Slots(limit) for model in models}

    def of(self, model: str) -> Slots:
        """Give the slots in which clips of a model are made."""
        return self._slots[model]

    @property
    def lanes(self) -> tuple[Slots, ...]:
        """Give the slots that are waited for independently: each model's."""
        return tuple(self._slots.values())

    @property
    def limit(self) -> int:
        """Tasks that may be alive at once, by the tier."""
        return sum(slots.limit for slots in self._slots.values())

    @property
    def cap(self) -> int:
        """Tasks that may be alive at once, as far as the account's answers tell."""
        return sum(slots.cap for slots in self._slots.values())

    @property
    def held(self) -> int:
        """Slots in use now."""
        return sum(slots.held for slots in self._slots.values())


class Line:
    """Lets a few through at once; of all who wait, the most urgent goes next."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        #: A heap of (rank, number of arrival, turn).
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    @asynccontextmanager
    async def turn(self, rank: float) -> AsyncIterator[None]:
        """Wait for a turn and hold it while the block lasts; the lowest rank goes first.

        Of equal ranks, who came first. May be cancelled.
        """
        await self._take(rank)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, rank: float) -> None:
        if self._free:  # then nobody waits
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._numbers), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give a turn that is over to the most urgent who still waits."""
        while self._waiting:
            *_, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
