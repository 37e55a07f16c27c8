"""Buying one clip: intent, POST, record. The only place that sends a paid request.

    1. take the request, built ahead (`run.preparing`), and wait for the account's turn to send
    2. reserve: intent, frozen price and budgets, durable (T1)
    3. POST, once
    4. record what came of it before anything else is done with it (T2, T3, T4)

A crash after 2 leaves an intent: it is found at the next start and becomes uncertain. A purchase
is never repeated here unless the answer said, with a known code, that no task was made. What an
answer means for the buying that follows is decided in `run.reacting`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from batchgen.clip import Attempt, AttemptState, ClipKey, ClipRequest, Intent, TaskId
from batchgen.crash_points import crash_point
from batchgen.errors import BudgetExceeded, InputError, StateError, TaskIdKept, TaskIdTaken
from batchgen.messages import Message, msg
from batchgen.plan.clips.identity import request_record
from batchgen.plan.values import PlannedClip
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
    VideoProvider,
)
from batchgen.run.context import RunContext
from batchgen.run.hours import is_time_to_buy
from batchgen.run.preparing import Preparation
from batchgen.run.reacting import Reactor
from batchgen.run.slots import Slot
from batchgen.run.stopping import Gate
from batchgen.state.ledger import day_of, limits_of


class NotBought(Enum):
    """Why a clip was not bought."""

    #: It is not bought in this run: stopped, refused, or out of budget.
    IN_THIS_RUN = auto()
    #: The account takes fewer tasks now: give the slot back, and come again with another.
    IN_THIS_SLOT = auto()


@dataclass(frozen=True, slots=True)
class Buyer:
    """Sends paid requests for one account."""

    context: RunContext
    provider: VideoProvider
    gate: Gate
    reactor: Reactor
    #: Makes a request id that was never used.
    new_request_id: Callable[[], str]

    async def buy(self, clip: Preparation, slot: Slot) -> Attempt | NotBought:
        """Buy a clip in a slot; give the attempt if it may be alive (accepted or in doubt)."""
        while await self.context.backlog.has_room():
            if slot.is_surplus:
                return NotBought.IN_THIS_SLOT
            async with self.gate.passage() as is_open:
                if not is_open or clip.model in self.gate.closed_models:
                    break
                attempt = await self._try_once(clip, slot)
            if isinstance(attempt, NotBought):
                return attempt
            if attempt.state is not AttemptState.REJECTED:
                return self._alive(attempt)
        return NotBought.IN_THIS_RUN

    @staticmethod
    def _alive(attempt: Attempt) -> Attempt | NotBought:
        return NotBought.IN_THIS_RUN if attempt.state is AttemptState.REFUSED else attempt

    async def _try_once(self, clip: Preparation, slot: Slot) -> Attempt | NotBought:
        """Reserve and send; give the attempt as recorded."""
        prepared = await clip.take()
        await self.provider.turn()
        await self.context.sweep.over()
        if prepared is None or not await self.context.backlog.has_room():
            return NotBought.IN_THIS_RUN
        if slot.is_surplus:
            return NotBought.IN_THIS_SLOT
        if not is_time_to_buy(self.context, clip.model):
            return NotBought.IN_THIS_RUN
        try:
            with self.context.not_cancelled():
                attempt = await self._reserve(clip.entry, prepared.request_id)
                slot.sending()
                reply = await self.post(attempt, prepared)
                attempt = await self._record(attempt, reply)
        except BudgetExceeded as error:
            self.reactor.budget_reached(error)
            return NotBought.IN_THIS_RUN
        self.reactor.react(attempt, reply, slot)
        if attempt.state is AttemptState.UNKNOWN and not self.reactor.resends:
            self.reactor.stays_in_doubt(attempt)
        return attempt

    async def prepare_anew(self, entry: PlannedClip) -> Prepared | None:
        """Build the request of a purchase, under an id of its own; see `prepare`."""
        return await self.prepare(entry.clip.key, entry.clip.request, self.new_request_id())

    async def prepare(self, key: ClipKey, request: ClipRequest, request_id: str) -> Prepared | None:
        """Build a request; None when a picture cannot be sent as planned, or the run stopped."""
        try:
            prepared = await self.provider.prepare(request, request_id)
        except InputError as error:
            reason = error.message
            self.context.observer.note(
                msg("{clip} is not sent: {reason}", clip=str(key), reason=reason)
            )
            return None
        return prepared if self.context.stop.reason is None else None

    async def _reserve(self, entry: PlannedClip, request_id: str) -> Attempt:
        clip = entry.clip
        intent = Intent(
            key=clip.key,
            request_id=request_id,
            fingerprint=clip.fingerprint,
            model=clip.request.model,
            price=clip.price,
            currency=self.context.currency,
            request=request_record(clip.request),
            order_id=entry.order_id,
            tags=clip.tags,
        )
        context = self.context
        day = day_of(context.clock.now(), context.zone)
        limits = limits_of(context.budget, context.run, intent, day, context.zone)
        attempt = await context.state.reserve(context.run, intent, day, limits)
        context.tell(attempt)
        return attempt

    async def post(self, attempt: Attempt, prepared: Prepared) -> SubmitReply:
        """POST once, under a durable record; while it is not answered, it counts as in the air."""
        self.context.in_air.add(attempt.id)
        crash_point("submit-before")
        reply = await self.provider.submit(prepared)
        crash_point("submit-after")
        self.context.in_air.discard(attempt.id)
        return reply

    async def _record(self, attempt: Attempt, reply: SubmitReply) -> Attempt:
        """Make the answer durable before anything else is done with it."""
        move = self.context.move
        match reply:
            case Accepted(task_id):
                return await self.record_task(attempt, task_id)
            case Refused(code, text, reaction):
                is_final = reaction is Reaction.FAIL_CLIP
                state = AttemptState.REFUSED if is_final else AttemptState.REJECTED
                return await move(attempt, state, text, error_code=code, error=text)
            case NotSent(text):
                return await move(attempt, AttemptState.REJECTED, text, error=text)
            case Uncertain(text, code):
                return await move(attempt, AttemptState.UNKNOWN, text, error_code=code, error=text)
            case Repeated(text):
                return await move(
                    attempt, AttemptState.UNKNOWN, text, error_code=REPEATED_CODE, error=text
                )

    async def record_task(self, attempt: Attempt, task_id: TaskId) -> Attempt:
        """Make the task's id durable; one that another clip has leaves this one in doubt.

        Raises:
            TaskIdKept: it could not be recorded, and is safe beside the state.
            StateError: it could not be recorded or kept; the person was told the id.
        """
        now = self.context.clock.now()
        move = self.context.move
        try:
            return await move(
                attempt,
                AttemptState.ACCEPTED,
                task_id=task_id,
                submitted_at=now,
                error_code=None,
                error=None,
            )
        except TaskIdKept:
            raise
        except StateError:
            self.context.observer.note(_unrecorded(attempt, task_id))
            raise
        except TaskIdTaken as error:
            return await move(attempt, AttemptState.UNKNOWN, str(error), error=str(error))


def _unrecorded(attempt: Attempt, task_id: str) -> Message:
    return msg(
        "{clip}: bought as task {task}, but the state could not record it; keep this line:"
        " `retry --uncertain --adopt {task} --sku {sku}` brings the clip home",
        clip=str(attempt.key),
        task=task_id,
        sku=attempt.key.sku,
    )
