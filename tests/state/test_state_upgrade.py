"""States that earlier releases wrote are read, brought up to this one, and lose nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.clip import MEANING, MOVES, AttemptState
from batchgen.state import schema
from batchgen.state.reading import SqliteReader
from batchgen.state.store import Purse
from batchgen.state.writing import SqliteWriter
from tests.state.conftest import ACCOUNT

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def old_state(tmp_path: Path) -> Path:
    """Lay down a state as the first version wrote it: one attempt in each state."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((GOLDEN / "version-1.sql").read_text(encoding="utf-8"))
    return path


def attempts(path: Path) -> list[object]:
    """Read every attempt."""
    reader = SqliteReader.open(path)
    assert reader is not None
    with closing(reader):
        return list(reader.attempts())


def test_an_old_state_is_read_as_it_is(old_state: Path) -> None:
    """Every state of an attempt and its money are understood without writing."""
    reader = SqliteReader.open(old_state)
    assert reader is not None
    with closing(reader):
        found = list(reader.attempts())
        money = reader.balance(ACCOUNT, Purse("job", "spring"))
    assert {attempt.state for attempt in found} == set(AttemptState)
    bought = [a.price for a in found if a.money in {*money_places()}]
    assert money.committed == sum(bought, Decimal(0))


def money_places() -> set[object]:
    """Name the places of money that is, or may be, a charge."""
    return {place for _, place in MEANING.values() if place.value != "released"}


async def test_an_old_state_is_brought_up_and_a_copy_stays(old_state: Path) -> None:
    """The first start writes the moves of this release; attempts are the same before and after."""
    before = attempts(old_state)
    await SqliteWriter(old_state, lambda: 9.0).close()
    assert attempts(old_state) == before
    copy = old_state.with_name("state.db.version-1")
    assert attempts(copy) == before
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(old_state)) as connection:
        moves = set(connection.execute("SELECT old, new FROM move"))
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    assert moves == {(old.value, new.value) for old, news in MOVES.items() for new in news}
    assert version == schema.SCHEMA_VERSION


async def test_a_state_of_this_release_is_not_copied(old_state: Path) -> None:
    """The second start finds nothing to bring up."""
    copy = old_state.with_name("state.db.version-1")
    await SqliteWriter(old_state, lambda: 9.0).close()
    copy.unlink()
    await SqliteWriter(old_state, lambda: 9.0).close()
    assert not copy.exists()
