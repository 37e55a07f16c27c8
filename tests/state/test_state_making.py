"""A new state is there whole or not at all."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from batchgen.errors import StateError
from batchgen.state import schema
from batchgen.state.opening import open_for_reading, open_for_writing


def test_a_new_state_stands_whole_in_its_main_file(tmp_path: Path) -> None:
    """Without its write-ahead log, too, it is known for ours."""
    open_for_writing(tmp_path / "state.db", 0.0).close()
    (tmp_path / "state.db-wal").unlink(missing_ok=True)
    found = open_for_reading(tmp_path / "state.db")
    assert found is not None
    assert found.execute("PRAGMA application_id").fetchone()[0] == schema.APPLICATION_ID
    found.close()


def test_a_start_that_dies_while_making_the_state_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it began stands under another name, and the next start makes the state anew."""
    path = tmp_path / "state.db"
    with monkeypatch.context() as patch:
        patch.setattr(schema, "create", _die_half_way)
        with pytest.raises(KeyboardInterrupt):
            open_for_writing(path, 0.0)
    assert not path.exists()
    open_for_writing(path, 0.0).close()
    assert not (tmp_path / "state.db.new").exists()


def test_the_log_of_a_lost_state_is_not_taken_in(tmp_path: Path) -> None:
    """Where the file was deleted and its log was not, nothing is made over it."""
    (tmp_path / "state.db-wal").write_bytes(b"purchases")
    with pytest.raises(StateError, match="gone"):
        open_for_writing(tmp_path / "state.db", 0.0)
    assert (tmp_path / "state.db-wal").read_bytes() == b"purchases"


def _die_half_way(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE half (name TEXT)")
    raise KeyboardInterrupt
