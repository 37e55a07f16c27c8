"""Sending a request in doubt again, under its own request id, so that doubt heals itself.

Only for an account whose provider was shown to recognise a repeated request id: then a second
submit of a request that did arrive is answered with its task, or with the word that it is known
(`Repeated`), and buys nothing. Elsewhere it would be a second purchase.

    1. the doubt is durable before anything is sent again (`run.buying`, or an earlier start)
    2. record that it is sent again, which moves the time until which its task may be alive
    3. POST the same request with the same request id
    4. record the task, or what else became known; everything else leaves it in doubt

The money stands still meanwhile: it is one purchase, reserved once. A refusal of the repeat says
nothing about the first submit (limits and content may be looked at before the id): it never frees
the money.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from batchgen.clip import Attempt, AttemptState, ClipRequest
from batchgen.messages import msg
from batchgen.plan.values import Action, PlannedClip
from batchgen.provider.port import (
    REPEATED_CODE,
    Accepted,
    NotSent,
    Prepared,
    Reaction,
    Refused,
    Repeated,
    SubmitReply,
    Uncertain,
)
from batchgen.run.buying import Buyer
from batchgen.run.hours import is_time_to_buy
from batchgen.run.reacting import Reactor
from batchgen.run.stopping import first_of

#: Waits before each repeat of what this start left in doubt. Long enough for a provider that is
#: still busy with the first submit to know its id by then.
_WAITS_S = (2.0, 10.0, 30.0)
#: A request is sent again only for so long after its intent. How long a provider remembers an id
#: is not documented; a day is the longest for which it is known to remember anything of a call:
#: that long it keeps the result (`video_models.LINK_LIFE_S`).
RESEND_WITHIN_S = 24 * 3600.0
#: Refusals that ask to come again later.
_FOR_NOW = frozenset({Reaction.HOLD, Reaction.RETRY})


@dataclass(frozen=True, slots=True)
class Resender:
    """Sends again what is in doubt, one account's and one job's; never under another id."""

    buyer: Buyer
    #: Attempt id -> its request: what earlier starts left in doubt; see `resendable`.
    left: Mapping[int, ClipRequest]

    async def heal(self, attempt: Attempt, request: ClipRequest) -> Attempt:
        """Send what this start left in doubt again, some times; what stays so counts for the brake.

        Gives the attempt as recorded. May be cancelled while it waits.
        """
        if self._may_send(attempt):
            self._tell_of_repeat(attempt)
            attempt = await self._until_answered(attempt, request)
        if attempt.state is AttemptState.UNKNOWN:
            self._reactor.stays_in_doubt(attempt)
        return attempt

    def takes(self, attempt: Attempt) -> bool:
        """Tell whether `heal_left` has something to send for an attempt."""
        return attempt.id in self.left and self._may_send(attempt)

    async def heal_left(self, attempt: Attempt) -> Attempt:
        """Send what an earlier start left in doubt once more; give the attempt as recorded."""
        attempt, _ = await self._ask(attempt, self.left[attempt.id])
        if attempt.state is AttemptState.UNKNOWN:
            self._reactor.tell_of_doubt(attempt)
        return attempt

    async def _until_answered(self, attempt: Attempt, request: ClipRequest) -> Attempt:
        stopped = self.buyer.context.stop.wait
        for wait_s in _WAITS_S:
            await first_of(self.buyer.context.clock.sleep(wait_s), stopped())
            attempt, reply = await self._ask(attempt, request)
            if not isinstance(reply, Uncertain):
                break
        return attempt

    async def _ask(
        self, attempt: Attempt, request: ClipRequest
    ) -> tuple[Attempt, SubmitReply | None]:
        """Send it until the answer is more than "not now"; None: it may not be sent any more.

        Each submit waits for its turn at the gate, like that of a purchase.
        """
        reply: SubmitReply | None = None
        while reply is None or _is_for_now(reply):
            async with self.buyer.gate.passage():
                prepared = await self._prepare(attempt, request)
                if prepared is None:
                    return attempt, None
                attempt, reply = await self._send(attempt, prepared)
        return attempt, reply

    async def _prepare(self, attempt: Attempt, request: ClipRequest) -> Prepared | None:
        """Build the request anew, the same to the byte: its pictures are held to their hashes."""
        await self.buyer.provider.turn()
        if not (self._may_send(attempt) and is_time_to_buy(self.buyer.context, attempt.model)):
            return None
        return await self.buyer.prepare(attempt.key, request, attempt.request_id)

    async def _send(self, attempt: Attempt, prepared: Prepared) -> tuple[Attempt, SubmitReply]:
        context = self.buyer.context
        with context.not_cancelled():
            attempt = await context.move(
                attempt, AttemptState.UNKNOWN, "sent again", submitted_at=context.clock.now()
            )
            reply = await self.buyer.post(attempt, prepared)
            attempt = await self._record(attempt, reply)
        self._reactor.react(attempt, reply)
        return attempt, reply

    async def _record(self, attempt: Attempt, reply: SubmitReply) -> Attempt:
        """Make durable what the repeat told; without that the doubt stands as it was."""
        match reply:
            case Accepted(task_id):
                attempt = await self.buyer.record_task(attempt, task_id)
                self._tell_of_healing(attempt)
                return attempt
            case Repeated(text):
                return await self._still_in_doubt(attempt, REPEATED_CODE, text)
            case Refused(code, text) if not _is_for_now(reply):
                words = f"sent again, and that was refused: {text}"
                return await self._still_in_doubt(attempt, code, words)
            case _:
                return attempt

    async def _still_in_doubt(self, attempt: Attempt, code: str, text: str) -> Attempt:
        return await self.buyer.context.move(
            attempt, AttemptState.UNKNOWN, text, error_code=code, error=text
        )

    def _may_send(self, attempt: Attempt) -> bool:
        """Tell whether nothing speaks against sending now, the clock being set back included."""
        age_s = self.buyer.context.clock.now() - attempt.created_at
        return (
            attempt.error_code != REPEATED_CODE
            and 0 <= age_s < RESEND_WITHIN_S
            and self.buyer.context.stop.reason is None
            and attempt.model not in self.buyer.gate.closed_models
        )

    @property
    def _reactor(self) -> Reactor:
        return self.buyer.reactor

    def _tell_of_repeat(self, attempt: Attempt) -> None:
        self.buyer.context.observer.note(
            msg(
                "{clip}: no usable answer ({text}); the same request is sent again",
                clip=str(attempt.key),
                text=attempt.error or "",
            )
        )

    def _tell_of_healing(self, attempt: Attempt) -> None:
        if attempt.state is AttemptState.ACCEPTED:
            self.buyer.context.observer.note(
                msg(
                    "{clip}: no longer in doubt, its task is {task}",
                    clip=str(attempt.key),
                    task=attempt.task_id,
                )
            )


def resendable(clips: Iterable[PlannedClip], job: str) -> dict[int, ClipRequest]:
    """Give the requests that may be sent again, by the id of their attempt.

    These are attempts of the job that an earlier start left without answer, whose clip the plan
    still holds with the same request. A clip that a person ordered anew is not among them, nor
    one whose doubt a person settled.
    """
    unanswered = {AttemptState.INTENT, AttemptState.UNKNOWN}
    return {
        entry.attempt.id: entry.clip.request
        for entry in clips
        if entry.action is Action.LEAVE
        and entry.attempt is not None
        and entry.attempt.job == job
        and entry.attempt.state in unanswered
        and entry.attempt.fingerprint == entry.clip.fingerprint
    }


def _is_for_now(reply: SubmitReply) -> bool:
    """Tell whether an answer only asks to come again later."""
    return isinstance(reply, NotSent) or (isinstance(reply, Refused) and reply.reaction in _FOR_NOW)
