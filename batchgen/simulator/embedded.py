"""The simulator as a child process of a run, in the place of the real API.

A process of its own, so that drawing clips never delays the run; over HTTP, so that the run
takes the same road as to the real API.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from batchgen.errors import SettingsError
from batchgen.messages import msg

#: Seconds that a child gets to end by itself.
_END_WAIT_S = 10.0


@asynccontextmanager
async def embedded_simulator(
    folder: Path,
    *,
    tier: str = "V0",
    speed: float = 60.0,
    seed: int = 1,
    faults: str = "",
    switches: Sequence[str] = (),
) -> AsyncIterator[str]:
    """Run a simulator while the block lasts; give its base URL, which ends in `/api/paas/v4`.

    `switches` are further options of `batchgen simulate`. What it accepted, billed and drew is kept
    in `folder`, so the next one there goes on with it. Ctrl-C does not reach it; it ends when this
    process ends, however that happens.

    Raises:
        SettingsError: it did not start; its own words are on stderr.
    """
    options = {
        "--port": "0",
        "--folder": str(folder),
        "--tier": tier,
        "--speed": str(speed),
        "--seed": str(seed),
        "--faults": faults,
    }
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "batchgen", "simulate", "--exit-with-stdin"),
        *(f"{name}={value}" for name, value in options.items()),
        *switches,
        stdin=PIPE,
        stdout=PIPE,
        start_new_session=True,
    )
    try:
        yield await _base_url(child)
    finally:
        await _end(child)


async def _base_url(child: Process) -> str:
    """Wait for the one line that a ready simulator prints."""
    line = await child.stdout.readline() if child.stdout else b""
    if not line:
        raise SettingsError(msg("the simulator did not start; the lines above say why"))
    return str(json.loads(line)["base_url"])


async def _end(child: Process) -> None:
    """Close the child's stdin, which ends it; kill it when it does not."""
    if child.stdin:
        child.stdin.close()
    try:
        await asyncio.wait_for(child.wait(), _END_WAIT_S)
    except TimeoutError:
        child.kill()
        await child.wait()
