"""After the machine slept, everything alive is asked once before anything more is bought.

While a laptop sleeps, or the process is held (SIGSTOP, a paused machine), tasks end and links grow
old, and every wait of this process stands still.
Whoever waits for the next poll naps here and is woken; whoever buys waits here until all were
asked.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from batchgen.run.ports import Clock
from batchgen.run.stopping import first_of

#: How often the clocks are looked at, and how many lost seconds count as a sleep.
_LOOK_S = 10.0
_SLEPT_S = 30.0


@dataclass(slots=True)
class Sweep:
    """Who is followed, and who was not asked since the machine woke."""

    clock: Clock
    #: Attempt ids whose tasks are polled now.
    _followed: set[int] = field(default_factory=set)
    _due: set[int] = field(default_factory=set)
    #: Set while nobody is due.
    _is_over: asyncio.Event = field(default_factory=asyncio.Event)
    #: Set, and replaced by a new one, at each waking.
    _waking: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._is_over.set()

    async def slept_s(self) -> float:
        """Wait until the machine slept or this process was held; give for how many seconds.

        May be cancelled.
        """
        while True:
            ahead_s, began_s = self._ahead_s(), self.clock.monotonic()
            await self.clock.sleep(_LOOK_S)
            late_s = self.clock.monotonic() - began_s - _LOOK_S
            slept_s = self._ahead_s() - ahead_s + max(late_s, 0.0)
            if slept_s > _SLEPT_S:
                return slept_s

    def begin(self) -> None:
        """Wake everybody who naps; whoever is followed now has to be asked."""
        self._due = set(self._followed)
        if self._due:
            self._is_over.clear()
        self._waking.set()
        self._waking = asyncio.Event()

    @contextlib.contextmanager
    def following(self, attempt_id: int) -> Iterator[None]:
        """Count an attempt as followed while the block lasts."""
        self._followed.add(attempt_id)
        try:
            yield
        finally:
            self._followed.discard(attempt_id)
            self.asked(attempt_id)

    def asked(self, attempt_id: int) -> None:
        """Note that an attempt's task was asked for."""
        self._due.discard(attempt_id)
        if not self._due:
            self._is_over.set()

    async def nap(self, seconds: float) -> None:
        """Wait so long, or until the machine wakes. May be cancelled."""
        await first_of(self.clock.sleep(seconds), self._waking.wait())

    async def over(self) -> None:
        """Wait until everybody was asked; at once when the machine did not sleep."""
        await self._is_over.wait()

    def _ahead_s(self) -> float:
        return self.clock.now() - self.clock.monotonic()
