"""What makes a commit survive a power cut, and money survive its way through the database."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.clip import AttemptState, ClipKey, Intent
from batchgen.errors import StateError
from batchgen.state.disk_reserve import make_reserve, release_reserve, reserve_path
from batchgen.state.marks import mark_path
from batchgen.state.opening import open_for_writing
from batchgen.state.reading import SqliteReader
from batchgen.state.records import from_milli, to_milli
from batchgen.state.store import Purse
from batchgen.state.writing import SqliteWriter
from tests.state.conftest import ACCOUNT, DAY, RUN

MakeIntent = Callable[..., Intent]


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        pytest.param("synchronous", 2, id="every commit is synced"),
        pytest.param("journal_mode", "wal", id="a commit is one append"),
        pytest.param("fullfsync", 1, id="on macOS the disk's own cache, too"),
        pytest.param("foreign_keys", 1, id="no attempt without its run"),
    ],
)
def test_a_commit_survives_a_power_cut(tmp_path: Path, pragma: str, value: object) -> None:
    """The writer's connection is set to full durability."""
    with closing(open_for_writing(tmp_path / "state.db", 0.0)) as connection:
        assert connection.execute(f"PRAGMA {pragma}").fetchone()[0] == value


def test_every_fen_is_kept_exactly() -> None:
    """Amounts come back from the database as they were, whatever binary fractions do."""
    amounts = [Decimal(fen) / 100 for fen in range(10_000)] + [
        Decimal("0.001"),
        Decimal("98765.43"),
    ]
    assert [from_milli(to_milli(amount)) for amount in amounts] == amounts


async def test_a_price_stays_as_it_was_frozen(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """Whatever a call costs today: the attempt and every purse keep the price of its purchase."""
    attempt = await writer.reserve(RUN, intent(price="9.99"), DAY, [])
    moved = await writer.move(attempt.id, AttemptState.UNKNOWN)
    assert [attempt.price, moved.price] == [Decimal("9.99")] * 2
    assert reader.balance(ACCOUNT, Purse("sku", "MUG-001")).at_risk == Decimal("9.99")


async def test_a_change_that_fails_half_way_leaves_nothing(
    writer: SqliteWriter, state_path: Path
) -> None:
    """An order with a name that no database takes is not begun, and the next change is made."""
    with pytest.raises(UnicodeEncodeError):
        await writer.place_order("spring", ACCOUNT, "sku", [ClipKey("A"), ClipKey("\ud800")])
    await writer.start_run(RUN)
    with closing(sqlite3.connect(state_path)) as other:
        assert other.execute("SELECT count(*) FROM purchase_order").fetchone()[0] == 0


async def test_what_lies_beside_the_state_is_private(
    writer: SqliteWriter, intent: MakeIntent, state_path: Path
) -> None:
    """Mark and write-ahead log are readable by their owner only."""
    await writer.reserve(RUN, intent(), DAY, [])
    beside = [mark_path(state_path), state_path.with_name("state.db-wal")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in beside] == [0o600] * 2


@pytest.mark.parametrize("has_fallocate", [True, False])
def test_the_space_that_is_kept_back_is_really_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_fallocate: bool
) -> None:
    """On a system that cannot set space aside by itself it is written full; it is given up once."""
    if not has_fallocate:
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    state = tmp_path / "state.db"
    make_reserve(state)
    assert reserve_path(state).stat().st_blocks * 512 >= 1024 * 1024
    assert [release_reserve(state), release_reserve(state)] == [True, False]


def test_a_state_whose_mark_cannot_be_kept_is_not_used(state_path: Path) -> None:
    """Nobody could tell an old copy from it later; the database is not left open."""
    mark_path(state_path).mkdir(parents=True)
    with pytest.raises(StateError, match="cannot be used"):
        SqliteWriter(state_path, now=lambda: 0.0)
    assert not state_path.with_name("state.db-wal").exists()
