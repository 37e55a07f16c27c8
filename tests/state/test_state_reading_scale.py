"""What is looked up in a state of very many attempts: by SKU, by id, by what is not simply done."""

from __future__ import annotations

import sqlite3
from collections import Counter
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


async def test_of_a_clip_that_was_bought_again_only_the_newest_is_found(tmp_path: Path) -> None:
    """The earlier failure is over; without being asked for the newest, it is found as well."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(GOLDEN.read_text(encoding="utf-8"))
        columns = [row[1] for row in connection.execute("PRAGMA table_info(attempt)")]
        fresh = {"id": 900, "number": 2, "request_id": "again", "task_id": None, "state": "intent"}
        copied = ", ".join(f"'{fresh[it]}'" if fresh.get(it) else it for it in columns)
        copied = copied.replace(" task_id", " NULL")
        connection.execute(
            f"INSERT INTO attempt SELECT {copied} FROM attempt WHERE state = 'failed'"
        )
        connection.commit()
    reader = SqliteReader.open(path)
    assert reader is not None
    with closing(reader):
        failed = {AttemptState.FAILED}
        assert len(list(reader.unsaved(ACCOUNT, failed))) == 1
        assert list(reader.unsaved(ACCOUNT, failed, newest=True)) == []


async def test_jobs_are_counted_by_the_newest_of_each_clip(reader: SqliteReader) -> None:
    """As going through all of them would count them."""
    newest = list(reader.newest_attempts())
    (found,) = reader.standings()
    assert (found.job, found.account, found.currency) == ("spring", ACCOUNT, "CNY")
    assert found.counts == Counter(attempt.state for attempt in newest)
