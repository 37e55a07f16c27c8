"""Whether the state is still ours: asked inside the transaction of every purchase.

The lock beside the state is the rule; this is for the night when somebody deletes the lock file,
or moves the state away, under a running process.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from batchgen.errors import StateError
from batchgen.messages import msg


class Tenure:
    """One start's hold on a state."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._inode = path.stat().st_ino
        self._epoch = _epoch(connection)

    def refuse_if_over(self, connection: sqlite3.Connection) -> None:
        """Refuse a purchase on a state that another start has, or that stands here no more.

        Raises:
            StateError: says which of them.
        """
        try:
            is_here = self._path.stat().st_ino == self._inode
        except OSError:
            is_here = False
        if not is_here:
            raise StateError(
                msg(
                    "the state {path} was moved or replaced while a run used it; nothing more is"
                    " bought. Put it back, then run again",
                    path=self._path,
                )
            )
        if _epoch(connection) != self._epoch:
            raise StateError(
                msg(
                    "another run took over the state {path} (was its lock file deleted?);"
                    " this one buys nothing more",
                    path=self._path,
                )
            )


def _epoch(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
    return int(row["value"])
