"""What is looked up in a state of very many attempts: by SKU, by id, by what is not simply done."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from batchgen.clip import AccountScope, AttemptState
from batchgen.state.reading import SqliteReader
from batchgen.state.writing import SqliteWriter
from tests.state.conftest import ACCOUNT

GOLDEN = Path(__file__).parent / "golden" / "version-3.sql"
ELSEWHERE = AccountScope("zai", "default", "api.z.ai")


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[SqliteReader]:
    """Open a state with one attempt in each state, brought up to this release."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(GOLDEN.read_text(encoding="utf-8"))
    await SqliteWriter(path, lambda: 9.0).close()
    opened = SqliteReader.open(path)
    assert opened is not None
    yield opened
    opened.close()


async def test_attempts_are_found_by_their_skus(reader: SqliteReader) -> None:
    """Those of the account alone, oldest first; SKUs that are not there give nothing."""
    everything = list(reader.attempts(ACCOUNT))
    wanted = {everything[7].key.sku, everything[2].key.sku, "nowhere"}
    found = list(reader.attempts_of(ACCOUNT, wanted))
    assert found == [attempt for attempt in everything if attempt.key.sku in wanted]
    assert list(reader.attempts_of(ELSEWHERE, wanted)) == []


async def test_attempts_are_found_by_their_ids(reader: SqliteReader) -> None:
    """As many as are asked for, also more than one statement takes."""
    everything = list(reader.attempts())
    assert list(reader.attempts_by_id(range(2000))) == everything
    assert list(reader.attempts_by_id([])) == []


async def test_what_is_not_saved_is_found_by_its_state(reader: SqliteReader) -> None:
    """In the order of buying, of one account or of all."""
    wanted = {AttemptState.FAILED, AttemptState.UNKNOWN, AttemptState.ACCEPTED}
    expected = [attempt for attempt in reader.attempts() if attempt.state in wanted]
    assert list(reader.unsaved(None, wanted)) == list(reader.unsaved(ACCOUNT, wanted)) == expected
    assert list(reader.unsaved(ELSEWHERE, wanted)) == []


@pytest.mark.parametrize("narrowed", ["attempt.account_id = 1 AND ", ""])
async def test_the_unsaved_are_found_by_their_index(
    reader: SqliteReader, narrowed: str, tmp_path: Path
) -> None:
    """Without going through what is done, however much that is."""
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT id FROM attempt"
            f" WHERE {narrowed}state IN ('failed', 'unknown') AND state <> 'saved'"
        ).fetchall()
    assert "attempt_unsaved" in str(plan)
