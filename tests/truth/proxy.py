"""A TCP proxy that treats every connection as its seeded dial says.

Names of faults: `latency(s)` before each piece, both ways · `bandwidth(bytes/s)` of the answer ·
`slow-close(s)` · `silence(s)`: nothing goes through, then it closes · `reset(s)` after so long ·
`slices(bytes)` of the answer, each for itself · `limit(bytes)` of the answer, then it closes ·
`cut(bytes)` of the answer, then a reset · `drop`: the request arrives, its answer is thrown away ·
`down`: nobody is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from tests.truth.dial import Dial, Fault
from tests.truth.wire import reset

FAULTS = frozenset(
    {
        "latency",
        "bandwidth",
        "slow-close",
        "silence",
        "reset",
        "slices",
        "limit",
        "cut",
        "drop",
        "down",
    }
)
_PIECE_BYTES = 65536
_LATENCY_S = 0.05


class FaultProxy:
    """Stands on a loopback port of its own in front of another: `async with FaultProxy(port)`."""

    def __init__(self, behind: int, *, seed: int = 0) -> None:
        self.port = 0
        #: How many connections each fault has had; `none` counts the good ones.
        self.counts: dict[str, int] = {}
        self._behind = behind
        self._seed = seed
        self._connections: set[asyncio.Task[None]] = set()
        self.set_faults("")

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def set_faults(self, text: str) -> None:
        """Treat connections that come from now on in another way.

        Raises:
            ValueError: the text cannot be read.
        """
        self._dial = Dial(text, FAULTS, random.Random(f"{self._seed}:proxy"))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        fault = self._dial.next() or Fault("none")
        self.counts[fault.name] = self.counts.get(fault.name, 0) + 1
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await self._join(fault, reader, writer)
        writer.close()

    async def _join(
        self, fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if fault.name == "down":
            reset(writer)
            return
        if fault.name == "silence":
            await asyncio.sleep(fault.amount_or(2.0))
            return
        behind = await asyncio.open_connection("127.0.0.1", self._behind)
        up = asyncio.create_task(_pump(reader, behind[1], fault))
        down = asyncio.create_task(_answer(behind[0], writer, fault))
        try:
            limit_s = fault.amount_or(0.1) if fault.name == "reset" else None
            await asyncio.wait({up, down}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
            if fault.name == "slow-close":
                await asyncio.sleep(fault.amount_or(0.5))
        finally:
            if fault.name in {"reset", "cut"} and not writer.is_closing():
                reset(writer)
            behind[1].close()
            up.cancel()
            down.cancel()
            await asyncio.gather(up, down, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault) -> None:
    """Pass on what comes, after the latency of the connection."""
    while piece := await reader.read(_PIECE_BYTES):
        if fault.name == "latency":
            await asyncio.sleep(fault.amount_or(_LATENCY_S))
        writer.write(piece)
        await writer.drain()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault) -> None:
    """Pass on the answer as the fault lets it through."""
    if fault.name == "drop":
        await reader.read(1)
        return
    if fault.name in {"cut", "limit"}:
        writer.write(await _exactly(reader, round(fault.amount_or(20))))
        await writer.drain()
        return
    if fault.name in {"bandwidth", "slices"}:
        async for piece, wait_s in _pieces(reader, fault):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(wait_s)
        return
    await _pump(reader, writer, fault)


async def _exactly(reader: asyncio.StreamReader, size: int) -> bytes:
    try:
        return await reader.readexactly(size)
    except asyncio.IncompleteReadError as error:
        return error.partial


async def _pieces(reader: asyncio.StreamReader, fault: Fault) -> AsyncIterator[tuple[bytes, float]]:
    """Cut the answer into pieces, each with the wait after it in seconds."""
    by_rate = fault.name == "bandwidth"
    per_s = fault.amount_or(8192)
    size = max(1, round(per_s / 20)) if by_rate else round(fault.amount_or(7))
    while piece := await reader.read(size):
        yield piece, len(piece) / per_s if by_rate else 0.0
