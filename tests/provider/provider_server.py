"""Real loopback servers for the tests of the provider's client, and what they were sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from batchgen.clip import ClipRequest, RemotePicture
from batchgen.provider.base_urls import API_PATH
from batchgen.provider.bigmodel import BigModelClient, Timeouts
from batchgen.provider.key import Key
from batchgen.provider.port import Prepared

#: Looks like a real key; no reply may show it.
CANARY = "0123456789abcdef0123456789abcdef.CanaryCanaryCana"
PREPARED = Prepared("req-1", b'{"model":"vidu2-image","request_id":"req-1"}')

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Received:
    """One request as the server saw it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Api:
    """A running server."""

    base_url: str
    received: list[Received] = field(default_factory=list)


@asynccontextmanager
async def serving(answering: Answering) -> AsyncIterator[Api]:
    """Run an API that answers every request with `answering`."""
    api = Api("")

    async def record(request: web.Request) -> web.StreamResponse:
        text = await request.text()
        body = json.loads(text) if text else None
        api.received.append(Received(request.method, request.path, request.headers, body))
        return await answering(request)

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{tail:.*}", record)
    async with TestServer(app) as server:
        api.base_url = f"http://127.0.0.1:{server.port}{API_PATH}"
        yield api


def always(
    body: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answering:
    """Answer with JSON, or with the bytes as they are."""

    async def answering(request: web.Request) -> web.StreamResponse:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"}
        return web.Response(body=content, status=status, headers={**kind, **(headers or {})})

    return answering


@dataclass
class RawServer:
    """A server that reads a request and then does what HTTP servers do not do."""

    port: int
    #: Set when a whole request head has arrived.
    asked: asyncio.Event
    connections: int = 0


@asynccontextmanager
async def raw_serving(
    reply: bytes | None, *, reset: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawServer]:
    """Send `reply` to each request and close, or reset; with None keep silent for ever."""
    raw = RawServer(0, asyncio.Event())
    writers: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw.connections += 1
        writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            raw.asked.set()
        if reply is None:
            return
        writer.write(reply)
        if reset:
            writer.transport.abort()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    raw.port = server.sockets[0].getsockname()[1]
    try:
        yield raw
    finally:
        for writer in writers:
            writer.transport.abort()
        server.close()
        await server.wait_closed()


def client_for(
    base_url: str,
    *,
    provider: str = "bigmodel",
    max_per_second: float = 1000.0,
    timeouts: Timeouts | None = None,
) -> BigModelClient:
    """Make a client with the canary key and a clock that stands still at 1,000,000."""
    return BigModelClient(
        base_url,
        Key(CANARY),
        provider=provider,
        max_per_second=max_per_second,
        now=lambda: 1_000_000.0,
        timeouts=timeouts or Timeouts(),
    )


def a_request(model: str = "vidu2-image", pictures: int = 1, **changes: Any) -> ClipRequest:
    """Make a request with remote pictures."""
    fields: dict[str, Any] = {
        "model": model,
        "prompt": "杯子 turns slowly",
        "pictures": tuple(
            RemotePicture(f"https://shop.example/{number}.jpg") for number in range(pictures)
        ),
        "size": "1280x720",
        "duration": 4,
        "movement_amplitude": "auto",
        "with_audio": False,
    }
    return ClipRequest(**{**fields, **changes})
