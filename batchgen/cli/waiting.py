"""Opens a job's session; where a person asked for it, waits until another run has ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from batchgen.cli.speech import remark
from batchgen.engine import Workspace
from batchgen.errors import InputError
from batchgen.execution import Session, open_session
from batchgen.messages import Message, msg
from batchgen.run.ports import Clock


@asynccontextmanager
async def waited_session(
    workspace: Workspace, clock: Clock, reopen: Callable[[], Workspace], *, wait: bool
) -> AsyncIterator[Session]:
    """Hold the state and the account of a job while the block lasts, as `open_session` does.

    After a wait, job and catalogue count as they are then: `reopen` reads them again.

    Raises:
        Busy: another run holds one of them, and nobody asked to wait.
        InputError: state, account or output folder are others since the wait began.
    """
    has_waited = False

    def on_wait(message: Message) -> None:
        nonlocal has_waited
        has_waited = True
        remark(message)

    async with open_session(workspace, clock, on_wait=on_wait if wait else None) as session:
        yield _with(session, reopen()) if has_waited else session


def _with(session: Session, fresh: Workspace) -> Session:
    """Take what job and catalogue say after the wait.

    Raises:
        InputError: they name another state, account or output folder than the one that is held.
    """
    if _held(fresh) != _held(session.workspace):
        raise InputError(
            msg(
                "{file} names another state, account or output folder since the wait began:"
                " run it again",
                file=fresh.job.path,
            )
        )
    return replace(session, workspace=fresh)


def _held(workspace: Workspace) -> tuple[object, ...]:
    return workspace.state_path, workspace.account, workspace.base_url, workspace.output
