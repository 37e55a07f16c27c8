"""Who reads a state learns when it is not the newest, and never while it merely goes on."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from batchgen.clip import Intent, TaskId
from batchgen.errors import StateError
from batchgen.messages import Message
from batchgen.state.doubts import doubt_about
from batchgen.state.marks import mark_path
from batchgen.state.spool import Receipt, keep
from batchgen.state.writing import SqliteWriter
from tests.state.conftest import DAY, RUN

MakeIntent = Callable[..., Intent]


async def bought(state: Path, *intents: Intent) -> None:
    """Buy something in a start of its own."""
    writer = SqliteWriter(state, now=lambda: 1_000.0)
    await writer.start_run(RUN)
    for intent in intents:
        await writer.reserve(RUN, intent, DAY, [])
    await writer.close()


def test_where_nothing_was_there_is_no_doubt(state_path: Path) -> None:
    """A job that never ran; looking makes nothing."""
    assert doubt_about(state_path) is None
    assert not state_path.parent.exists()


async def test_a_reader_is_told_what_a_run_is_told(state_path: Path, intent: MakeIntent) -> None:
    """Of the newest state nothing; of an old copy the sentence of the refusal."""
    await bought(state_path, intent("A"))
    old = shutil.copy(state_path, state_path.with_name("copy"))
    await bought(state_path, intent("B"))
    assert doubt_about(state_path) is None
    shutil.copy(old, state_path)
    with pytest.raises(StateError, match=r"older than.*delete state\.db\.mark") as refusal:
        SqliteWriter(state_path, now=lambda: 0.0)
    assert doubt_about(state_path) == refusal.value.message


async def test_a_deleted_state_is_told(state_path: Path, intent: MakeIntent) -> None:
    """Its mark is there; without the mark there never was one."""
    await bought(state_path, intent("A"))
    state_path.unlink()
    assert "was deleted" in str(doubt_about(state_path))
    mark_path(state_path).unlink()
    assert doubt_about(state_path) is None


@pytest.mark.parametrize(("attempt_id", "is_told"), [(1, False), (2, True)])
async def test_a_state_that_lacks_what_the_spool_names_is_told(
    state_path: Path, intent: MakeIntent, attempt_id: int, is_told: bool
) -> None:
    """The spool holds a task id of an attempt that only a newer state has."""
    await bought(state_path, intent("A"))
    keep(state_path, Receipt(attempt_id, TaskId("task-1"), 1_000.0))
    assert ("state.db.spool" in str(doubt_about(state_path))) is is_told


class Watchman:
    """Somebody in a thread of his own who asks again and again whether there is a doubt."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._over = threading.Event()
        self.looks = 0

    def watch(self) -> list[Message]:
        """Look until told to stop; give every doubt."""
        doubts = []
        while not self._over.is_set():
            doubt = doubt_about(self._state)
            self.looks += 1
            doubts += [] if doubt is None else [doubt]
        return doubts

    def end(self) -> None:
        """Make the watch end."""
        self._over.set()


async def test_a_busy_writer_is_no_doubt(state_path: Path, intent: MakeIntent) -> None:
    """Starts, purchases and marks go on while somebody looks: the state is never behind."""
    watchman = Watchman(state_path)
    watching = asyncio.create_task(asyncio.to_thread(watchman.watch))
    starts = 0
    while watchman.looks < 200 or starts < 5:
        await bought(state_path, *(intent(f"{starts}-{number}") for number in range(20)))
        starts += 1
    watchman.end()
    assert await watching == []


class HeldMark:
    """The mark of a state that a writer has open, handed out to a reader only when we like."""

    def __init__(self, state: Path) -> None:
        self._here = mark_path(state)
        self._written = self._here.rename(state.with_name("written"))
        os.mkfifo(self._here)

    def asked(self) -> int | None:
        """Open the way to a reader who waits for the mark; None when nobody does."""
        try:
            return os.open(self._here, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return None

    def give(self, reader: int) -> None:
        """Give the mark as it is now; who asks for it again waits again."""
        os.write(reader, self._written.read_bytes())
        self._here.unlink()
        os.mkfifo(self._here)
        os.close(reader)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
async def test_what_is_committed_while_somebody_looks_is_no_doubt(
    writer: SqliteWriter, state_path: Path, intent: MakeIntent
) -> None:
    """The mark is read before the database, which so is never older than it."""
    held = HeldMark(state_path)
    looking = asyncio.create_task(asyncio.to_thread(doubt_about, state_path))
    given = 0
    while not looking.done():
        reader = held.asked()
        if reader is not None:
            await writer.reserve(RUN, intent(f"S{given}"), DAY, [])
            held.give(reader)
            given += 1
        await asyncio.sleep(0)
    assert (await looking, given) == (None, 1)
