"""Many accounts in one process: a session of batchgen for each, all in one loop, on one core.

Prints one JSON line with seconds and CPU seconds of the runs alone. Run as
`python -m tests.bench.crowd_client BASE_URL ACCOUNTS CLIPS FOLDER`, CLIPS being of each account.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

from batchgen.clock import SystemClock
from batchgen.engine import Options, open_workspace
from batchgen.execution import Ending, Session, open_session
from batchgen.plan.values import Selection
from batchgen.run.ports import SilentObserver
from tests.bench.shop import write_shop


async def main(base_url: str, accounts: int, clips: int, folder: Path) -> None:
    """Open a session for each account, run them together and print."""
    async with AsyncExitStack() as stack:
        sessions = []
        for number in range(accounts):
            name = f"key-{number}"
            job = write_shop(folder / name, clips, {"tier": "V3", "name": name})
            environ = {**os.environ, "BATCHGEN_API_KEY": name}
            workspace = open_workspace(job, Options(base_url=base_url), environ)
            opening = open_session(workspace, SystemClock())
            sessions.append(await stack.enter_async_context(opening))
        began_s, used_s = time.perf_counter(), _cpu_s()
        endings = await asyncio.gather(*map(_run, sessions))
        told = {"wall_s": time.perf_counter() - began_s, "cpu_s": _cpu_s() - used_s}
    stopped = [str(ending.message) for ending in endings if ending.stopped is not None]
    print(json.dumps(told | {"stopped": stopped}))


async def _run(session: Session) -> Ending:
    return await session.run(session.plan(Selection()), SilentObserver())


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    _, url, account_count, clip_count, place = sys.argv
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    asyncio.run(main(url, int(account_count), int(clip_count), Path(place)))
