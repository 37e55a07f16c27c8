"""Bringing a paid clip home: link, bytes, checks, final name. Never buys, whatever goes wrong.

    1. fetch: stream to a temporary name, check, fsync     (T6)
    2. record VERIFIED with hash, size and final name      (T7, durable)
    3. publish: rename, poster, provenance                 (T8)
    4. record SAVED                                        (T9)

Whose link dies first goes first, over all jobs of the account. A clip that does not come is tried
some times; after that only while it holds back the buying (see `backlog`). Safe to cancel
anywhere: the next start goes on from the record it finds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from batchgen.clip import FETCHABLE, Attempt, AttemptState
from batchgen.errors import DownloadError, LinkDead
from batchgen.messages import msg
from batchgen.output.port import ClipFolder, Fetched
from batchgen.provider.port import PollTrouble, StopReason, TaskSucceeded, TaskUnknown
from batchgen.run.context import RunContext
from batchgen.run.following import Follower
from batchgen.run.slots import Line
from batchgen.run.stopping import first_of
from batchgen.video_models import LINK_LIFE_S

#: Clips on their way at once.
_AT_ONCE = 8
#: Waits between tries of one clip in one run; then it stays ready for the next run. A fresh link
#: may answer 404 for some seconds after SUCCESS.
_WAITS_S = (3.0, 6.0, 12.0, 24.0)
#: And the waits before further tries while the backlog holds back the buying: two hours of them.
_SLOW_WAITS_S = (60.0, 120.0, 240.0) + (300.0,) * 23
#: How often, and how far apart, a result without a link is asked for again.
_LINK_TRIES = 10
_LINK_WAIT_S = 60.0


@dataclass(slots=True)
class Fetcher:
    """Downloads clips of one account into the folders of their jobs."""

    context: RunContext
    follower: Follower
    #: Attempt -> the output folder it belongs to.
    folder_of: Callable[[Attempt], ClipFolder]
    _line: Line = field(default_factory=lambda: Line(_AT_ONCE))

    async def bring_home(self, attempt: Attempt) -> None:
        """Fetch a paid clip, trying some times; then it is saved, lost or still ready."""
        try:
            attempt = await self._try_some_times(attempt)
            await self._try_while_pressing(attempt)
        except OSError as error:
            self._unwritable(attempt, error)
        finally:
            self.context.backlog.give_up(attempt)

    async def _try_some_times(self, attempt: Attempt) -> Attempt:
        attempt = await self._try_once(attempt)
        for wait_s in _WAITS_S:
            if attempt.state is not AttemptState.SUCCEEDED:
                break
            self.context.backlog.warn(attempt)
            await self.context.clock.sleep(wait_s)
            attempt = await self._try_once(attempt)
        return attempt

    async def _try_while_pressing(self, attempt: Attempt) -> None:
        for wait_s in _SLOW_WAITS_S:
            if attempt.state not in FETCHABLE:
                return
            if not await self.context.backlog.is_pressing():
                return
            self.context.backlog.warn(attempt)
            await first_of(self.context.clock.sleep(wait_s), self.context.stop.wait())
            attempt = await self._try_once(attempt)

    def _rank(self, attempt: Attempt) -> float:
        """Give the moment its link dies; no haste saves a clip whose link is past its life."""
        dies_at = attempt.url_expires_at or 0.0
        return dies_at if dies_at > self.context.clock.now() else math.inf

    async def _try_once(self, attempt: Attempt) -> Attempt:
        if attempt.state is AttemptState.VERIFIED:
            async with self._line.turn(0.0):  # needs no link, and soon gives its place back
                return await self._publish(attempt)
        if attempt.video_url is None:
            return await self._find_link(attempt)
        try:
            async with self._line.turn(self._rank(attempt)):
                fetched = await self.folder_of(attempt).fetch(attempt)
                return await self._publish(await self._verified(attempt, fetched))
        except LinkDead as error:
            self.context.observer.note(error.message)
            return await self._renew_link(attempt)
        except DownloadError as error:
            self.context.observer.note(error.message)
            return attempt

    async def _verified(self, attempt: Attempt, fetched: Fetched) -> Attempt:
        return await self.context.move(
            attempt,
            AttemptState.VERIFIED,
            file=fetched.file,
            sha256=fetched.sha256,
            size_bytes=fetched.size_bytes,
            width=fetched.width,
            height=fetched.height,
            duration_s=fetched.duration_s,
            downloaded_at=self.context.clock.now(),
        )

    async def _publish(self, attempt: Attempt) -> Attempt:
        try:
            is_published = await self.folder_of(attempt).publish(attempt)
        except DownloadError as error:
            self.context.observer.note(error.message)
            return attempt
        if is_published:
            return await self.context.move(attempt, AttemptState.SAVED)
        return await self.context.move(
            attempt, AttemptState.SUCCEEDED, "the fetched bytes are gone"
        )

    async def _find_link(self, attempt: Attempt) -> Attempt:
        """Ask again for the link of a task that succeeded without one, then give it up as lost.

        Only answers count: while the API cannot be reached, the clip stays ready.
        """
        for _ in range(_LINK_TRIES):
            reply = await self.follower.ask(attempt)
            if isinstance(reply, PollTrouble):
                return attempt
            if isinstance(reply, TaskSucceeded) and reply.video_url is not None:
                return await self.follower.succeeded(attempt, reply.video_url, reply.cover_url)
            await self.context.clock.sleep(_LINK_WAIT_S)
        return await self.context.move(
            attempt, AttemptState.PAID_NO_RESULT, "SUCCESS without a link"
        )

    async def _renew_link(self, attempt: Attempt) -> Attempt:
        """Ask for the link by task id; a dead one that does not change any more is lost."""
        match await self.follower.ask(attempt):
            case TaskSucceeded(str() as video_url, cover_url) if video_url != attempt.video_url:
                return await self.follower.succeeded(attempt, video_url, cover_url)
            case TaskSucceeded() | TaskUnknown() if self._is_past_life(attempt):
                return await self.context.move(
                    attempt, AttemptState.EXPIRED, "the link is dead and the task gives no other"
                )
            case _:
                return attempt

    def _unwritable(self, attempt: Attempt, error: OSError) -> None:
        """Stop the run for a full or forbidden disk; another job's folder only leaves its clip."""
        message = msg(
            "{clip} cannot be written ({reason}): free the disk or mend the folder's"
            " rights, then run again; it is paid and will be fetched",
            clip=str(attempt.key),
            reason=error.strerror or type(error).__name__,
        )
        if attempt.job == self.context.run.job:
            self.context.stop.request(StopReason.DISK, message)
        else:
            self.context.observer.note(message)

    def _is_past_life(self, attempt: Attempt) -> bool:
        """Tell whether its link cannot live any more, even if it was born when it was seen."""
        seen_at, expires_at = attempt.finished_at or 0.0, attempt.url_expires_at or 0.0
        return self.context.clock.now() >= max(seen_at + LINK_LIFE_S, expires_at)
