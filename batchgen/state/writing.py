"""The writing side of the SQLite state: each change as one durable call.

What a change does stands in `changes`, how it is committed in `committing`; here stands what may
be asked, by whom: a purchase only by the start that still has the state, on a disk with room.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Unpack

from batchgen.clip import AccountScope, Attempt, AttemptState, ClipKey, Intent
from batchgen.errors import DiskFull
from batchgen.messages import msg
from batchgen.state import changes
from batchgen.state.committing import Committer
from batchgen.state.opening import open_for_writing, unusable
from batchgen.state.spool import Receipt
from batchgen.state.store import Facts, Limit, Order, Run
from batchgen.state.tenure import Tenure


class SqliteWriter:
    """A `StateWriter` over one SQLite file; `now` gives UTC seconds since the epoch."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        """Open the state, making it when it is not there.

        Raises:
            StateError: the file is damaged, foreign, too new or not writable.
        """
        self._path = path
        self._now = now
        connection = open_for_writing(path, now())
        try:
            self._tenure = Tenure(path, connection)
            self._committer = Committer(path, connection)
        except (OSError, sqlite3.Error) as error:
            connection.close()
            raise unusable(path, error) from error

    async def start_run(self, run: Run) -> None:
        """Record a run as open (inserts it, or opens it again)."""
        await self._committer.commit(lambda connection: changes.start_run(connection, run))

    async def end_run(self, run_id: str, exit_code: int, stopped: str | None) -> None:
        """Record that a run ended."""
        now = self._now()
        await self._committer.commit(
            lambda connection: changes.end_run(connection, run_id, exit_code, stopped, now)
        )

    async def reserve(self, run: Run, intent: Intent, day: str, limits: Sequence[Limit]) -> Attempt:
        """Write the intent and reserve its price in one transaction with the check of all limits.

        Raises:
            BudgetExceeded: a limit would be passed; nothing was written.
            IllegalTransition: it would be a second purchase that nobody asked for.
            DiskFull: only what was kept back is left of the disk.
            StateError: the state is not ours any more, or cannot be written.
        """
        now = self._now()

        def change(connection: sqlite3.Connection) -> Attempt:
            self._tenure.refuse_if_over(connection)
            self._refuse_if_full()
            return changes.reserve(connection, run, intent, day, limits, now)

        return await self._committer.commit(change)

    async def move(
        self, attempt_id: int, to: AttemptState, reason: str = "", **facts: Unpack[Facts]
    ) -> Attempt:
        """Move an attempt, set facts, move its money and write the event, in one transaction.

        Raises:
            IllegalTransition: `clip.MOVES` does not have this move.
            TaskIdTaken: another attempt of the account has this task.
            TaskIdKept: the task id could not be recorded and is kept in the spool.
        """
        now = self._now()
        task_id = facts.get("task_id")
        receipt = None
        if task_id is not None:
            receipt = Receipt(attempt_id, task_id, facts.get("submitted_at", now))
        return await self._committer.commit(
            lambda connection: changes.move(connection, attempt_id, to, reason, facts, now),
            receipt,
        )

    async def place_order(
        self, job: str, account: AccountScope, kind: str, keys: Sequence[ClipKey]
    ) -> Order:
        """Record a wish to buy clips again; an open order of the same kind takes in what is new."""
        now = self._now()
        return await self._committer.commit(
            lambda connection: changes.place_order(connection, job, account, kind, keys, now)
        )

    async def close(self) -> None:
        """Write everything queued and release the connection."""
        await self._committer.close()

    def _refuse_if_full(self) -> None:
        if self._committer.is_disk_full:
            raise DiskFull(
                msg(
                    "the disk of the state {path} is full: what is in the air is recorded, nothing"
                    " more is bought. Free the disk, then run again",
                    path=self._path,
                )
            )
