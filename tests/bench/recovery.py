"""How long a start takes, on a state of 10,000 clips, until it does something useful.

A run was killed when 9,970 clips were done, 20 tasks were alive and 10 clips not yet sent. The
useful thing is the first poll of a task that is alive. Measured twice: from the start of the
process, and from the moment on that its state is opened (the file `state.db-wal` appears).
"""

from __future__ import annotations

import asyncio
import hashlib
import statistics
import tempfile
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from batchgen.clip import Attempt, AttemptState, Intent, TaskId
from batchgen.engine import Options, Workspace, open_workspace
from batchgen.output.names import clip_file
from batchgen.plan.clips.identity import request_record
from batchgen.plan.values import PlannedClip, Selection
from batchgen.state.store import Run
from batchgen.state.writing import SqliteWriter
from tests.prove.shops import Shop

CLIPS = 10_000
ALIVE = 20
UNSENT = 10
ROUNDS = 3
_FILM = b"film"


async def main() -> None:
    """Measure some starts and print the median of each figure."""
    found = [await _measured() for _ in range(ROUNDS)]
    whole, opened = (statistics.median(times) for times in zip(*found, strict=True))
    print(f"recovery of {CLIPS:,} clips: first poll {whole:.2f} s after the start of the process,")
    print(f"{opened:.2f} s after the state was opened (median of {ROUNDS})")


async def _measured() -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as name:
        shop = Shop.open(Path(name) / "shop", CLIPS, Decimal(20_000))
        asked: asyncio.Future[float] = asyncio.get_running_loop().create_future()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            if not asked.done():
                asked.set_result(time.perf_counter())
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        await _fill(shop, port)
        began = time.perf_counter()
        process = await shop.start(port)
        opened = await asyncio.to_thread(_opened, shop)
        first = await asked
        process.kill()
        await process.communicate()
        server.close()
        return first - began, first - opened


def _opened(shop: Shop) -> float:
    """Watch for the log of the state, in a thread; give when it was there."""
    log = shop.state.with_name(f"{shop.state.name}-wal")
    while not log.exists():
        time.sleep(0.001)
    return time.perf_counter()


async def _fill(shop: Shop, port: int) -> None:
    """Write the state and the files of the run that was killed."""
    base_url = f"http://127.0.0.1:{port}/api/paas/v4"
    environ = {"BATCHGEN_API_KEY": "key-1"}
    workspace = open_workspace(shop.folder / "job.yaml", Options(base_url=base_url), environ)
    to_buy = workspace.plan(None, Selection(), time.time()).to_buy
    planned = list(to_buy)[: CLIPS - UNSENT]
    writer = SqliteWriter(workspace.state_path, time.time)
    run = Run("run-1", "proof", workspace.account, str(workspace.output), None, time.time())
    await writer.start_run(run)
    for start in range(0, len(planned), 500):
        group = planned[start : start + 500]
        await asyncio.gather(*[_bought(writer, run, entry) for entry in group])
    done = planned[:-ALIVE]
    await asyncio.gather(*[_saved(writer, entry, n) for n, entry in enumerate(done, 1)])
    await writer.close()
    await asyncio.to_thread(_write_films, workspace, done)


async def _bought(writer: SqliteWriter, run: Run, entry: PlannedClip) -> Attempt:
    clip = entry.clip
    intent = Intent(
        key=clip.key,
        request_id=f"request-{clip.key.sku}",
        fingerprint=clip.fingerprint,
        model=clip.request.model,
        price=clip.price,
        currency="CNY",
        request=request_record(clip.request),
    )
    attempt = await writer.reserve(run, intent, "2026-11-23", [])
    task_id = TaskId(f"task-{clip.key.sku}")
    now = time.time()
    return await writer.move(attempt.id, AttemptState.ACCEPTED, task_id=task_id, submitted_at=now)


async def _saved(writer: SqliteWriter, entry: PlannedClip, attempt_id: int) -> None:
    now = time.time()
    await writer.move(
        attempt_id,
        AttemptState.SUCCEEDED,
        finished_at=now,
        video_url="https://files.example/film.mp4",
        url_expires_at=now + 86_400,
    )
    await writer.move(
        attempt_id,
        AttemptState.VERIFIED,
        file=clip_file(entry.clip.key),
        sha256=hashlib.sha256(_FILM).hexdigest(),
        size_bytes=len(_FILM),
    )
    await writer.move(attempt_id, AttemptState.SAVED)


def _write_films(workspace: Workspace, done: Sequence[PlannedClip]) -> None:
    for entry in done:
        path = workspace.output / clip_file(entry.clip.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_FILM)
        path.with_suffix(".json").write_text(f'{{"sha256": "{hashlib.sha256(_FILM).hexdigest()}"}}')


if __name__ == "__main__":
    asyncio.run(main())
