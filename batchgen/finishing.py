"""Makes second files beside a run, and what is missing of them after it; never buys, never waits.

    while a run goes on   a clip that was saved gets its second file, if hands are free
    after it              whatever clip of the plan lacks one gets it (`report` does the same)

The work is done in threads of low priority, so that slots, polls and downloads come first; what
is left over, or cut off by a signal, is made the next time. Second files change no exit code.
"""

from __future__ import annotations

import asyncio
import errno
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from batchgen.clip import Attempt, AttemptState
from batchgen.engine import Workspace
from batchgen.errors import Busy, StateError
from batchgen.job.schema import Finish
from batchgen.messages import Message, msg
from batchgen.output.finishing.film import Abandoned
from batchgen.output.finishing.making import make_second
from batchgen.output.finishing.record import Original, original_of, stands
from batchgen.output.finishing.shape import NotFinished
from batchgen.output.rows import ResultRow
from batchgen.run.ports import Clock, Observer, Progress
from batchgen.state.locks import hold

#: Saved clips that wait for a hand; those that come on top are found again after the run.
_MOST_WAITING = 100
#: How far the threads step back behind all other work (0 to 19).
_NICENESS = 5
#: Between two words on how far it is.
_TELL_EVERY_S = 10.0
#: The disk takes no more, or the system lets this process write no more: of no clip.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: Clips whose second files are looked for at once.
_BLOCK = 200


@asynccontextmanager
async def second_files(
    workspace: Workspace, clock: Clock, note: Callable[[Message], None]
) -> AsyncIterator[SecondFiles | None]:
    """Give who makes a job's second files while the block lasts; None: nobody does.

    That is so where the job asks for none, or another batchgen makes them now: then `note` is
    told. At the end of the block, what is in work is dropped.
    """
    finish = workspace.job.finish
    if finish is None:
        yield None
        return
    with ExitStack() as stack:
        state = workspace.state_path
        try:
            lock = state.with_name(f"{state.name}.finishing.lock")
            stack.enter_context(hold(lock, msg("the second files")))
        except (Busy, StateError) as error:
            note(
                msg(
                    "no second files are made now: {reason}. `batchgen report {job}` makes them"
                    " later",
                    reason=error.message,
                    job=workspace.job.path,
                )
            )
            yield None
            return
        making = SecondFiles(workspace, finish, clock, note)
        try:
            yield making
        finally:
            await making.close()


