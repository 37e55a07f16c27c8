"""A state that went back in time, or was deleted, is never used."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from batchgen.clip import Intent
from batchgen.errors import StateError
from batchgen.state.marks import mark_path
from batchgen.state.writing import SqliteWriter
from tests.state.conftest import DAY, RUN

MakeIntent = Callable[..., Intent]


async def use(state: Path, intent: Intent | None = None) -> None:
    """Open the state as a run does, buy something if told to, and close it."""
    writer = SqliteWriter(state, now=lambda: 1_000.0)
    await writer.start_run(RUN)
    if intent is not None:
        await writer.reserve(RUN, intent, DAY, [])
    await writer.close()


async def test_an_old_copy_is_refused(state_path: Path, intent: MakeIntent) -> None:
    """A copy taken before the last purchase is not put to use again."""
    await use(state_path, intent("A"))
    old = shutil.copy(state_path, state_path.with_name("copy"))
    await use(state_path, intent("B"))
    shutil.copy(old, state_path)
    with pytest.raises(StateError, match=r"older than the last run by \d+ changes"):
        SqliteWriter(state_path, now=lambda: 0.0)


async def test_an_old_copy_of_the_same_start_is_refused(
    state_path: Path, intent: MakeIntent
) -> None:
    """Even within one start, what was recorded after the copy is missed."""
    writer = SqliteWriter(state_path, now=lambda: 1_000.0)
    await writer.start_run(RUN)
    copies = [state_path, state_path.with_name("state.db-wal")]
    old = {path: path.read_bytes() for path in copies}
    await writer.reserve(RUN, intent("A"), DAY, [])
    await writer.close()
    for path, content in old.items():
        path.write_bytes(content)
    with pytest.raises(StateError, match="older than the last run by 1 changes"):
        SqliteWriter(state_path, now=lambda: 0.0)


async def test_a_deleted_log_is_noticed(state_path: Path, intent: MakeIntent) -> None:
    """A state whose write-ahead log was thrown away after a crash is refused."""
    await use(state_path)
    writer = SqliteWriter(state_path, now=lambda: 1_000.0)
    await writer.reserve(RUN, intent("A"), DAY, [])
    crashed = state_path.parent.parent / "crashed"
    shutil.copytree(state_path.parent, crashed)
    await writer.close()
    (crashed / "state.db-wal").unlink()
    with pytest.raises(StateError, match="older than the last run"):
        SqliteWriter(crashed / "state.db", now=lambda: 0.0)


async def test_a_deleted_state_is_noticed(state_path: Path, intent: MakeIntent) -> None:
    """A new state is not begun where one was, unless its mark is deleted as well."""
    await use(state_path, intent("A"))
    state_path.unlink()
    with pytest.raises(StateError, match="was deleted"):
        SqliteWriter(state_path, now=lambda: 0.0)
    mark_path(state_path).unlink()
    await use(state_path)


async def test_another_state_is_noticed(
    state_path: Path, tmp_path: Path, intent: MakeIntent
) -> None:
    """A state of somebody else, copied over ours, is refused."""
    await use(state_path, intent("A"))
    other = tmp_path / "other" / "state.db"
    await use(other)
    shutil.copy(other, state_path)
    with pytest.raises(StateError, match="another state was put in the place"):
        SqliteWriter(state_path, now=lambda: 0.0)


@pytest.mark.parametrize("garbage", [b"", b"{", b"[1]", b"\xff" * 160])
async def test_an_unreadable_mark_stops_nobody(
    state_path: Path, intent: MakeIntent, garbage: bytes
) -> None:
    """A mark that a crash tore proves nothing; the next start writes it again."""
    await use(state_path, intent("A"))
    mark_path(state_path).write_bytes(garbage)
    await use(state_path, intent("B"))
    state_path.unlink()
    with pytest.raises(StateError, match="was deleted"):
        SqliteWriter(state_path, now=lambda: 0.0)
