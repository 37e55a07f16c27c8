"""Parts of a run that fail at their N-th use: commits of the state, requests, steps on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from batchgen.clip import Attempt, TaskId
from batchgen.output.port import Fetched
from batchgen.provider.port import PollReply, Prepared, SubmitReply, TaskSucceeded, Uncertain
from tests.run.scripted import ScriptedFolder, ScriptedProvider
from tests.run.shop import Shop


@dataclass(slots=True)
class Trouble:
    """Strikes at the N-th use of something, and at every later one where it `lasts`."""

    at: int
    lasts: bool = False
    uses: int = 0
    is_over: bool = False

    def strikes(self) -> bool:
        """Count a use; tell whether it fails."""
        self.uses += not self.is_over
        is_now = self.uses >= self.at if self.lasts else self.uses == self.at
        return is_now and not self.is_over

    @property
    def was_met(self) -> bool:
        """Tell whether there was an N-th use."""
        return self.uses >= self.at


# ------------------------------------------------------------ commits

Execute = Callable[[str], sqlite3.Cursor]


@dataclass(frozen=True, slots=True)
class CommitFault:
    """One way in which a transaction cannot be written."""

    #: The statement that fails.
    statement: str
    #: Does what happens in its place; gets what executes statements on the connection.
    happen: Callable[[Execute], sqlite3.Cursor]
    lasts: bool = False


def undone(code: int, *, lasts: bool = False) -> CommitFault:
    """Let a commit fail with a code of SQLite; nothing of it is written."""

    def happen(execute: Execute) -> sqlite3.Cursor:
        execute("ROLLBACK")
        raise _error(code)

    return CommitFault("COMMIT", happen, lasts)


def written(code: int) -> CommitFault:
    """Let a commit fail with a code of SQLite although all of it is written."""

    def happen(execute: Execute) -> sqlite3.Cursor:
        execute("COMMIT")
        raise _error(code)

    return CommitFault("COMMIT", happen)


def _busy(execute: Execute) -> sqlite3.Cursor:
    file = execute("PRAGMA database_list").fetchone()[2]
    execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        return execute("BEGIN IMMEDIATE")


def _full(execute: Execute) -> sqlite3.Cursor:
    execute("PRAGMA max_page_count = 1")  # no fewer than it has: it cannot grow any more
    return execute("BEGIN IMMEDIATE")


#: Real: somebody else writes to the state, once or for good.
BUSY = CommitFault("BEGIN IMMEDIATE", _busy)
BUSY_FOR_GOOD = CommitFault("BEGIN IMMEDIATE", _busy, lasts=True)
#: Real: the database may not grow any more.
FULL_FOR_GOOD = CommitFault("BEGIN IMMEDIATE", _full, lasts=True)


def _error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(f"made up: code {code}")
    error.sqlite_errorcode = code
    return error


class FailingConnection(sqlite3.Connection):
    """The writer's connection, in which the fault of the moment happens."""

    trouble: ClassVar[Trouble]
    fault: ClassVar[CommitFault]

    @classmethod
    def meet(cls, fault: CommitFault, at: int) -> Trouble:
        """Let a fault happen at the N-th transaction from now on."""
        cls.fault, cls.trouble = fault, Trouble(at, fault.lasts)
        return cls.trouble

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """Execute a statement, or let the fault happen in its place."""
        if sql == self.fault.statement and self.trouble.strikes():
            return self.fault.happen(super().execute)
        return super().execute(sql, *parameters)


def failing_connect(connect: Callable[..., sqlite3.Connection]) -> Callable[..., Any]:
    """Give what takes the place of `sqlite3.connect`: the writer's connections can fail.

    They are the ones that go from thread to thread and may write.
    """

    def connect_failing(*arguments: Any, **options: Any) -> sqlite3.Connection:
        if options.get("check_same_thread") is False and not options.get("uri"):
            options["factory"] = FailingConnection
        return connect(*arguments, **options)

    return connect_failing


# ------------------------------------------------------------ requests and the output folder


class TroubledProvider(ScriptedProvider):
    """A scripted provider whose N-th submit or poll has another answer than the script's."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop.clock)
        self.lives = shop.provider.lives
        self.of_submit: tuple[Trouble, SubmitReply, bool] | None = None
        self.of_poll: tuple[Trouble, PollReply] | None = None
        #: SKU of the submit that had the other answer.
        self.struck: str | None = None

    async def submit(self, prepared: Prepared) -> SubmitReply:
        """Answer as the script says, but for the one; it was bought or not as that says."""
        if self.of_submit is not None and self.of_submit[0].strikes():
            _, reply, is_bought = self.of_submit
            self.struck = prepared.body.decode()
            life = self.life(self.struck)
            life.submits.insert(0, reply)
            life.is_bought_in_doubt = is_bought if isinstance(reply, Uncertain) else True
        return await super().submit(prepared)

    async def poll(self, task_id: TaskId, request_id: str) -> PollReply:
        """Answer as the script says, but for the one; a task that is told to have ended has."""
        if self.of_poll is None:
            return await super().poll(task_id, request_id)
        trouble, reply = self.of_poll
        task = self.tasks[task_id]
        life = self.life(task.sku)
        if isinstance(reply, TaskSucceeded):
            if life.ends is None and trouble.strikes():
                task.ends_s = min(task.ends_s, self._clock.monotonic())
                life.polls.insert(0, reply)
        elif trouble.strikes():
            life.polls.insert(0, reply)
        return await super().poll(task_id, request_id)


class TroubledFolder(ScriptedFolder):
    """An output folder whose N-th `fetch` or `publish` raises an error."""

    def __init__(
        self, root: Path, shop: Shop, step: str, trouble: Trouble, error: Exception
    ) -> None:
        super().__init__(root, shop.clock)
        self._step, self._trouble, self._error = step, trouble, error

    async def fetch(self, attempt: Attempt) -> Fetched:
        """Fetch, unless it is the one."""
        self._strike("fetch")
        return await super().fetch(attempt)

    async def publish(self, attempt: Attempt) -> bool:
        """Publish, unless it is the one."""
        self._strike("publish")
        return await super().publish(attempt)

    def _strike(self, step: str) -> None:
        if step == self._step and self._trouble.strikes():
            raise self._error
