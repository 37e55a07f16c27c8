"""The simulator as a process of its own: the command, and the child of a run."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from batchgen.errors import SettingsError
from batchgen.simulator.embedded import embedded_simulator
from tests.simulator.simulated_api import HEADERS, RED


async def submit(base_url: str) -> None:
    """Buy one clip."""
    body = {"model": "vidu2-image", "image_url": RED}
    async with (
        aiohttp.ClientSession(headers=HEADERS) as session,
        session.post(f"{base_url}/videos/generations", json=body) as response,
    ):
        assert response.status == 200


async def watch(base_url: str, what: str) -> Any:
    """Read `stats` or `bill`."""
    url = base_url.removesuffix("/api/paas/v4") + f"/simulator/{what}"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.json()


async def start(*options: str) -> Process:
    """Start the command."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "batchgen", "simulate", *options), stdin=PIPE, stdout=PIPE
    )


async def ready(child: Process) -> dict[str, Any]:
    """Read the line of a ready simulator."""
    assert child.stdout is not None
    answer: dict[str, Any] = json.loads(await child.stdout.readline())
    return answer


@pytest.mark.parametrize("signal_sent", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_prints_one_line_and_ends_on_a_signal(signal_sent: int) -> None:
    """It says where it is, and ends cleanly with nothing more on stdout."""
    child = await start("--port", "0", "--tier", "V1", "--speed", "60", "--seed", "7")
    line = await ready(child)
    stats = await watch(line["base_url"], "stats")
    child.send_signal(signal_sent)
    rest, _ = await child.communicate()
    assert line == {
        "base_url": f"http://127.0.0.1:{line['port']}/api/paas/v4",
        "port": line["port"],
        "tier": "V1",
        "speed": 60.0,
        "seed": 7,
    }
    assert (stats["cap"], rest, child.returncode) == (10, b"", 0)


async def test_switches_are_options() -> None:
    """A switch given on the command line reaches the simulator."""
    child = await start("--port", "0", "--unknown-task", "404", "--fail-charged")
    base_url = (await ready(child))["base_url"]
    url = f"{base_url}/async-result/x"
    async with aiohttp.ClientSession(headers=HEADERS) as session, session.get(url) as response:
        assert response.status == 404
    child.terminate()
    await child.communicate()


async def test_a_child_goes_on_with_the_folder(tmp_path: Path) -> None:
    """A second simulator on the folder has the bill of the first."""
    async with embedded_simulator(tmp_path, speed=1000) as first:
        await submit(first)
        bill = await watch(first, "bill")
    async with embedded_simulator(tmp_path, speed=1000) as second:
        assert await watch(second, "bill") == bill
    assert len(bill) == 1
    assert first.endswith("/api/paas/v4")


async def test_a_child_survives_ctrl_c_and_ends_with_stdin(tmp_path: Path) -> None:
    """Ctrl-C is for the run to drain; the end of the run, however it comes, ends the child."""
    child = await start("--port=0", "--exit-with-stdin", f"--folder={tmp_path}")
    base_url = (await ready(child))["base_url"]
    child.send_signal(signal.SIGINT)
    assert (await watch(base_url, "stats"))["paid"] == 0
    assert child.stdin is not None
    child.stdin.close()
    await child.communicate()
    assert child.returncode == 0


async def test_a_child_ends_when_its_run_is_killed(tmp_path: Path) -> None:
    """After SIGKILL of the run, the folder is free for the next one."""
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from batchgen.simulator.embedded import embedded_simulator\n"
        "async def main():\n"
        "    async with embedded_simulator(Path(sys.argv[1])) as url:\n"
        "        print(url, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    run = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(tmp_path)), stdout=PIPE, env=dict(os.environ)
    )
    assert run.stdout is not None
    first = (await run.stdout.readline()).decode().strip()
    await submit(first)
    run.kill()
    await run.communicate()
    async with embedded_simulator(tmp_path) as second:
        assert len(await watch(second, "bill")) == 1


async def test_a_child_that_cannot_start_is_told(tmp_path: Path) -> None:
    """A wrong option ends the child at once, and the run says so."""
    with pytest.raises(SettingsError, match="did not start"):
        async with embedded_simulator(tmp_path, tier="V9"):
            raise AssertionError
