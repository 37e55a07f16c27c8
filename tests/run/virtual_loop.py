"""An event loop whose time is virtual: a day passes as soon as every task waits for it."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: UTC seconds at which virtual time starts: 2026-11-23 04:00 in Shanghai.
START = 1_795_377_600.0


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that moves its clock to the next timer when there is nothing else to do.

    While work goes on in a thread (a commit, a step on the disk), time stands still. When every
    task waits and no timer runs, nothing can ever happen again: that is an error.
    """

    def __init__(self) -> None:
        self._time = 0.0
        self._outside = 0
        super().__init__(_TimeMovingSelector(self))

    def time(self) -> float:
        """Give virtual seconds since the start."""
        return self._time

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Hold the time while the block waits for a thread."""
        self._outside += 1
        try:
            yield
        finally:
            self._outside -= 1

    async def shutdown_default_executor(self, *args: Any) -> None:
        """End the threads; time stands still meanwhile."""
        with self.outside():
            await super().shutdown_default_executor(*args)

    def idle(self, timeout: float | None) -> float | None:
        """Tell the selector how long to wait in real time, after moving the virtual one."""
        if self._outside:
            return None
        if timeout is None:
            message = "every task waits for ever"
            raise AssertionError(message)
        self._time += timeout
        return 0


class _TimeMovingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        return super().select(self._loop.idle(timeout))


class VirtualClock:
    """A `Clock` over the running virtual loop; `jump_s` is added to the wall clock."""

    def __init__(self) -> None:
        self.jump_s = 0.0

    def now(self) -> float:
        """Give UTC seconds."""
        return START + asyncio.get_running_loop().time() + self.jump_s

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time."""
        await asyncio.sleep(seconds)


async def in_thread(work: Awaitable[_T]) -> _T:
    """Wait for something that a thread does, with the virtual time held."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    with loop.outside():
        return await work


def virtually(test: Callable[_P, Coroutine[Any, Any, None]]) -> Callable[_P, None]:
    """Run an async test on a loop of its own with virtual time."""

    @functools.wraps(test)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run
