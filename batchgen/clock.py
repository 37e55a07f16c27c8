"""The machine's own clock: the only place that reads it."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """The clock that runs use outside of tests.

    The wall clock is read once; from then on time goes by at its own pace, whoever sets the wall
    clock meanwhile: deadlines and ages stay right. Where the system can count it (Linux), the time
    that a laptop slept goes by in `now`, and not in `monotonic`.
    """

    def __init__(self) -> None:
        self._wall_s = time.time()
        self._since_s = _elapsed_s()

    def now(self) -> float:
        """UTC seconds since the epoch; never jump but by the time that the machine slept."""
        return self._wall_s + _elapsed_s() - self._since_s

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait; may be cancelled."""
        await asyncio.sleep(seconds)


def _elapsed_s() -> float:
    """Give seconds that never go back and count the machine's sleep, where it can tell."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
