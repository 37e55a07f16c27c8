"""What a reader tells of a state, and of a value in it that nobody could have written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from batchgen.clip import AttemptState, Intent
from batchgen.errors import StateError
from batchgen.state.reading import SqliteReader
from batchgen.state.writing import SqliteWriter
from tests.state.conftest import DAY, RUN

MakeIntent = Callable[..., Intent]


async def test_every_start_is_counted(writer: SqliteWriter, state_path: Path) -> None:
    """The number of the start is what an old copy of the state is known by."""
    await writer.close()
    await SqliteWriter(state_path, now=lambda: 0.0).close()
    reader = SqliteReader.open(state_path)
    assert reader is not None
    assert reader.epoch == 2
    reader.close()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("request = '{'", id="no JSON"),
        pytest.param("request = x'ff'", id="no text"),
        pytest.param("state = 'paid'", id="no such state"),
        pytest.param("price_milli = 'x'", id="no amount"),
    ],
)
async def test_a_purchase_that_cannot_be_read_is_no_bug(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent, state_path: Path, damage: str
) -> None:
    """A value that was changed on the disk is told as the state's damage, not as a traceback."""
    await writer.reserve(RUN, intent(), DAY, [])
    with closing(sqlite3.connect(state_path, isolation_level=None)) as other:
        other.execute("PRAGMA writable_schema = ON")
        other.execute("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')')")
        other.execute("DROP TRIGGER attempt_moves_legally")
        other.execute("DROP TRIGGER attempt_price_is_frozen")
        other.execute("PRAGMA writable_schema = RESET")
        other.execute(f"UPDATE attempt SET {damage}")
    with pytest.raises(StateError, match="a purchase that cannot be read"):
        list(reader.attempts())


async def test_every_change_is_counted(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """An attempt and each of its moves: the count tells an older copy from a newer one."""
    before = reader.changes
    attempt = await writer.reserve(RUN, intent(), DAY, [])
    await writer.move(attempt.id, AttemptState.UNKNOWN)
    assert reader.changes == before + 2
