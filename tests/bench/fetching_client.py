"""Downloads as batchgen does them: paid clips are brought home, nothing is bought.

Writes a state in which so many clips are paid and not here, then runs the job on it and prints one
JSON line with seconds and CPU seconds of that run alone. Checks, hashes, posters, records and
syncs are all on. Run as `python -m tests.bench.fetching_client BASE_URL CLIPS FOLDER`.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from pathlib import Path

from batchgen.clip import AttemptState, Intent, Status, TaskId
from batchgen.clock import SystemClock
from batchgen.engine import Options, open_workspace
from batchgen.execution import Session, open_session
from batchgen.plan.clips.identity import request_record
from batchgen.plan.values import Plan, PlannedClip, Selection
from batchgen.run.ports import SilentObserver
from batchgen.state.store import Run
from tests.bench.shop import write_shop


async def main(base_url: str, clips: int, folder: Path) -> None:
    """Prepare, run and print."""
    job = write_shop(folder / "shop", clips, {"tier": "V3"})
    workspace = open_workspace(job, Options(base_url=base_url), os.environ)
    async with open_session(workspace, SystemClock()) as session:
        await _pay(session, session.plan(Selection()), base_url)
        plan = session.plan(Selection())
        began_s, used_s = time.perf_counter(), _cpu_s()
        await session.run(plan, SilentObserver())
        told = {"wall_s": time.perf_counter() - began_s, "cpu_s": _cpu_s() - used_s}
        done = sum(entry.status is Status.DONE for entry in session.plan(Selection()).clips)
    print(json.dumps(told | {"clips": done}))


async def _pay(session: Session, plan: Plan, base_url: str) -> None:
    """Record each clip of a plan as bought and ended, its film waiting at the server."""
    workspace, now = session.workspace, session.clock.now()
    run = Run("run-1", plan.job, workspace.account, str(workspace.output), None, now)
    await session.writer.start_run(run)
    await asyncio.gather(*[_bought(session, run, entry, base_url) for entry in plan.to_buy])


async def _bought(session: Session, run: Run, entry: PlannedClip, base_url: str) -> None:
    clip, now = entry.clip, session.clock.now()
    intent = Intent(
        key=clip.key,
        request_id=f"request-{clip.key.sku}",
        fingerprint=clip.fingerprint,
        model=clip.request.model,
        price=clip.price,
        currency="CNY",
        request=request_record(clip.request),
    )
    writer, task_id = session.writer, TaskId(f"task-{clip.key.sku}")
    attempt = await writer.reserve(run, intent, "2026-11-23", [])
    await writer.move(attempt.id, AttemptState.ACCEPTED, task_id=task_id, submitted_at=now)
    await writer.move(
        attempt.id,
        AttemptState.SUCCEEDED,
        finished_at=now,
        video_url=f"{base_url.removesuffix('/api/paas/v4')}/films/{task_id}.mp4",
        url_expires_at=now + 86_400,
    )


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    _, url, count, place = sys.argv
    asyncio.run(main(url, int(count), Path(place)))
