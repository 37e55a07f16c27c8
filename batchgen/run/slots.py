"""Whose turn it is: slots for tasks, and a line for downloads.

A slot is the right to have one task alive at the provider; there are as many as the account's
tier. It is taken before a submit and given back when the task has ended at the provider. Tasks
left by an earlier run hold slots too, even when that is more than the tier now allows.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType


class Slot:
    """One slot in use; give it back by leaving its `with` block."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    def __enter__(self) -> None:
        """Use the slot that was taken."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the slot back."""
        self._slots.give_back()


class Slots:
    """The slots of one account."""

    def __init__(self, limit: int) -> None:
        #: Tasks that may be alive at once.
        self.limit = limit
        #: Slots in use now.
        self.held = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def inherit(self) -> Slot:
        """Hold a slot for a task that is already alive, whatever the limit."""
        self.held += 1
        return Slot(self)

    async def take(self) -> Slot:
        """Wait for a free slot and hold it; first come, first served. May be cancelled."""
        while self.held >= self.limit:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._pass_on(turn)
                raise
        self.held += 1
        return Slot(self)

    def give_back(self) -> None:
        """Free one slot and wake whoever waits longest."""
        self.held -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting and self.held < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _pass_on(self, turn: asyncio.Future[None]) -> None:
        """Let the next one in when a cancelled waiter had already been woken."""
        if turn in self._waiting:
            self._waiting.remove(turn)
        elif turn.done() and not turn.cancelled():
            self._wake()


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
