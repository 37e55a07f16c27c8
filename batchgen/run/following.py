"""Following a task: asking for its state until it has ended at the provider. Costs nothing.

A task that ends late, or that the provider says it does not know, is never bought again and never
counted as failed. May be cancelled at every wait: the next start asks again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from batchgen.clip import Attempt, AttemptState
from batchgen.crash_points import crash_point
from batchgen.messages import Message, msg
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
from batchgen.run.polling.rhythm import Rhythm
from batchgen.video_models import LINK_LIFE_S

#: A provider that does not know a task is asked again for this long before it is believed.
_UNKNOWN_GRACE_S = 600.0
#: Polls without a usable answer, or without the task, after which the person is told.
_TOLD_AFTER = 3
#: And after which a task past the give-up is left.
_TROUBLES = 10


@dataclass(frozen=True, slots=True)
class Follower:
    """Polls tasks of one account."""

    context: RunContext
    provider: VideoProvider
    #: Seconds after which a task is left running and reported.
    give_up_after_s: float
    #: Gives a number from 0 to 1.
    jitter: Callable[[], float]
    #: When to ask for which task.
    rhythm: Rhythm
    #: Attempt id -> the moment (monotonic) since which the provider does not know its task.
    _unknown_since: dict[int, float] = field(default_factory=dict)

    async def follow(self, attempt: Attempt) -> Attempt:
        """Poll until the task has ended, vanished or outlived the give-up; give it as recorded.

        Returns early, with the task alive, when the account itself is refused.
        """
        with self.context.sweep.following(attempt.id):
            try:
                return await self._until_over(attempt)
            finally:
                self.rhythm.leave(attempt.model, attempt.id)

    async def _until_over(self, attempt: Attempt) -> Attempt:
        troubles: Counter[type[PollReply]] = Counter()
        wait_s = 0.0
        while attempt.state is AttemptState.ACCEPTED:
            await self.context.sweep.nap(max(wait_s, self._delay_s(attempt, troubles.total())))
            reply = await self.ask(attempt)
            self._learn(attempt, reply)
            attempt = await self.take_in(attempt, reply)
            wait_s = 0.0
            if not isinstance(reply, PollTrouble | TaskUnknown):
                troubles.clear()
                continue
            troubles[type(reply)] += 1
            if troubles[type(reply)] == _TOLD_AFTER:
                self.context.observer.note(_of_trouble(attempt, reply))
            if isinstance(reply, PollTrouble):
                if reply.stop is not None:
                    return attempt
                wait_s = reply.retry_after_s or 0.0
                # An unknown task is followed until it is believed to be gone.
                if troubles.total() >= _TROUBLES:
                    attempt = await self._left_if_late(attempt)
        return attempt

    async def look(self, attempt: Attempt) -> Attempt:
        """Poll once; give the attempt as recorded."""
        return await self.take_in(attempt, await self.ask(attempt))

    async def take_in(self, attempt: Attempt, reply: PollReply) -> Attempt:
        """Record what a poll told; give the attempt as it stands then."""
        if not isinstance(reply, PollTrouble | TaskUnknown):
            self._unknown_since.pop(attempt.id, None)
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
            case StillProcessing() if attempt.state is AttemptState.VANISHED:
                return await self.context.move(attempt, AttemptState.ACCEPTED, "known again")
            case StillProcessing():
                return await self._left_if_late(attempt)
            case TaskUnknown(text):
                return await self._vanished_for_good(attempt, text)
            case PollTrouble():
                return attempt

    async def succeeded(
        self, attempt: Attempt, video_url: str | None, cover_url: str | None
    ) -> Attempt:
        """Record SUCCESS with its link, and the moment until which the link lives for sure.

        When a task ended is not told. Where SUCCESS was seen within a day of the submit, the
        link's day is counted from that; else, and for a link that was given anew, from now.
        """
        now = self.context.clock.now()
        age_s = self.context.age_s(attempt)
        is_first = attempt.finished_at is None
        born = now - age_s if is_first and age_s < LINK_LIFE_S else now
        return await self.context.move(
            attempt,
            AttemptState.SUCCEEDED,
            finished_at=attempt.finished_at or now,
            video_url=video_url,
            cover_url=cover_url,
            url_expires_at=born + LINK_LIFE_S,
        )

    async def ask(self, attempt: Attempt) -> PollReply:
        """Poll once and record nothing; an account that is refused stops the run."""
        if attempt.task_id is None:
            message = f"attempt {attempt.id} has no task to ask for"
            raise AssertionError(message)
        reply = await self.provider.poll(attempt.task_id, attempt.request_id)
        crash_point("poll-after")
        self.context.sweep.asked(attempt.id)
        if isinstance(reply, PollTrouble) and reply.stop is not None:
            self.context.stop.request(
                reply.stop,
                msg("the provider does not answer for this account: {text}", text=reply.text),
            )
        return reply

    async def _left_if_late(self, attempt: Attempt) -> Attempt:
        age_s = self.context.age_s(attempt)
        if attempt.state is not AttemptState.ACCEPTED or age_s < self.give_up_after_s:
            return attempt
        self.context.observer.note(
            msg(
                "{clip}: task {task} is still running after {hours} h; it keeps its slot",
                clip=str(attempt.key),
                task=attempt.task_id,
                hours=round(age_s / 3600, 1),
            )
        )
        return await self.context.move(attempt, AttemptState.STALLED, "past the give-up")

    async def _vanished_for_good(self, attempt: Attempt, text: str) -> Attempt:
        """Believe that the task is gone only when nothing else was told for the grace."""
        now = self.context.clock.monotonic()
        since = self._unknown_since.setdefault(attempt.id, now)
        if attempt.state is AttemptState.VANISHED or now - since < _UNKNOWN_GRACE_S:
            return attempt
        self.context.observer.note(
            msg(
                "{clip}: the provider does not know task {task}; it may have been billed",
                clip=str(attempt.key),
                task=attempt.task_id,
            )
        )
        return await self.context.move(attempt, AttemptState.VANISHED, text)

    def _delay_s(self, attempt: Attempt, troubles: int) -> float:
        age_s = self.context.age_s(attempt)
        delay_s = min(self.rhythm.wait_s(attempt.model, attempt.id, age_s), pacing.STALLED_POLL_S)
        if troubles:
            delay_s = max(delay_s, pacing.backoff_s(troubles, self.jitter()))
        return delay_s

    def _learn(self, attempt: Attempt, reply: PollReply) -> None:
        age_s = self.context.age_s(attempt)
        if isinstance(reply, StillProcessing):
            self.rhythm.found_alive(attempt.model, attempt.id, age_s)
        elif isinstance(reply, TaskSucceeded | TaskFailed):
            self.rhythm.found_ended(attempt.model, attempt.id, age_s)


def _of_trouble(attempt: Attempt, reply: PollTrouble | TaskUnknown) -> Message:
    """Say that a task is asked for again, and for how long."""
    if isinstance(reply, PollTrouble):
        return msg(
            "{clip}: no usable answer about its task ({text}); it is asked for again",
            clip=str(attempt.key),
            text=reply.text,
        )
    return msg(
        "{clip}: the provider says that it does not know task {task} ({text}); it is asked for"
        " again, and believed when it has said nothing else for {minutes} minutes",
        clip=str(attempt.key),
        task=attempt.task_id,
        text=reply.text,
        minutes=round(_UNKNOWN_GRACE_S / 60),
    )
