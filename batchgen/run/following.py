"""Following a task: asking for its state until it has ended at the provider. Costs nothing.

A task that ends late, or that the provider says it does not know, is never bought again and never
counted as failed. May be cancelled at every wait: the next start asks again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from batchgen.clip import Attempt, AttemptState
from batchgen.messages import msg
from batchgen.provider.port import (
    PollReply,
    PollTrouble,
    StillProcessing,
    TaskFailed,
    TaskSucceeded,
    TaskUnknown,
    VideoProvider,
)
from batchgen.run import pacing
from batchgen.run.context import RunContext
from batchgen.video_models import LINK_LIFE_S

#: A provider that does not know a task is asked again for this long before it is believed.
_UNKNOWN_GRACE_S = 600.0

_ENDED = frozenset({AttemptState.SUCCEEDED, AttemptState.FAILED})


@dataclass(frozen=True, slots=True)
class Follower:
    """Polls tasks of one account."""

    context: RunContext
    provider: VideoProvider
    #: Seconds after which a task is left running and reported.
    give_up_after_s: float
    #: Gives a number from 0 to 1.
    jitter: Callable[[], float]

    async def follow(self, attempt: Attempt) -> Attempt:
        """Poll until the task has ended, vanished or outlived the give-up; give it as recorded.

        Returns early, with the task alive, when the account itself is refused.
        """
        troubles = 0
        unknown_since: float | None = None
        while not self._is_over(attempt):
            await self.context.clock.sleep(self._delay_s(attempt, troubles))
            reply = await self._ask(attempt)
            if isinstance(reply, PollTrouble) and reply.stop is not None:
                return attempt
            troubles = troubles + 1 if isinstance(reply, PollTrouble | TaskUnknown) else 0
            if not isinstance(reply, TaskUnknown):
                unknown_since = None
                attempt = await self.take_in(attempt, reply)
                continue
            now = self.context.clock.monotonic()
            unknown_since = now if unknown_since is None else unknown_since
            if now - unknown_since >= _UNKNOWN_GRACE_S:
                return await self._vanished(attempt, reply)
        return attempt

    async def look(self, attempt: Attempt) -> Attempt:
        """Poll once, for a task of an earlier start; give the attempt as recorded."""
        reply = await self._ask(attempt)
        if isinstance(reply, TaskUnknown):
            return attempt
        return await self.take_in(attempt, reply)

    async def take_in(self, attempt: Attempt, reply: PollReply) -> Attempt:
        """Record what a poll told; give the attempt as it stands then."""
        match reply:
            case TaskSucceeded(video_url, cover_url):
                return await self.succeeded(attempt, video_url, cover_url)
            case TaskFailed(code, text):
                reason = text or "FAIL"
                return await self.context.move(
                    attempt,
                    AttemptState.FAILED,
                    reason,
                    finished_at=self.context.clock.now(),
                    error_code=code,
                    error=reason,
                )
            case StillProcessing():
                return await self._still_alive(attempt)
            case PollTrouble() | TaskUnknown():
                return attempt

    async def succeeded(
        self, attempt: Attempt, video_url: str | None, cover_url: str | None
    ) -> Attempt:
        """Record SUCCESS with its link and the moment the link dies, counted from now."""
        now = self.context.clock.now()
        return await self.context.move(
            attempt,
            AttemptState.SUCCEEDED,
            finished_at=attempt.finished_at or now,
            video_url=video_url,
            cover_url=cover_url,
            url_expires_at=attempt.url_expires_at or now + LINK_LIFE_S,
        )

    async def _ask(self, attempt: Attempt) -> PollReply:
        if attempt.task_id is None:
            message = f"attempt {attempt.id} has no task to ask for"
            raise AssertionError(message)
        reply = await self.provider.poll(attempt.task_id, attempt.request_id)
        if isinstance(reply, PollTrouble) and reply.stop is not None:
            self.context.stop.request(
                reply.stop,
                msg("the provider does not answer for this account: {text}", text=reply.text),
            )
        return reply

    async def _still_alive(self, attempt: Attempt) -> Attempt:
        if attempt.state is AttemptState.VANISHED:
            return await self.context.move(attempt, AttemptState.ACCEPTED, "known again")
        is_late = self._age_s(attempt) >= self.give_up_after_s
        if attempt.state is AttemptState.ACCEPTED and is_late:
            self.context.observer.note(
                msg(
                    "{clip}: task {task} is still running after {hours} h; it keeps its slot",
                    clip=str(attempt.key),
                    task=attempt.task_id,
                    hours=round(self._age_s(attempt) / 3600, 1),
                )
            )
            return await self.context.move(attempt, AttemptState.STALLED, "past the give-up")
        return attempt

    async def _vanished(self, attempt: Attempt, reply: TaskUnknown) -> Attempt:
        if attempt.state is AttemptState.VANISHED:
            return attempt
        self.context.observer.note(
            msg(
                "{clip}: the provider does not know task {task}; it may have been billed",
                clip=str(attempt.key),
                task=attempt.task_id,
            )
        )
        return await self.context.move(attempt, AttemptState.VANISHED, reply.text)

    def _is_over(self, attempt: Attempt) -> bool:
        return attempt.state in _ENDED | {AttemptState.STALLED}

    def _age_s(self, attempt: Attempt) -> float:
        return max(0.0, self.context.clock.now() - (attempt.submitted_at or attempt.created_at))

    def _delay_s(self, attempt: Attempt, troubles: int) -> float:
        seen_s = self.context.tally.seen(attempt.model)
        delay_s = pacing.poll_delay_s(self._age_s(attempt), seen_s)
        if troubles:
            delay_s = max(delay_s, pacing.backoff_s(troubles, self.jitter()))
        return delay_s
