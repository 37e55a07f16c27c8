"""The reading side of the SQLite state: safe beside a running writer, never checkpoints."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from batchgen.clip import ALIVE, FETCHABLE, AccountScope, Attempt, AttemptState, Balance
from batchgen.errors import StateError
from batchgen.messages import msg
from batchgen.state import records
from batchgen.state.marks import height_of
from batchgen.state.opening import open_for_reading, verdict_of
from batchgen.state.store import JobCounts, Order, Purse, Run

_NEWEST = """NOT EXISTS (
    SELECT 1 FROM attempt AS later WHERE later.account_id = attempt.account_id
    AND later.sku = attempt.sku AND later.variant = attempt.variant
    AND later.take = attempt.take AND later.number > attempt.number)"""
#: States in which an attempt holds a slot, is in doubt or waits for its file.
_UNFINISHED = frozenset({AttemptState.INTENT, AttemptState.UNKNOWN}) | ALIVE | FETCHABLE


#: Values that one statement looks for.
_AT_ONCE = 500
#: Attempts among which the newest durations are looked for.
_RECENT = 20_000


class SqliteReader:
    """A `StateReader` over one SQLite connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> SqliteReader | None:
        """Open the state at `path`; None when there is none yet.

        Raises:
            StateError: the file is damaged, foreign or too new.
        """
        connection = open_for_reading(path)
        return None if connection is None else cls(connection)

    @property
    def state_id(self) -> str:
        """The state's own name, given once at its making."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = 'state_id'").fetchone()
        return str(row["value"])

    @property
    def epoch(self) -> int:
        """How many starts have written to the state so far."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        return int(row["value"])

    @property
    def changes(self) -> int:
        """How many attempts and events the state has; it only grows."""
        return height_of(self._connection).changes

    def newest_attempts(self, account: AccountScope | None = None) -> Iterator[Attempt]:
        """Yield the newest attempt of every clip (of one account), oldest id first."""
        return self._attempts(_NEWEST, account)

    def attempts(self, account: AccountScope | None = None) -> Iterator[Attempt]:
        """Yield every attempt (of one account), oldest id first."""
        return self._attempts("TRUE", account)

    def attempts_of(self, account: AccountScope, skus: Collection[str]) -> Iterator[Attempt]:
        """Yield every attempt of some SKUs of an account, oldest id first."""
        found = self._few("attempt.sku", sorted(skus), account)
        yield from sorted(found, key=lambda attempt: attempt.id)

    def attempts_by_id(self, ids: Collection[int]) -> Iterator[Attempt]:
        """Yield the attempts with these ids, lowest first."""
        return self._few("attempt.id", sorted(ids))

    def unfinished(self, account: AccountScope) -> list[Attempt]:
        """List attempts of any job that hold a slot, are in doubt or wait for their file."""
        return list(self.unsaved(account, _UNFINISHED))

    def unsaved(
        self,
        account: AccountScope | None,
        states: Collection[AttemptState],
        *,
        newest: bool = False,
    ) -> Iterator[Attempt]:
        """Yield the attempts (of one account) in some states other than saved, oldest id first.

        `newest`: only those after which their clip was not bought again.
        """
        marks = ", ".join("?" * len(states))
        # The second half is there for the index.
        condition = f"attempt.state IN ({marks}) AND attempt.state <> 'saved'"
        if newest:
            condition = f"{condition} AND {_NEWEST}"
        return self._attempts(condition, account, sorted(states))

    def standings(self) -> list[JobCounts]:
        """Count the clips of every job by the state of their newest attempt, oldest job first."""
        rows = self._connection.execute(
            f"""SELECT run.job, account.provider, account.name AS account_name, account.host,
                       attempt.currency, attempt.state, count(*) AS clips, min(attempt.id) AS first
                FROM attempt JOIN run ON run.id = attempt.run_id
                             JOIN account ON account.id = attempt.account_id
                WHERE {_NEWEST}
                GROUP BY run.job, attempt.account_id, attempt.currency, attempt.state
                ORDER BY first"""
        )
        found: dict[tuple[str, AccountScope, str], Counter[AttemptState]] = {}
        for row in rows:
            key = (row["job"], records.read_account(row), row["currency"])
            counts = found.setdefault(key, Counter())
            counts[AttemptState(row["state"])] = row["clips"]
        return [JobCounts(*key, counts) for key, counts in found.items()]

    def task_seconds(self, account: AccountScope, model: str, newest: int = 200) -> list[float]:
        """List how long the newest tasks of a model took from submit to end, newest first.

        What is older than the last 20,000 purchases says nothing of today.
        """
        rows = self._connection.execute(
            f"""SELECT finished_at - submitted_at AS seconds FROM attempt
                JOIN account ON account.id = attempt.account_id
                WHERE {records.OF_ACCOUNT} AND model = ? AND finished_at > submitted_at
                AND attempt.id > (SELECT max(id) FROM attempt) - ?
                ORDER BY attempt.id DESC LIMIT ?""",
            (*records.account_values(account), model, _RECENT, newest),
        )
        return [row["seconds"] for row in rows]

    def balance(self, account: AccountScope, purse: Purse) -> Balance:
        """Sum an account's money in one purse; zeros when it was never used."""
        row = self._connection.execute(
            f"""SELECT purse.* FROM purse JOIN account ON account.id = purse.account_id
                WHERE {records.OF_ACCOUNT} AND kind = ? AND key = ?""",
            (*records.account_values(account), purse.kind, purse.key),
        ).fetchone()
        if row is None:
            return Balance()
        return Balance(
            reserved=records.from_milli(row["reserved_milli"]),
            at_risk=records.from_milli(row["at_risk_milli"]),
            spent=records.from_milli(row["spent_milli"]),
        )

    def last_run(self, job: str, account: AccountScope) -> Run | None:
        """Give the newest run of a job, open or ended; by the order of making, not by a clock."""
        row = self._connection.execute(
            f"""{records.SELECT_RUN} WHERE job = ? AND {records.OF_ACCOUNT}
                ORDER BY run.rowid DESC LIMIT 1""",
            (job, *records.account_values(account)),
        ).fetchone()
        return None if row is None else records.read_run(row)

    def runs(self) -> Iterator[Run]:
        """Yield all runs, oldest first."""
        rows = self._connection.execute(f"{records.SELECT_RUN} ORDER BY run.rowid")
        return map(records.read_run, rows)

    def open_orders(self, job: str, account: AccountScope) -> list[Order]:
        """List the orders of a job that still have clips to buy, oldest first."""
        return list(records.read_orders(self._connection, job, account))

    def events(self, attempt_id: int) -> list[tuple[float, str, str, str]]:
        """List an attempt's moves as (time, from, to, reason), oldest first."""
        rows = self._connection.execute(
            "SELECT at, old, new, reason FROM event WHERE attempt_id = ? ORDER BY seq",
            (attempt_id,),
        )
        return [(row["at"], row["old"], row["new"], row["reason"]) for row in rows]

    def verdict(self) -> str:
        """Check the database: `ok`, or the first thing that is wrong with it."""
        return verdict_of(self._connection)

    def close(self) -> None:
        """Release the connection."""
        self._connection.close()

    def _few(
        self, column: str, wanted: Sequence[str | int], account: AccountScope | None = None
    ) -> Iterator[Attempt]:
        """Yield the attempts in which a column has one of some values, looked up in batches."""
        for at in range(0, len(wanted), _AT_ONCE):
            batch = wanted[at : at + _AT_ONCE]
            yield from self._attempts(
                f"{column} IN ({', '.join('?' * len(batch))})", account, batch
            )

    def _attempts(
        self, condition: str, account: AccountScope | None, values: Sequence[str | int] = ()
    ) -> Iterator[Attempt]:
        if account is not None:
            condition = f"{records.OF_ACCOUNT} AND {condition}"
            values = (*records.account_values(account), *values)
        try:
            for row in self._connection.execute(
                f"{records.SELECT_ATTEMPT} WHERE {condition} ORDER BY attempt.id", values
            ):
                yield records.read_attempt(row)
        except (sqlite3.DatabaseError, TypeError, ValueError, ArithmeticError) as error:
            # A value that was changed on the disk: SQLite keeps no sums of what it stores.
            raise StateError(
                msg(
                    "the state holds a purchase that cannot be read ({reason}); nothing was sent."
                    " Keep it, and put a backup in its place: the README says how, under Keeping"
                    " the state safe",
                    reason=str(error),
                )
            ) from error
