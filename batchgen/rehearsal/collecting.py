"""Collects the evidence of a rehearsal: the simulator's bill, our state, the saved files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from batchgen.clip import Attempt, AttemptState
from batchgen.errors import InputError
from batchgen.messages import msg
from batchgen.rehearsal.judging import Charge
from batchgen.simulator.lifecycle import TaskStatus
from batchgen.simulator.watching import Watch
from batchgen.state.reading import SqliteReader


async def bill(watch: Watch) -> list[Charge]:
    """Read what was charged, and which of it ended with FAIL."""
    return [
        Charge(
            task_id=line["task_id"],
            request_id=line["request_id"],
            price=Decimal(line["price"]),
            has_failed=await watch.task_status(line["task_id"]) == TaskStatus.FAIL,
        )
        for line in await watch.bill()
    ]


def attempts(state: Path) -> list[Attempt]:
    """Read every attempt of a state, oldest first.

    Raises:
        InputError: there is no state.
    """
    reader = SqliteReader.open(state)
    if reader is None:
        raise InputError(
            msg(
                "the runs of the rehearsal made no state; see runs.log in {folder}",
                folder=state.parent,
            )
        )
    try:
        return list(reader.attempts())
    finally:
        reader.close()


def damaged(bought: Sequence[Attempt], output: Path) -> list[str]:
    """Name every saved file that does not lie under its name, byte by byte as it was checked."""
    saved = {
        attempt.file: attempt.sha256
        for attempt in bought
        if attempt.state is AttemptState.SAVED and attempt.file is not None
    }
    return [file for file, sha256 in saved.items() if _sha256(output / file) != sha256]


def _sha256(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
