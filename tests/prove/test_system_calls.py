"""Watches the system calls of `batchgen run`: all waits until what it rests on is durable."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

import batchgen
from tests.prove import order, strace
from tests.prove.figures import note_figures
from tests.prove.shops import Shop
from tests.truth.book import Terms
from tests.truth.server import TruthServer

_WHY_NOT = strace.why_not()
pytestmark = [pytest.mark.prove, pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))]

POSTS = int(os.environ.get("BATCHGEN_PROVE_POSTS", "200"))
#: A room of the package, a line in it, what a bug makes of that, and what each clip then gets.
BUGS = [
    (
        "state",
        "synchronous = FULL",
        "synchronous = NORMAL",
        (
            "sent before its intent was durable",
            "asked for before its task id was durable",
            "named before it was durable that it is checked",
        ),
    ),
    (
        "output",
        "os.fsync(self._file.fileno())",
        "pass",
        ("recorded as checked before its film was durable",),
    ),
    (
        "output",
        "os.fsync(handle)",
        "pass",
        ("recorded as saved before its name was durable",),
    ),
]


async def watched(folder: Path, posts: int, env: Mapping[str, str]) -> tuple[int, list[str]]:
    """Run a job of so many clips; give how many POSTs were sent, and what came too early."""
    log = folder / "calls.txt"
    shop = Shop.open(folder / "shop", posts, Decimal(posts * 2))
    async with TruthServer(Terms(task_s=(0.0, 0.05))) as server:
        command = strace.recording(log, order.CALLS)
        process = await shop.start(server.port, env=env, under=command)
        _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    verdict = shop.check(server.truth())
    assert (verdict.violations(), verdict.saved) == ([], posts)
    seen = order.look(strace.read_calls(log))
    log.unlink()
    return len(seen.posts), list(order.complaints(seen, server.truth()["charges"]))


async def test_nothing_is_done_before_what_it_rests_on_is_durable(tmp_path: Path) -> None:
    """Intent, POST, task id, poll, film, its record, its name, its end: each waits for the disk."""
    posts, complaints = await watched(tmp_path, POSTS, {})
    assert complaints == []
    assert posts == POSTS
    note_figures("system calls", posts=posts)


@pytest.mark.parametrize(("room", "right", "wrong", "expected"), BUGS)
async def test_a_missing_sync_is_seen(
    tmp_path: Path, room: str, right: str, wrong: str, expected: tuple[str, ...]
) -> None:
    """A package without it is complained about, for every clip."""
    package = tmp_path / "package" / "batchgen"
    shutil.copytree(Path(batchgen.__file__).parent, package)
    plant(package / room, right, wrong)
    posts, complaints = await watched(tmp_path, 3, {"PYTHONPATH": str(package.parent)})
    counts = {text: sum(text in line for line in complaints) for text in expected}
    assert counts == dict.fromkeys(expected, posts), complaints


def plant(room: Path, right: str, wrong: str) -> None:
    """Change the one line of a room that reads so."""
    texts = {file: file.read_text(encoding="utf-8") for file in room.glob("*.py")}
    (file,) = (file for file, text in texts.items() if right in text)
    file.write_text(texts[file].replace(right, wrong), encoding="utf-8")
