"""A shop's picture server on loopback: says what it is told to say, and counts what it is asked."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from batchgen.catalogue.pictures.facts import RemoteFacts
from batchgen.catalogue.pictures.web import Patience, PictureWeb

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
#: The server's own host, which the job names.
HERE = frozenset({"127.0.0.1"})
SHORT = Patience(silence_s=0.5, answer_s=1.0)


def picture(kind: str = "jpeg", size: tuple[int, int] = (640, 480), **options: Any) -> bytes:
    """Draw a picture that has no simple content, so that it is long."""
    target = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(target, kind, **options)
    return target.getvalue()


def code(found: RemoteFacts) -> str | None:
    """Give the code of what is wrong."""
    return found.problem.code if found.problem else None


@dataclass
class PictureServer:
    """One server; `answers` has what it says to each path."""

    base: str
    answers: dict[str, Answer] = field(default_factory=dict)
    #: Method and path of each request, in order.
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    alive: int = 0
    most_alive: int = 0

    def url(self, path: str) -> str:
        """Give the address of a path."""
        return f"{self.base}{path}"

    def serve(self, path: str, content: bytes, *, status: int = 200, **headers: str) -> str:
        """Answer a path with some bytes, as most servers do; give its address."""
        said = {name.replace("_", "-"): text for name, text in headers.items() if text}

        async def answer(request: web.Request) -> web.StreamResponse:
            etag = said.get("ETag")
            if etag is not None and request.headers.get("If-None-Match") == etag:
                return web.Response(status=304, headers=said)
            part = request.http_range
            if part.stop is None or "Accept-Ranges" in said:
                return web.Response(body=content, status=status, headers=said)
            total = f"bytes 0-{min(part.stop, len(content)) - 1}/{len(content)}"
            beginning = content[: part.stop]
            return web.Response(
                body=beginning, status=206, headers={**said, "Content-Range": total}
            )

        self.answers[path] = answer
        return self.url(path)

    def say(self, path: str, status: int, **headers: str) -> str:
        """Answer a path with a status alone."""
        return self.serve(path, b"", status=status, Accept_Ranges="none", **headers)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as told, and count."""
        self.asked.append((request.method, request.path))
        self.headers.append(dict(request.headers))
        self.alive += 1
        self.most_alive = max(self.most_alive, self.alive)
        try:
            return await self.answers[request.rel_url.raw_path](request)
        finally:
            self.alive -= 1


@asynccontextmanager
async def picture_server() -> AsyncIterator[PictureServer]:
    """Run a server while the block lasts."""
    server = PictureServer("")
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    async with TestServer(app) as running:
        server.base = str(running.make_url("/")).rstrip("/")
        yield server


@asynccontextmanager
async def asking() -> AsyncIterator[tuple[PictureServer, PictureWeb]]:
    """Run a server, and who asks it."""
    async with picture_server() as server, PictureWeb(HERE, SHORT) as web_:
        yield server, web_


async def hang(request: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError
