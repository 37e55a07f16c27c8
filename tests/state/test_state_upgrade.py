"""States that earlier releases wrote are read, brought up to this one, and lose nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.clip import MEANING, MOVES, Attempt, AttemptState
from batchgen.state import schema
from batchgen.state.reading import SqliteReader
from batchgen.state.store import Purse
from batchgen.state.writing import SqliteWriter
from tests.state.conftest import ACCOUNT

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(params=sorted(schema.READABLE - {schema.SCHEMA_VERSION}))
def version(request: pytest.FixtureRequest) -> int:
    """Name every older version that is read."""
    return int(request.param)


@pytest.fixture
def old_state(tmp_path: Path, version: int) -> Path:
    """Lay down a state as that version wrote it: one attempt in each state."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((GOLDEN / f"version-{version}.sql").read_text(encoding="utf-8"))
    return path


def attempts(path: Path) -> list[Attempt]:
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


async def test_an_old_state_is_brought_up_and_a_copy_stays(old_state: Path, version: int) -> None:
    """The first start writes the moves of this release; attempts are the same before and after."""
    before = attempts(old_state)
    await SqliteWriter(old_state, lambda: 9.0).close()
    assert attempts(old_state) == before
    copy = old_state.with_name(f"state.db.version-{version}")
    assert attempts(copy) == before
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(old_state)) as connection:
        moves = set(connection.execute("SELECT old, new FROM move"))
        now = connection.execute("PRAGMA user_version").fetchone()[0]
    assert moves == {(old.value, new.value) for old, news in MOVES.items() for new in news}
    assert now == schema.SCHEMA_VERSION


async def test_a_charge_after_all_is_kept_by_an_old_state(old_state: Path) -> None:
    """The database itself allows the moves that this release knows."""
    writer = SqliteWriter(old_state, lambda: 9.0)
    (unpaid,) = (it for it in attempts(old_state) if it.state is AttemptState.DECLARED_UNPAID)
    moved = await writer.move(unpaid.id, AttemptState.WRITTEN_OFF, "charged")
    await writer.close()
    assert moved.state is AttemptState.WRITTEN_OFF


async def test_a_state_of_this_release_is_not_copied(old_state: Path, version: int) -> None:
    """The second start finds nothing to bring up."""
    copy = old_state.with_name(f"state.db.version-{version}")
    await SqliteWriter(old_state, lambda: 9.0).close()
    copy.unlink()
    await SqliteWriter(old_state, lambda: 9.0).close()
    assert not copy.exists()
