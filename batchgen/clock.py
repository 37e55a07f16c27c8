"""The machine's own clock: the only place that reads it."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """The clock that runs use outside of tests."""

    def now(self) -> float:
        """UTC seconds since the epoch; may jump."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait; may be cancelled."""
        await asyncio.sleep(seconds)
