"""Why and how a run stops buying: one switch for reasons, one gate that slows the submits.

Stopping never ends what is alive: it only means that nothing more is bought. The gate closes for
a while after a refusal that is not the clip's fault, then lets single submits through until one
is accepted. The brake counts submits in doubt (contract, section 9).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from batchgen.messages import Message, msg
from batchgen.provider.port import StopReason
from batchgen.run import pacing
from batchgen.run.ports import Clock

#: Submits in doubt within the window that pull the brake, and how often it may be pulled.
_DOUBTS = 3
_DOUBT_WINDOW_S = 600.0
_DOUBT_PAUSE_S = 60.0
_DOUBT_TRIPS = 3
#: Submits in a row that reached nobody before the run stops.
_UNREACHED = 10
#: Refusals in a row, with nothing accepted ever, before a model is given up for this run.
_REFUSALS = 5


class Stop:
    """The switch that ends the buying; the first reason stands."""

    def __init__(self) -> None:
        #: Why nothing more is bought, or None.
        self.reason: StopReason | None = None
        #: The sentence for the person.
        self.message: Message | None = None
        self._event = asyncio.Event()

    def request(self, reason: StopReason, message: Message) -> None:
        """Buy nothing more from now on."""
        if self.reason is None:
            self.reason, self.message = reason, message
            self._event.set()

    async def wait(self) -> None:
        """Wait until a stop is requested. May be cancelled."""
        await self._event.wait()


class Gate:
    """Lets submits through: freely, or one by one after trouble until one is accepted."""

    def __init__(self, clock: Clock, stop: Stop, jitter: Callable[[], float]) -> None:
        self._clock = clock
        self._stop = stop
        self._jitter = jitter
        self._one_by_one = asyncio.Lock()
        self._opens_at = 0.0
        #: How often the gate was closed since the last acceptance; 0: the way is free.
        self._strikes = 0
        self._unreached = 0
        self._doubts: deque[float] = deque()
        self._trips = 0
        self._is_braked = False
        self._refused_in_a_row: dict[str, int] = {}
        self._accepting_models: set[str] = set()
        #: Models that are not bought any more in this run.
        self.closed_models: set[str] = set()

    @contextlib.asynccontextmanager
    async def passage(self) -> AsyncIterator[bool]:
        """Wait for a turn to submit; gives False when the run stops buying."""
        async with contextlib.AsyncExitStack() as turn:
            await turn.enter_async_context(self._one_by_one)
            is_open = await self._opened()
            if self._strikes == 0:
                # The way is free: the next one need not wait for this one's answer.
                await turn.aclose()
            yield is_open

    async def _opened(self) -> bool:
        while self._stop.reason is None:
            wait_s = self._opens_at - self._clock.monotonic()
            if self._strikes == 0 or wait_s <= 0:
                return True
            await first_of(self._clock.sleep(wait_s), self._stop.wait())
        return False

    @property
    def opens_in_s(self) -> float:
        """Seconds until it opens; 0 when it is open."""
        return max(self._opens_at - self._clock.monotonic(), 0.0)

    def accepted(self, model: str) -> None:
        """Note an accepted submit: the way is free again, unless the brake still pauses it."""
        self._accepting_models.add(model)
        self._refused_in_a_row[model] = 0
        self.answered()
        if not self._is_braked:
            self._strikes = 0
            self._opens_at = self._clock.monotonic()

    def refused_clip(self, model: str) -> bool:
        """Note a clip refused for good; True when so many in a row close its model.

        That needs that nothing of the model was accepted in this run.
        """
        self.answered()
        count = self._refused_in_a_row.get(model, 0) + 1
        self._refused_in_a_row[model] = count
        if count < _REFUSALS or model in self._accepting_models:
            return False
        return self.close_model(model)

    def close_model(self, model: str) -> bool:
        """Buy nothing more of this model in this run; False when that was so already."""
        self.answered()
        was_open = model not in self.closed_models
        self.closed_models.add(model)
        return was_open

    def slow_down(self, retry_after_s: float | None) -> float | None:
        """Close the gate after a refusal that is nobody's fault; give the wait in seconds.

        None when it is closed already: the answer belongs to the same trouble.
        """
        self.answered()
        return self._close(retry_after_s)

    def unreached(self) -> float | None:
        """Close the gate after a submit that reached nobody; many in a row stop the run.

        Gives the wait in seconds, or None when the gate is closed already.
        """
        wait_s = self._close(None)
        self._unreached += wait_s is not None
        if self._unreached >= _UNREACHED:
            self._stop.request(
                StopReason.ACCOUNT,
                msg("the API could not be reached {count} times in a row", count=self._unreached),
            )
        return wait_s

    def doubted(self) -> bool:
        """Count a submit in doubt; True when that pulls the brake and buying pauses.

        What was sent before the brake and ends in doubt during its pause does not pull it again.
        """
        now = self._clock.monotonic()
        self._doubts.append(now)
        while self._doubts[0] < now - _DOUBT_WINDOW_S:
            self._doubts.popleft()
        is_pausing = self._is_braked and now < self._opens_at
        if len(self._doubts) < _DOUBTS or is_pausing:
            return False
        self._is_braked = True
        self._trips += 1
        self._strikes += 1
        self._opens_at = max(self._opens_at, now + _DOUBT_PAUSE_S)
        if self._trips >= _DOUBT_TRIPS:
            self._stop.request(
                StopReason.UNCERTAIN,
                msg("too many submits stayed without a usable answer; look at the network first"),
            )
        return self._trips < _DOUBT_TRIPS

    def answered(self) -> None:
        """Note a complete answer; one to a submit after the pause releases the brake."""
        self._unreached = 0
        if self._is_braked and self._clock.monotonic() >= self._opens_at:
            self._is_braked = False
            self._doubts.clear()

    def _close(self, wait_s: float | None) -> float | None:
        """Close the gate for this long, or for a back-off; None when it is closed already."""
        now = self._clock.monotonic()
        if now < self._opens_at:
            return None
        self._strikes += 1
        wait_s = wait_s or pacing.backoff_s(self._strikes, self._jitter())
        self._opens_at = now + wait_s
        return wait_s


async def first_of(*awaitables: Awaitable[Any]) -> None:
    """Wait until one of them is done; the others are cancelled. May be cancelled itself."""
    waits = {asyncio.ensure_future(awaitable) for awaitable in awaitables}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
