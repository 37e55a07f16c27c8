"""A plain server of the video API to measure clients against; shares no code with batchgen.

    POST /api/paas/v4/videos/generations   20 ms later: a task, or 429 with code 1302
    GET  /api/paas/v4/async-result/ID      10 ms later: how the task stands
    GET  /films/NAME.mp4                   the film, the same for every task
    GET  /figures                          what was seen of each key, and the server's own CPU

Each API key is an account with slots of its own. The i-th accepted task of an account takes the
i-th duration of its seeded law, so every client has the same work. A latency passes before
anything is looked at or booked. Prints one JSON line when ready, and ends with its stdin:

    python -m tests.bench.server --slots 20 --film film.mp4
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.bench.books import Book, most_alive, together

API = "/api/paas/v4"
_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Law:
    """Lognormal durations in seconds."""

    median_s: float
    sigma: float
    seed: int

    def chance(self, key: str) -> random.Random:
        """Give the source of one account's durations."""
        return random.Random(f"{self.seed}:{key}")

    def draw(self, chance: random.Random) -> float:
        """Draw the next duration."""
        return chance.lognormvariate(math.log(self.median_s), self.sigma)


@dataclass(slots=True)
class _Account:
    book: Book
    chance: random.Random
    next_s: float


@dataclass(slots=True)
class BenchServer:
    """The accounts, and what is answered."""

    slots: int
    law: Law
    film: Path
    submit_s: float = 0.020
    poll_s: float = 0.010
    #: Of all films together, in bytes a second; without it, as fast as loopback is.
    link_rate: float | None = None
    #: Until when the link is busy.
    _link_free_at: float = 0.0
    _accounts: dict[str, _Account] = field(default_factory=dict)

    def app(self) -> web.Application:
        """Give the application that serves it."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post(f"{API}/videos/generations", self._submit)
        app.router.add_get(f"{API}/async-result/{{id}}", self._poll)
        app.router.add_get("/films/{name}", self._film)
        app.router.add_get("/figures", self._figures)
        return app

    async def _submit(self, request: web.Request) -> web.Response:
        asked = await request.json()
        key = _key(request)
        account = self._account(key)
        account.book.knock(time.monotonic())
        await asyncio.sleep(self.submit_s)
        number = account.book.accept(time.monotonic(), account.next_s)
        if number is None:
            error = {"code": "1302", "message": "too many tasks at once"}
            return web.json_response({"error": error}, status=429)
        account.next_s = self.law.draw(account.chance)
        told = {"id": f"{key}-{number}", "task_status": "PROCESSING", "model": asked["model"]}
        return web.json_response(told | {"request_id": asked.get("request_id") or "made-here"})

    async def _poll(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        key, _, number = name.rpartition("-")
        task = self._account(key).book.tasks[int(number)]
        await asyncio.sleep(self.poll_s)
        told: dict[str, object] = {"task_status": "PROCESSING", "model": "vidu2-image"}
        if task.told(time.monotonic()):
            link = f"http://{request.host}/films/{name}.mp4"
            result = {"url": link, "cover_image_url": link.replace(".mp4", ".jpg")}
            told |= {"task_status": "SUCCESS", "video_result": [result]}
        return web.json_response(told)

    async def _film(self, request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "video/mp4"}
        if self.link_rate is None:
            return web.FileResponse(self.film, headers=headers)
        answer = web.StreamResponse(headers=headers)
        film = self.film.read_bytes()
        answer.content_length = len(film)
        await answer.prepare(request)
        for start in range(0, len(film), _PIECE_BYTES):
            await self._link(_PIECE_BYTES / self.link_rate)
            await answer.write(film[start : start + _PIECE_BYTES])
        return answer

    async def _link(self, seconds: float) -> None:
        """Take the link for so long, after all who took it before."""
        now = time.monotonic()
        self._link_free_at = max(self._link_free_at, now) + seconds
        await asyncio.sleep(self._link_free_at - now)

    async def _figures(self, request: web.Request) -> web.Response:
        figures = [account.book.figures() for account in self._accounts.values()]
        used = resource.getrusage(resource.RUSAGE_SELF)
        told = {
            "accounts": [it.as_json() for it in figures],
            "together": together(figures).as_json(),
            "most_alive": most_alive(
                [task for it in self._accounts.values() for task in it.book.tasks]
            ),
            "cpu_s": used.ru_utime + used.ru_stime,
        }
        return web.json_response(told)

    def _account(self, key: str) -> _Account:
        if key not in self._accounts:
            chance = self.law.chance(key)
            self._accounts[key] = _Account(Book(self.slots), chance, self.law.draw(chance))
        return self._accounts[key]


def _key(request: web.Request) -> str:
    return request.headers["Authorization"].removeprefix("Bearer ")


async def serve(server: BenchServer, port: int) -> None:
    """Serve on loopback until stdin ends."""
    runner = web.AppRunner(server.app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=2048)
    await site.start()
    address = runner.addresses[0]
    print(json.dumps({"origin": f"http://127.0.0.1:{address[1]}"}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Serve the API to measure clients against.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--slots", type=int, default=20)
    parser.add_argument("--median", type=float, default=1.5, help="of task times, in seconds")
    parser.add_argument("--sigma", type=float, default=0.35)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--megabits", type=float, help="of the link that films come by")
    parser.add_argument("--film", type=Path, required=True)
    said = parser.parse_args()
    law = Law(said.median, said.sigma, said.seed)
    server = BenchServer(said.slots, law, said.film)
    if said.megabits is not None:
        server.link_rate = said.megabits * 1_000_000 / 8
    asyncio.run(serve(server, said.port))


if __name__ == "__main__":
    main()
