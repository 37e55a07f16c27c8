"""Reading the state for a person: what a run would refuse is said first, as a warning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from batchgen.cli.speech import remark
from batchgen.engine import Workspace, reading
from batchgen.errors import InputError, StateError
from batchgen.messages import Message, msg
from batchgen.state.reading import SqliteReader


def warn(message: Message) -> None:
    """Print what a person should know before the result."""
    remark(msg("warning: {text}", text=message))


def looking(state: Path) -> AbstractContextManager[SqliteReader | None]:
    """Open a state for reading, warning when it is not the newest, or was deleted.

    Raises:
        StateError: it cannot be opened, or turns out to be damaged.
    """
    return reading(state, warn)


@contextmanager
def looking_at_job(workspace: Workspace) -> Iterator[SqliteReader | None]:
    """Open a job's state for reading; warn of it, and of an output folder that is not its own.

    Raises:
        StateError: it cannot be opened, or turns out to be damaged.
    """
    with looking(workspace.state_path) as reader:
        try:
            workspace.refuse_foreign_output(reader)
        except (InputError, StateError) as refusal:
            warn(refusal.message)
        yield reader
