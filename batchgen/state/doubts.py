"""Tells a reader why the state that it reads may not be the newest one.

A run refuses such a state (`marks`, `spool`); reading it costs nothing, but its figures are old.
Safe beside a running writer: what a state is held against is read before the state itself. The
writer notes only what it has committed, so a state read later can never be behind.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from batchgen.messages import Message
from batchgen.state.marks import Height, behind, deleted, height_of, read_mark
from batchgen.state.opening import open_for_reading
from batchgen.state.spool import last_spooled, older_than_spool


def doubt_about(state: Path) -> Message | None:
    """Say why what stands at `state` is not the newest state; None when nothing speaks against it.

    Looks twice: a mark that was read while it was overwritten may be half of two.

    Raises:
        StateError: the state is damaged, foreign or too new.
    """
    return _look(state) and _look(state)


def _look(state: Path) -> Message | None:
    mark, spooled = read_mark(state), last_spooled(state)
    height, last_attempt = _reached(state)
    if mark is not None:
        told = deleted(state) if height is None else behind(state, mark, height)
        if told is not None:
            return told
    return older_than_spool(state) if spooled > last_attempt else None


def _reached(state: Path) -> tuple[Height | None, int]:
    """Give how far a state has come and its newest attempt; None and 0 where there is none."""
    connection = open_for_reading(state)
    if connection is None:
        return None, 0
    with closing(connection):
        newest = connection.execute("SELECT coalesce(max(id), 0) FROM attempt").fetchone()[0]
        return height_of(connection), newest
