"""`batchgen simulate` and `batchgen demo`: the API and the whole pipeline on this machine."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.shop import call_command, ended, kill, start_command, start_simulator


def ready(process: subprocess.Popen[str]) -> dict[str, object]:
    """Read the line that a simulator prints when it is ready."""
    assert process.stdout
    line: dict[str, object] = json.loads(process.stdout.readline())
    return line


def test_one_line_tells_that_it_is_ready() -> None:
    """The line is JSON and holds the address and what was asked for."""
    server = start_command("simulate", "--port=0", "--tier=V2", "--speed=60", "--seed=7")
    told = ready(server)
    assert told["base_url"] == f"http://127.0.0.1:{told['port']}/api/paas/v4"
    assert (told["tier"], told["speed"], told["seed"]) == ("V2", 60.0, 7)
    kill(server)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_in_peace(name: str) -> None:
    """Ctrl-C is the way to end it: exit 0 and no traceback."""
    server = start_command("simulate", "--port=0")
    ready(server)
    server.send_signal(getattr(signal, name))
    assert ended(server) == (0, "", "")


def test_it_watches_itself() -> None:
    """Counters and bill can be read at any time."""
    watch = start_simulator()
    names = {"submits", "refused", "polls", "in_flight", "max_in_flight", "paid", "spent"}
    assert names <= set(watch.stats())
    assert watch.bill() == []
    watch.close()


@pytest.mark.parametrize(
    "options",
    [
        ("--faults=gremlins=1",),
        ("--faults=fail=2",),
        ("--speed=0",),
        ("--tier=V9",),
        ("--port=0", "--folder=in-the-way/below"),
    ],
)
def test_wrong_switches_exit_2(tmp_path: Path, options: tuple[str, ...]) -> None:
    """A fault, number or folder that cannot be: exit 2 and nothing on stdout."""
    (tmp_path / "in-the-way").write_text("a file")
    result = call_command("simulate", *options)
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_taken_port_exits_2() -> None:
    """A port that something else uses is told."""
    watch = start_simulator()
    port = watch.base_url.split(":")[2].split("/")[0]
    result = call_command("simulate", f"--port={port}")
    assert result.exit_code == 2
    assert port in result.stderr
    watch.close()


def test_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample catalogue becomes 24 clips, whatever address is set for other jobs."""
    monkeypatch.setenv("BATCHGEN_BASE_URL", "https://open.bigmodel.cn/api/paas/v4")
    result = call_command("demo", "--output=shown", "--no-progress")
    assert result.exit_code == 0
    assert len(list(tmp_path.glob("shown/clips/*/*.mp4"))) == 24
    assert "report.html" in result.stdout
    assert "CNY spent" in result.stdout
