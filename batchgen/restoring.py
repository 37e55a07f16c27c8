"""Puts finished clips whose files are gone back in their places; never buys.

Goes on beside a run: there may be thousands of files to look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from batchgen.clip import Attempt, AttemptState, ClipKey
from batchgen.errors import DownloadError
from batchgen.messages import msg
from batchgen.output.folder import OutputFolder
from batchgen.output.names import clip_file
from batchgen.plan.values import Action, PlannedClip
from batchgen.run.ports import Clock, Observer
from batchgen.state.store import StateWriter

#: Clips whose files are looked at at once.
_BLOCK = 200


async def restore_films(
    clips: Iterable[PlannedClip],
    output: Path,
    folder: OutputFolder,
    writer: StateWriter,
    clock: Clock,
    observer: Observer,
) -> list[Attempt]:
    """Put every done clip under its name; give those to fetch again, whose link still lives.

    `folder` brings clips into `output`.
    """
    done = (
        (entry.attempt, entry.clip.key)
        for entry in clips
        if entry.action is Action.DONE and entry.attempt is not None
    )
    gone = []
    while block := list(islice(done, _BLOCK)):
        for attempt, key in await folder.not_standing(block):
            if not await _stands(folder, attempt, key, observer):
                gone.append((attempt, key))
    now = clock.now()
    alive = [(attempt, key) for attempt, key in gone if (attempt.url_expires_at or 0) > now]
    if len(gone) > len(alive):
        observer.note(
            msg(
                "finished clips that are not in {folder} any more: {count}; their links are"
                " dead, and they are not bought again",
                count=len(gone) - len(alive),
                folder=output,
            )
        )
    return [
        await writer.move(
            attempt.id, AttemptState.SUCCEEDED, "the file is gone", file=clip_file(key)
        )
        for attempt, key in alive
    ]


async def _stands(folder: OutputFolder, attempt: Attempt, key: ClipKey, observer: Observer) -> bool:
    """Put a done clip under its name; tell of a place that cannot be used, and leave it."""
    try:
        return await folder.restore(attempt, key)
    except DownloadError as error:
        observer.note(error.message)
    except OSError as error:
        observer.note(
            msg(
                "{clip} cannot be put in its place ({reason}): mend the folder's rights or free"
                " the disk, then run again; it is not bought again",
                clip=str(key),
                reason=error.strerror or type(error).__name__,
            )
        )
    return True
