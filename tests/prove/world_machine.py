"""The machine of a simulated world: chance, time, and processes that die at any step.

Everything happens in one thread and in virtual time, so one number decides it all. The writer's
thread becomes a step of the event loop; nothing else of it is changed. Knows nothing of clips.
"""

from __future__ import annotations

import asyncio
import hashlib
import selectors
import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Executor
from contextvars import Context
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, TypeVarTuple, Unpack

#: UTC seconds at which every world begins: 2026-11-23 04:00 in Shanghai.
BEGINNING = 1_795_377_600.0
#: Turns of the loop in one start, after which it surely runs in circles.
_MOST_TURNS = 400_000
#: What `PRAGMA synchronous` says when each commit is synced.
_FULL = 2
_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")
#: A step of a process: the n-th of all, or the n-th of its name.
Moment: TypeAlias = int | tuple[str, int]
#: The main file and the write-ahead log; None where there is none.
_Image: TypeAlias = tuple[bytes | None, bytes | None]


class Killed(BaseException):
    """The process is gone: whatever it tries afterwards does not happen."""


class Chance:
    """Decides by a number and the name of the question, so that questions do not disturb others."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def share(self, *question: object) -> float:
        """Give a number from 0 to 1."""
        text = repr((self._seed, *question)).encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=6).digest(), "big") / 2**48

    def happens(self, probability: float, *question: object) -> bool:
        """Tell whether something of this probability happens."""
        return self.share(*question) < probability

    def between(self, low: float, high: float, *question: object) -> float:
        """Give a number of this range."""
        return low + (high - low) * self.share(*question)

    def whole(self, low: int, high: int, *question: object) -> int:
        """Give a whole number of this range, both ends included."""
        return low + int((high - low + 1) * self.share(*question))

    def choice(self, options: Sequence[_T], *question: object) -> _T:
        """Give one of the options."""
        return options[self.whole(0, len(options) - 1, *question)]


class WorldLoop(asyncio.SelectorEventLoop):
    """A loop without files and threads whose time moves to the next timer when nothing is left."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self.turns = 0
        super().__init__(_Timers(self))

    def time(self) -> float:
        """Give virtual seconds since the beginning."""
        return self._seconds

    def wait(self, timeout: float | None) -> None:
        """Let the time to the next timer pass."""
        self.turns += 1
        if timeout is None:
            message = "every task waits for ever"
            raise AssertionError(message)
        if self.turns > _MOST_TURNS:
            message = "the start runs in circles"
            raise AssertionError(message)
        if timeout > 0:
            # A microsecond more: a sum of floats may fall short of the timer.
            self._seconds += timeout + 1e-6

    def call_soon_threadsafe(
        self,
        callback: Callable[[Unpack[_Ts]], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Call soon: there is but one thread."""
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Ts]], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """Run at once what was meant for a thread."""
        future: asyncio.Future[_T] = self.create_future()
        future.set_result(func(*args))
        return future


class _Timers(selectors.SelectSelector):
    """Selects nothing: there is no file to wait for, only time."""

    def __init__(self, loop: WorldLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let the time pass instead of waiting."""
        if timeout == 0:
            self._loop.turns += 1
        else:
            self._loop.wait(timeout)
        return []


class Process:
    """One process on the machine; what happens to it, and when, stands in `events`."""

    def __init__(
        self, loop: WorldLoop, chance: Chance, events: Mapping[Moment, Callable[[str], None]]
    ) -> None:
        self._loop = loop
        self._chance = chance
        self._events = dict(events)
        self._passed: Counter[str] = Counter()
        self.steps = 0
        self.is_dead = False
        self._died = loop.create_future()
        self._bug: BaseException | None = None
        self.turns = WriterTurns(self, loop, chance)

    def step(self, name: str) -> None:
        """Pass a moment at which something may happen.

        Raises:
            Killed: the process is gone.
        """
        self.check()
        self.steps += 1
        self._passed[name] += 1
        for moment in (self.steps, (name, self._passed[name])):
            if moment in self._events:
                self._events.pop(moment)(name)
        self.check()

    def check(self) -> None:
        """Do nothing while the process lives.

        Raises:
            Killed: it is gone.
        """
        if self.is_dead:
            raise Killed

    def die(self) -> None:
        """End here and now."""
        self.is_dead = True
        if not self._died.done():
            self._died.set_result(None)

    def live(self, life: Coroutine[Any, Any, None], most_s: float) -> None:
        """Let the process live until it ends or dies.

        Raises:
            AssertionError: it does not end within so many virtual seconds.
            BaseException: whatever it raised.
        """
        self._loop.turns = 0
        self._loop.set_exception_handler(self._note_bug)
        main = self._loop.create_task(life)
        try:
            self._loop.run_until_complete(
                asyncio.wait(
                    {main, self._died}, timeout=most_s, return_when=asyncio.FIRST_COMPLETED
                )
            )
            is_over = main.done() or self.is_dead
        finally:
            was_dead, self.is_dead = self.is_dead, True
            self._bury()
            self.is_dead = was_dead
        assert is_over, f"no end within {most_s / 3600:.0f} virtual hours"
        if self.is_dead:
            return
        if main.exception() is not None:
            raise main.exception() or AssertionError
        if self._bug is not None:
            raise self._bug

    def _bury(self) -> None:
        """End every task; none of them can do anything any more."""
        self._died.cancel()
        for _ in range(100):
            tasks = asyncio.all_tasks(self._loop)
            if not tasks:
                return
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.wait(tasks, timeout=0.001))

    def _note_bug(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not self.is_dead and not isinstance(error, Killed):
            self._bug = self._bug or error or AssertionError(context["message"])


class WriterTurns:
    """Stands in for the queue and the thread of the state's writer: its turns are timers.

    What is queued when the process dies is never written.
    """

    def __init__(self, process: Process, loop: WorldLoop, chance: Chance) -> None:
        self._process = process
        self._loop = loop
        self._chance = chance
        self._items: deque[Any] = deque()
        self._work: Callable[[], None] = lambda: None
        self._is_due = False
        self._count = 0

    def as_queue(self) -> WriterTurns:
        """Be the queue."""
        return self

    def as_thread(self, target: Callable[[], None], name: str) -> WriterTurns:
        """Be the thread."""
        self._work = target
        return self

    def put(self, item: Any) -> None:
        """Take in a change, and let the thread have its turn soon."""
        if item is None:
            self._items.append(item)
            return
        self._process.check()
        self._items.append(item)
        if not self._is_due:
            self._is_due = True
            self._count += 1
            self._loop.call_later(self._delay_s(), self._turn)

    def get(self) -> Any:
        """Give the oldest item."""
        return self._items.popleft()

    def empty(self) -> bool:
        """Tell whether nothing is queued."""
        return not self._items

    def start(self) -> None:
        """Begin with the first turn."""

    def join(self) -> None:
        """Let the thread end: it writes what is queued first."""
        if self._items and not self._process.is_dead:
            self._work()

    def _delay_s(self) -> float:
        is_slow = self._chance.happens(0.3, "commit-slow", self._count)
        return self._chance.between(0.0, 0.05, "commit", self._count) if is_slow else 0.0

    def _turn(self) -> None:
        self._is_due = False
        if self._process.is_dead or not self._items:
            return
        self._items.append(None)
        try:
            self._work()
        except Killed:
            return


class Machine:
    """A laptop: its processes, its clocks, its sleep."""

    def __init__(self, loop: WorldLoop, chance: Chance) -> None:
        self.loop = loop
        self.process = Process(loop, chance, {})
        self._jumped_s = 0.0
        self._slept_s = 0.0
        self.jumps = 0
        self.sleeps = 0
        #: Whether the monotonic clock goes on while the machine sleeps.
        self._counts_sleep = chance.happens(0.5, "counts-sleep")

    @property
    def true_s(self) -> float:
        """Seconds since the beginning, for the rest of the world."""
        return self.loop.time() + self._slept_s

    def nap(self, seconds: float) -> None:
        """Close the lid: the world goes on, no timer of ours does."""
        self._slept_s += seconds
        self.sleeps += 1

    def jump(self, seconds: float) -> None:
        """Set the wall clock wrong by some more seconds, forth or back."""
        self._jumped_s += seconds
        self.jumps += 1

    def now(self) -> float:
        """Give what the wall clock says, in UTC seconds."""
        return BEGINNING + self.true_s + self._jumped_s

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return self.loop.time() + (self._slept_s if self._counts_sleep else 0.0)

    async def sleep(self, seconds: float) -> None:
        """Wait, unless the process that asks is gone."""
        self.process.check()
        await asyncio.sleep(seconds)
        self.process.check()


class StateFiles:
    """The files of a SQLite state over kills and power losses.

    A commit survives a power loss if the connection that made it syncs each commit, by its own
    word, or once a checkpoint has synced it. Until then the files as they were stay remembered.
    """

    def __init__(self, path: Path, chance: Chance) -> None:
        self.path = path
        self._chance = chance
        self._log = path.with_name(f"{path.name}-wal")
        self._mark = path.with_name(f"{path.name}.mark")
        #: What surely survives, where that is not everything.
        self._durable: _Image | None = None
        self._before_open: _Image = (None, None)
        #: What a dead process left, to be put back once nothing of it is open any more.
        self._left: _Image | None = None
        self._marks: list[bytes | None] = []
        self._checkpoint: object = None
        self._log_before = 0
        self._connection: sqlite3.Connection | None = None

    @property
    def is_durable(self) -> bool:
        """Whether everything that was committed survives a power loss."""
        return self._durable is None

    def opening(self) -> None:
        """Note how things stand before a process opens the state."""
        self._before_open = self._image()
        self._marks = [_read(self._mark)]

    def opened(self, connection: sqlite3.Connection) -> None:
        """Note the connection that writes from now on; opening made a commit already."""
        self._connection = connection
        if not self._syncs() and self._durable is None:
            self._durable = self._before_open
        self._checkpoint = self._stamp()

    def committing(self) -> None:
        """Note how things stand before a commit."""
        self._log_before = self._log.stat().st_size if self._log.exists() else 0
        if not self._syncs() and self._durable is None:
            self._durable = self._image()

    def committed(self) -> None:
        """Note whether a commit is durable, and with it all before it."""
        self._marks.append(_read(self._mark))
        stamp = self._stamp()
        if self._syncs():
            self._durable = None
        elif stamp != self._checkpoint and self._durable is not None:
            self._durable = self._image()
        self._checkpoint = stamp

    def closed(self) -> None:
        """Note that the last connection went: it made a checkpoint."""
        self._durable = None

    def killed(self) -> None:
        """Keep the files as a killed process leaves them: the machine goes on."""
        self._left = self._image()

    def lost_power(self, moment: str, *question: object) -> None:
        """Keep the files as a power loss leaves them."""
        happens = self._chance.happens
        main, log = self._image() if self._durable is None else self._durable
        if moment == "state-made" and happens(0.5, "name-lost", *question):
            main = log = None  # the name of the new file was not synced
        if moment == "commit-after" and self._durable is None and log is not None:
            log = self._torn(log, *question)
        self._left = main, log
        self._durable = None
        mark = self._chance.choice([None, b"", *self._marks, _read(self._mark)], "mark", *question)
        self._mark.unlink(missing_ok=True)
        if mark is not None:
            self._mark.write_bytes(mark)

    def put_back(self) -> None:
        """Be a machine on which the next process can start."""
        if self._connection is not None:
            self._connection.close()
        if self._left is None:
            return
        for path, content in zip((self.path, self._log), self._left, strict=True):
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content)
        self.path.with_name(f"{self.path.name}-shm").unlink(missing_ok=True)
        self._left = None

    def _torn(self, log: bytes, *question: object) -> bytes:
        """Cut the log within the commit that is being written: its caller was told nothing yet."""
        if len(log) <= self._log_before or not self._chance.happens(0.5, "torn", *question):
            return log
        return log[: self._chance.whole(self._log_before, len(log) - 1, "tear", *question)]

    def _syncs(self) -> bool:
        """Ask the connection whether it syncs each commit."""
        assert self._connection is not None
        return int(self._connection.execute("PRAGMA synchronous").fetchone()[0]) >= _FULL

    def _stamp(self) -> object:
        """Give what changes when a checkpoint writes to the main file."""
        stat = self.path.stat()
        return stat.st_mtime_ns, stat.st_size

    def _image(self) -> _Image:
        return _read(self.path), _read(self._log)


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
