"""Preparing the next few requests before a slot is free for them, so that none waits for a picture.

Only the next few clips are prepared, and only so many bytes of them: a body holds its pictures in
base64. What was prepared is used once and soon, else it is prepared again: its pictures are held to
their planned bytes anew. Knows neither slots nor how a request is built, and promises nothing.
"""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator

from batchgen.clip import LocalPicture
from batchgen.plan.values import PlannedClip
from batchgen.provider.port import Prepared
from batchgen.run.ports import Clock

#: Clips that are prepared ahead, at most, and what their bodies may weigh together.
AHEAD = 4
AHEAD_BYTES = 32 * 1024 * 1024
#: What was prepared longer ago is prepared again.
FRESH_S = 300.0

#: Gives the request of a clip, or None when it cannot be sent.
Prepare = Callable[[PlannedClip], Awaitable[Prepared | None]]


class Preparation:
    """One clip on its way to be bought; it may be prepared ahead."""

    def __init__(self, ahead: Ahead, entry: PlannedClip, rank: int) -> None:
        self._ahead = ahead
        self.entry = entry
        #: Its place in the order of buying.
        self.rank = rank
        self._began_at = 0.0
        self._work: asyncio.Future[Prepared | None] | None = None

    @property
    def model(self) -> str:
        """The model it is made with."""
        return self.entry.clip.request.model

    @property
    def body_bytes(self) -> int:
        """About how many bytes its request has: base64 makes four of three."""
        pictures = self.entry.clip.request.pictures
        return sum(it.size_bytes * 4 // 3 for it in pictures if isinstance(it, LocalPicture))

    @property
    def has_begun(self) -> bool:
        """Whether it is prepared, or being prepared, and not taken."""
        return self._work is not None

    def begin(self) -> asyncio.Future[Prepared | None]:
        """Start to prepare it."""
        self._began_at = self._ahead.clock.now()
        self._work = asyncio.ensure_future(self._ahead.prepare(self.entry))
        return self._work

    async def ready(self) -> None:
        """Wait until it is prepared. May be cancelled."""
        await asyncio.wait([self._work or self.begin()])

    async def take(self) -> Prepared | None:
        """Give its request, which nobody else gets; None when it cannot be sent.

        May be cancelled.
        """
        if not self.has_begun:
            self.begin()
        prepared = await self._done()
        if not 0 <= self._ahead.clock.now() - self._began_at <= FRESH_S:
            self.begin()
            prepared = await self._done()
        return prepared

    def put_back(self) -> None:
        """Have it prepared once more: it is the next to be sent."""
        self._ahead.put_back(self)

    def sent(self) -> None:
        """Let others be prepared, as this one is through."""
        self._ahead.go_on()

    def drop(self) -> None:
        """Give up preparing it; it may be begun again."""
        if self._work is not None:
            self._work.cancel()
            self._work = None

    async def _done(self) -> Prepared | None:
        work, self._work = self._work, None
        self._ahead.taken(self)
        return None if work is None else await work


class Ahead:
    """The clips of one line of buying, in its order; iterate over it once."""

    def __init__(self, entries: Iterable[PlannedClip], prepare: Prepare, clock: Clock) -> None:
        self.prepare = prepare
        self.clock = clock
        self._source = enumerate(entries)
        #: Drawn from the source and not yet given out.
        self._next: deque[Preparation] = deque()
        #: Those to be prepared ahead, the first to be sent first.
        self._open: list[Preparation] = []

    def __iter__(self) -> Iterator[Preparation]:
        while self._next or self._draw():
            if len(self._next) == 1:
                self.go_on()
            yield self._next.popleft()

    def put_back(self, clip: Preparation) -> None:
        """Prepare a clip that was given out once more, in its place; later ones make room."""
        insort(self._open, clip, key=lambda other: other.rank)
        for later in self._open[AHEAD:]:
            later.drop()
        self.go_on()

    def taken(self, clip: Preparation) -> None:
        """Note that a clip is about to be sent; nothing else is begun that could hold it up."""
        if clip in self._open:
            self._open.remove(clip)

    def close(self) -> None:
        """Give up what is prepared and was not given out."""
        for clip in self._next:
            clip.drop()

    def _draw(self) -> bool:
        for rank, entry in self._source:
            clip = Preparation(self, entry, rank)
            self._next.append(clip)
            self._open.append(clip)
            return True
        return False

    def go_on(self) -> None:
        """Prepare the next few."""
        while len(self._open) < AHEAD and self._draw():
            pass
        held_bytes = 0
        for clip in self._open[:AHEAD]:
            if held_bytes > 0 and held_bytes + clip.body_bytes > AHEAD_BYTES:
                break
            held_bytes += clip.body_bytes
            if not clip.has_begun:
                clip.begin()
