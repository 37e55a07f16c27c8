"""Starts servers and clients as processes of their own, and measures what a client used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Server:
    """A running bench server."""

    origin: str

    @property
    def base_url(self) -> str:
        """The address that a client is given."""
        return f"{self.origin}/api/paas/v4"

    def figures(self) -> dict[str, Any]:
        """Ask what it saw; see `tests.bench.server`."""
        with urllib.request.urlopen(f"{self.origin}/figures", timeout=30) as answer:
            return dict(json.load(answer))


@dataclass(frozen=True, slots=True)
class Used:
    """What a process used, with the children it waited for."""

    cpu_s: float
    wall_s: float


@contextmanager
def serving(film: Path, **options: object) -> Iterator[Server]:
    """Run a bench server while the block lasts; `options` are those of its command line."""
    said = [f"--{name}={value}" for name, value in options.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.server", f"--film={film}", *said],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdin
    try:
        yield Server(json.loads(process.stdout.readline())["origin"])
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


def measured(command: Sequence[str], environ: Mapping[str, str], log: Path) -> Used:
    """Run a command to its end and give what it used; its output goes into a file.

    Raises:
        RuntimeError: it failed.
    """
    began_s = time.perf_counter()
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(environ), stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}: {log.read_text()[-2000:]}")
    wall_s = time.perf_counter() - began_s
    return Used(used.ru_utime + used.ru_stime, wall_s)


def environment(home: Path, key: str = "key-1") -> dict[str, str]:
    """Give the whole environment of a client; its own state lies below `home`."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "XDG_STATE_HOME": str(home),
        "BATCHGEN_API_KEY": key,
        "BATCHGEN_LANG": "en",
    }
