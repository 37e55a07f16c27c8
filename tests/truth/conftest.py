"""A truth server at hand, and a client that tells how each exchange ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from tests.truth.book import Terms
from tests.truth.server import TruthServer


@dataclass
class HandClock:
    """Seconds that pass when a test says so."""

    seconds: float = 100.0

    def __call__(self) -> float:
        """Give the time."""
        return self.seconds


@dataclass
class Seen:
    """How one exchange ended: an answer, or the name of the error in its place."""

    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    error: str = ""


@dataclass
class Asker:
    """Asks a server by hand; never tries again, never follows a redirect."""

    session: aiohttp.ClientSession
    port: int

    async def ask(self, method: str, path: str, body: Any = None, key: str = "key-1") -> Seen:
        """Ask once on a connection of its own."""
        try:
            async with self.session.request(
                method,
                f"http://127.0.0.1:{self.port}{path}",
                json=body,
                allow_redirects=False,
                headers={"Authorization": f"Bearer {key}"},
            ) as reply:
                return Seen(reply.status, await reply.read(), dict(reply.headers))
        except aiohttp.ClientError as error:
            return Seen(error=type(error).__name__)

    async def submit(
        self, request_id: str = "r-1", clip: str = "A/main", key: str = "key-1"
    ) -> Seen:
        """Ask for a clip."""
        body = {"model": "vidu2-image", "prompt": f"a mug [{clip}]", "request_id": request_id}
        return await self.ask("POST", "/api/paas/v4/videos/generations", body, key)

    async def poll(self, task_id: str) -> Seen:
        """Ask for the state of a task."""
        return await self.ask("GET", f"/api/paas/v4/async-result/{task_id}")

    async def film(self, task_id: str) -> Seen:
        """Ask for the file of a task."""
        return await self.ask("GET", f"/files/{task_id}.mp4")


@pytest.fixture
def clock() -> HandClock:
    """The server's seconds."""
    return HandClock()


@pytest.fixture
async def server(clock: HandClock) -> AsyncIterator[TruthServer]:
    """A server whose tasks take ten seconds of the hand-moved clock."""
    async with TruthServer(Terms(slots=2, task_s=(10, 10), link_life_s=60), now=clock) as server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client without pool, retry or unpacking."""
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
        yield session


@pytest.fixture
def asker(server: TruthServer, session: aiohttp.ClientSession) -> Asker:
    """Asks the server."""
    return Asker(session, server.port)
