"""Starts `batchgen` again and again without the second that its imports take each time.

One process imports everything and then forks for each start: a real process with its own files,
locks, signals and environment, that can be killed like any other. Run as a module it is that
process; it reads one JSON line for a start and answers with the pid, then with the exit status.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import pkgutil
import runpy
import signal
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import batchgen

#: No start takes as long, in seconds.
_LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How one start ended: its exit status (minus the signal's number if killed) and its stderr."""

    status: int
    errors: str


class WarmStarts:
    """Starts `batchgen`, one at a time: `async with WarmStarts() as starts`."""

    _process: Process

    async def __aenter__(self) -> Self:
        root = str(Path(__file__).parents[2])
        self._process = await create_subprocess_exec(
            *(sys.executable, "-m", "tests.prove.warm"),
            stdin=PIPE,
            stdout=PIPE,
            cwd=root,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": root},
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._process.communicate(b"")

    async def run(self, folder: Path, arguments: Sequence[str], env: Mapping[str, str]) -> Ended:
        """Start `batchgen` in a folder, with no environment but this, and wait for its end.

        One that does not end in time is aborted: its status is -6.
        """
        assert self._process.stdin
        assert self._process.stdout
        errors = folder / "stderr.txt"
        order = {
            "folder": str(folder),
            "arguments": list(arguments),
            "env": dict(env),
            "errors": str(errors),
        }
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        pid = int(await self._process.stdout.readline())
        ending = asyncio.ensure_future(self._process.stdout.readline())
        try:
            await asyncio.wait([ending], timeout=_LONGEST_S)
        finally:
            if not ending.done():
                os.kill(pid, signal.SIGABRT)
            status = int(await ending)
        return Ended(status, errors.read_text(encoding="utf-8"))


def _serve() -> None:
    """Fork for each line of standard input until there is no more."""
    for module in pkgutil.walk_packages(batchgen.__path__, "batchgen."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    while line := sys.stdin.readline():
        pid = os.fork()
        if pid == 0:
            _become_batchgen(json.loads(line))
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become_batchgen(order: Mapping[str, Any]) -> None:
    """Be what `python -m batchgen` is; ends with SystemExit."""
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["folder"])
    nowhere = os.open(os.devnull, os.O_RDWR)
    errors = os.open(order["errors"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number, handle in enumerate((nowhere, nowhere, errors)):
        os.dup2(handle, number)
    importlib.reload(sys.modules["batchgen.crash_points"])  # reads the environment when imported
    sys.argv = ["batchgen", *order["arguments"]]
    runpy.run_module("batchgen", run_name="__main__")


if __name__ == "__main__":
    _serve()