class SecondFiles:
    """Makes the second files of one job, a few at a time."""

    def __init__(
        self, workspace: Workspace, finish: Finish, clock: Clock, note: Callable[[Message], None]
    ) -> None:
        self._root = workspace.output
        self._job = workspace.job
        self._finish = finish
        self._clock = clock
        self._note = note
        #: Nobody wants second files any more, or the disk has no room for them.
        self._is_over = threading.Event()
        #: Clips of which none can be made, told already.
        self._failed: set[Original] = set()
        #: How many are missing after the run, how many of them were looked at, and when to tell.
        self._missing = self._seen = 0
        self._tell_at = 0.0
        hands = max((os.cpu_count() or 1) - 1, 1)
        self._pool = ThreadPoolExecutor(hands, "second-file", initializer=_step_back)
        self._line: asyncio.Queue[Original] = asyncio.Queue(_MOST_WAITING)
        self._hands = [asyncio.ensure_future(self._work()) for _ in range(hands)]

    def watching(self, observer: Observer) -> Observer:
        """Give an observer that passes everything on, and has a saved clip's second file made."""
        return _Watcher(observer, self)

    def take(self, attempt: Attempt) -> None:
        """Have the second file of a saved clip made, if there is room; returns at once."""
        if attempt.file is None or attempt.sha256 is None or attempt.job != self._job.name:
            return
        with suppress(asyncio.QueueFull):
            self._line.put_nowait(Original(attempt.file, attempt.sha256, str(attempt.key)))

    async def complete(self, rows: Iterable[ResultRow]) -> None:
        """Make what is missing of the second files of result rows. May be cancelled."""
        while not self._line.empty():  # they are found again
            self._line.get_nowait()
            self._line.task_done()
        await self._until(self._line.join())
        clips = (original for row in rows if (original := original_of(row)) is not None)
        missing: list[Original] = []
        while block := list(islice(clips, _BLOCK)):
            missing += await asyncio.to_thread(self._lacking, block)
        if missing:
            await self._until(self._make_all(missing))

    async def close(self) -> None:
        """Drop what is in work and end the threads."""
        self._is_over.set()
        for hand in self._hands:
            hand.cancel()
        await asyncio.wait(self._hands)
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    def _lacking(self, clips: list[Original]) -> list[Original]:
        """Give the clips whose second file is missing and was not tried yet. Blocks."""
        fresh = [clip for clip in clips if clip not in self._failed]
        return [clip for clip in fresh if not stands(self._root, clip, self._finish)]

    async def _make_all(self, missing: list[Original]) -> None:
        self._note(msg("second files to make: {count}", count=len(missing)))
        self._missing, self._seen = len(missing), 0
        self._tell_at = self._clock.monotonic() + _TELL_EVERY_S
        for original in missing:
            await self._line.put(original)
        await self._line.join()

    def _count(self) -> None:
        """Count one that was looked at; now and then, tell how far it is."""
        self._seen += 1
        if self._missing and self._clock.monotonic() >= self._tell_at:
            self._tell_at = self._clock.monotonic() + _TELL_EVERY_S
            self._note(msg("second files: {seen} of {count}", seen=self._seen, count=self._missing))

    async def _until(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for some work; a bug in one of the hands is raised instead of waited for."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait([task, *self._hands], return_when=asyncio.FIRST_COMPLETED)
            for hand in self._hands:
                if hand.done():
                    hand.result()
        finally:
            task.cancel()

    async def _work(self) -> None:
        while True:
            original = await self._line.get()
            try:
                await self._make(original)
                self._count()
            finally:
                self._line.task_done()

    async def _make(self, original: Original) -> None:
        if self._is_over.is_set():
            return
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(
                self._pool, make_second, self._root, original, self._finish, self._is_wanted
            )
        except Abandoned:
            pass
        except NotFinished as error:
            self._failed.add(original)
            self._note(
                msg(
                    "{clip}: no second file is made of it: {reason}",
                    clip=original.name,
                    reason=error.message,
                )
            )
        except OSError as error:
            self._unwritable(original, error)

    def _is_wanted(self) -> bool:
        return not self._is_over.is_set()

    def _unwritable(self, original: Original, error: OSError) -> None:
        """Tell what the disk said; make no more where it is full."""
        self._failed.add(original)
        is_full = error.errno in _FULL
        if is_full and self._is_over.is_set():
            return
        if is_full:
            self._is_over.set()
        self._note(
            msg(
                "{clip}: its second file cannot be written ({reason}): free the disk or mend the"
                " folder's rights, then `batchgen report {job}`",
                clip=original.name,
                reason=error.strerror or type(error).__name__,
                job=self._job.path,
            )
        )


@dataclass(frozen=True, slots=True)
class _Watcher:
    """Passes on what an observer is told; a saved clip goes to the second files."""

    observer: Observer
    making: SecondFiles

    def moved(self, attempt: Attempt) -> None:
        """Pass a change on."""
        self.observer.moved(attempt)
        if attempt.state is AttemptState.SAVED:
            self.making.take(attempt)

    def progress(self, progress: Progress) -> None:
        """Pass figures on."""
        self.observer.progress(progress)

    def note(self, message: Message) -> None:
        """Pass a note on."""
        self.observer.note(message)


def _step_back() -> None:
    """Let all other work go before this thread's; only Linux knows a thread's own niceness."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
