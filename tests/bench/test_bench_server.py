from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from batchgen.output.mp4 import read_mp4
from tests.bench.film import make_film
from tests.bench.server import API, BenchServer, Law


@pytest.fixture
async def origin(tmp_path: Path) -> AsyncIterator[str]:
    """A server of one slot whose tasks take a minute, and of films of 10 kB."""
    film = make_film(tmp_path / "film.mp4", size_bytes=10_000)
    server = BenchServer(1, Law(60, 0, seed=1), film, submit_s=0, poll_s=0)
    runner = web.AppRunner(server.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def said(origin: str, method: str, path: str, key: str = "key-1") -> tuple[int, Any]:
    """Call the server; give status and JSON."""
    headers = {"Authorization": f"Bearer {key}"}
    body = {"model": "vidu2-image"} if method == "POST" else None
    async with (
        aiohttp.ClientSession(origin, headers=headers) as session,
        session.request(method, path, json=body) as answer,
    ):
        return answer.status, await answer.json()


async def test_each_key_has_its_own_slots(origin: str) -> None:
    """The second task of one key is refused as the API does it, the first of another is made."""
    submit = f"{API}/videos/generations"
    status, made = await said(origin, "POST", submit)
    assert (status, made["task_status"]) == (200, "PROCESSING")
    status, refused = await said(origin, "POST", submit)
    assert (status, refused["error"]["code"]) == (429, "1302")
    assert (await said(origin, "POST", submit, "key-2"))[0] == 200
    _, told = await said(origin, "GET", f"{API}/async-result/{made['id']}")
    assert told["task_status"] == "PROCESSING"
    _, figures = await said(origin, "GET", "/figures")
    assert (figures["together"]["refused"], figures["most_alive"]) == (1, 2)


def test_the_same_seed_draws_the_same_durations() -> None:
    """Every client of one key has the same work; another key has other work."""
    law = Law(1.5, 0.35, seed=1)
    first, again, other = (law.chance(key) for key in ("key-1", "key-1", "key-2"))
    assert law.draw(first) == law.draw(again) != law.draw(other)


def test_a_padded_film_is_a_whole_clip(tmp_path: Path) -> None:
    """It has the size asked for, and batchgen's own check takes it."""
    film = make_film(tmp_path / "film.mp4", size_bytes=10_000)
    assert film.stat().st_size == 10_000
    assert read_mp4(film).duration_s == 4.0
