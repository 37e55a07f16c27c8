"""The high-water mark: how far a state has come, noted beside it after every commit.

A state that is behind its mark went back in time (an old copy, a lost write-ahead log), and one
that is gone while its mark is there was deleted. Both would buy again what was bought, so neither
is used. The mark is written after the commit and never synced: it may be behind, never ahead.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from batchgen.errors import StateError
from batchgen.messages import Message, msg

#: Bytes of a mark: always the same, so that it is overwritten in place.
_SIZE = 160


@dataclass(frozen=True, slots=True)
class Height:
    """How far a state has come."""

    state_id: str
    #: Starts that wrote to it so far.
    epoch: int
    #: Attempts and events in it.
    changes: int


def mark_path(state: Path) -> Path:
    """Give where the mark of a state lies: beside it."""
    return state.with_name(f"{state.name}.mark")


def height_of(connection: sqlite3.Connection) -> Height:
    """Read how far a state has come; costs two look-ups of a largest row id."""
    meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    changes = connection.execute(
        """SELECT (SELECT coalesce(max(id), 0) FROM attempt)
                + (SELECT coalesce(max(seq), 0) FROM event)"""
    ).fetchone()[0]
    return Height(meta["state_id"], int(meta["epoch"]), changes)


def refuse_if_deleted(state: Path) -> None:
    """Refuse to make a new state where one was before.

    Raises:
        StateError: the state is gone, its mark is there.
    """
    if read_mark(state) is not None:
        raise StateError(deleted(state))


def refuse_if_behind(state: Path, height: Height) -> None:
    """Refuse a state that is behind its mark.

    Raises:
        StateError: it is older than its mark, or another one.
    """
    mark = read_mark(state)
    told = None if mark is None else behind(state, mark, height)
    if told is not None:
        raise StateError(told)


def deleted(state: Path) -> Message:
    """Word that a state is gone, and its mark is there."""
    return msg(
        "the state {path} was deleted, but its mark is there: what it bought would be bought"
        " again. Put the state back, or a backup of it; if you mean to start anew and pay again,"
        " delete {mark} too",
        path=state,
        mark=mark_path(state).name,
    )


def behind(state: Path, mark: Height, height: Height) -> Message | None:
    """Say in what a state of this height differs from its mark; None when it is not behind."""
    if mark.state_id != height.state_id:
        return msg(
            "another state was put in the place of {path}; nothing was sent. Put the right one"
            " back; if this one is right, delete {mark}",
            path=state,
            mark=mark_path(state).name,
        )
    if astuple(height)[1:] < astuple(mark)[1:]:
        return msg(
            "the state {path} is older than the last run by {count} changes (an old copy, or its"
            " -wal file is missing); nothing was sent. Put the newest one back. If that is gone"
            " for good: `batchgen ledger JOB --reconcile BILL` shows as theirs only what this one"
            " does not know and would buy again; to go on with it, delete {mark}",
            path=state,
            count=max(mark.changes - height.changes, 1),
            mark=mark_path(state).name,
        )
    return None


class Mark:
    """The mark of one open state."""

    def __init__(self, state: Path) -> None:
        flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_BINARY", 0)
        self._file = os.fdopen(os.open(mark_path(state), flags, 0o600), "r+b", buffering=0)

    def write(self, height: Height) -> None:
        """Note how far the state has come; a mark that cannot be written stays behind."""
        with contextlib.suppress(OSError):
            self._file.seek(0)
            self._file.write(json.dumps(asdict(height)).ljust(_SIZE).encode())

    def close(self) -> None:
        """Release the file."""
        self._file.close()


def read_mark(state: Path) -> Height | None:
    """Read the mark of a state; None when there is none, or a crash left it unreadable."""
    try:
        return Height(**json.loads(mark_path(state).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
