"""Buying one clip: intent, POST, record. The only place that sends a paid request.

    1. build the request and encode its pictures        (nothing promised, nothing sent)
    2. reserve: intent, frozen price and budgets, durable (T1)
    3. POST, once
    4. record what came of it before anything else is done with it (T2, T3, T4)

A crash after 2 leaves an intent: it is found at the next start and becomes uncertain. A purchase
is never repeated here unless the answer said, with a known code, that no task was made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from batchgen.clip import Attempt, AttemptState, Intent
from batchgen.crash_points import crash_point
from batchgen.errors import BudgetExceeded, InputError, StateError, TaskIdTaken
from batchgen.messages import Message, msg
from batchgen.plan.identity import request_record
from batchgen.plan.values import PlannedClip
from batchgen.provider.port import (
    Accepted,
    NotSent,
    Prepared,
    Reaction,
    Refused,
    StopReason,
    SubmitReply,
    Uncertain,
    VideoProvider,
)
from batchgen.run.context import RunContext
from batchgen.run.stopping import Gate
from batchgen.state.ledger import day_of, limits_of

#: A budget of one of these ends the buying; the others only leave the clip out.
_RUN_WIDE = frozenset({"run", "job", "day", "month"})


@dataclass(frozen=True, slots=True)
class Buyer:
    """Sends paid requests for one account."""

    context: RunContext
    provider: VideoProvider
    gate: Gate
    #: Makes a request id that was never used.
    new_request_id: Callable[[], str]

    async def buy(self, entry: PlannedClip) -> Attempt | None:
        """Buy a clip; give the attempt if it may be alive (accepted or in doubt), else None."""
        while True:
            async with self.gate.passage() as is_open:
                if not is_open or entry.clip.request.model in self.gate.closed_models:
                    return None
                attempt = await self._try_once(entry)
            if attempt is None or attempt.state is not AttemptState.REJECTED:
                return self._alive(attempt)

    @staticmethod
    def _alive(attempt: Attempt | None) -> Attempt | None:
        is_over = attempt is None or attempt.state is AttemptState.REFUSED
        return None if is_over else attempt

    async def _try_once(self, entry: PlannedClip) -> Attempt | None:
        """Reserve and send; give the attempt as recorded, or None when nothing was reserved."""
        prepared = await self._prepare(entry)
        if prepared is None or self.context.stop.reason is not None:
            return None
        try:
            with self.context.not_cancelled():
                attempt = await self._reserve(entry, prepared.request_id)
                reply = await self._send(attempt, prepared)
                attempt = await self._record(attempt, reply)
        except BudgetExceeded as error:
            self._budget_reached(error)
            return None
        self._react(attempt, reply)
        return attempt

    async def _prepare(self, entry: PlannedClip) -> Prepared | None:
        """Build the request under a new id; None when a picture cannot be sent as planned."""
        try:
            return await self.provider.prepare(entry.clip.request, self.new_request_id())
        except InputError as error:
            self.context.observer.note(error.message)
            return None

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
        day = day_of(self.context.clock.now())
        limits = limits_of(self.context.budget, self.context.run, intent, day)
        attempt = await self.context.state.reserve(self.context.run, intent, day, limits)
        self.context.tell(attempt)
        return attempt

    async def _send(self, attempt: Attempt, prepared: Prepared) -> SubmitReply:
        """POST once; while it is not answered, the attempt counts as in the air."""
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
                now = self.context.clock.now()
                try:
                    return await move(
                        attempt, AttemptState.ACCEPTED, task_id=task_id, submitted_at=now
                    )
                except StateError:
                    self.context.observer.note(_unrecorded(attempt, task_id))
                    raise
                except TaskIdTaken as error:
                    return await self._record(attempt, Uncertain(str(error)))
            case Refused(code, text, reaction):
                is_final = reaction is Reaction.FAIL_CLIP
                state = AttemptState.REFUSED if is_final else AttemptState.REJECTED
                return await move(attempt, state, text, error_code=code, error=text)
            case NotSent(text):
                return await move(attempt, AttemptState.REJECTED, text, error=text)
            case Uncertain(text, code):
                return await move(attempt, AttemptState.UNKNOWN, text, error_code=code, error=text)

    def _react(self, attempt: Attempt, reply: SubmitReply) -> None:
        """Let the answer slow, stop or free the buying."""
        match reply:
            case Accepted() if attempt.state is AttemptState.UNKNOWN:
                self._doubted(attempt, attempt.error or "")
            case Accepted():
                self.gate.accepted(attempt.model)
            case Refused():
                self._refused(attempt.model, reply)
            case NotSent(text, stop):
                if stop is not None:
                    self.context.stop.request(
                        stop, msg("the API cannot be used: {text}", text=text)
                    )
                self._slowed(self.gate.unreached(), text)
            case Uncertain(text):
                self._doubted(attempt, text)

    def _refused(self, model: str, reply: Refused) -> None:
        match reply.reaction:
            case Reaction.FAIL_CLIP:
                if self.gate.refused_clip(model):
                    self._model_closed(model, reply.text)
            case Reaction.STOP_MODEL:
                if self.gate.close_model(model):
                    self._model_closed(model, reply.text)
            case Reaction.STOP_RUN:
                self.context.stop.request(
                    reply.stop or StopReason.ACCOUNT,
                    msg(
                        "the provider refused (code {code}): {text}",
                        code=reply.code,
                        text=reply.text,
                    ),
                )
            case Reaction.HOLD | Reaction.RETRY:
                self._slowed(self.gate.slow_down(reply.retry_after_s), reply.text)

    def _model_closed(self, model: str, text: str) -> None:
        self.context.observer.note(
            msg("{model} is not bought any more: {text}", model=model, text=text)
        )

    def _slowed(self, wait_s: float | None, text: str) -> None:
        if wait_s is None:
            return
        self.context.observer.note(
            msg(
                "waiting {seconds} s before the next submit: {text}",
                seconds=round(wait_s),
                text=text,
            )
        )

    def _doubted(self, attempt: Attempt, text: str) -> None:
        self.context.observer.note(
            msg(
                "{clip}: no usable answer ({text}); it may have been bought for {price} {currency}."
                " It is not sent again; settle it with `retry --uncertain`",
                clip=str(attempt.key),
                text=text,
                price=attempt.price,
                currency=attempt.currency,
            )
        )
        if self.gate.doubted():
            self.context.observer.note(
                msg("three submits in doubt within ten minutes: buying pauses for a minute")
            )

    def _budget_reached(self, error: BudgetExceeded) -> None:
        if error.kind in _RUN_WIDE:
            self.context.stop.request(StopReason.BUDGET, error.message)
        else:
            self.context.held_by_budget = True
            self.context.observer.note(error.message)


def _unrecorded(attempt: Attempt, task_id: str) -> Message:
    return msg(
        "{clip}: bought as task {task}, but the state could not record it; keep this line:"
        " `retry --uncertain --adopt {task} --sku {sku}` brings the clip home",
        clip=str(attempt.key),
        task=task_id,
        sku=attempt.key.sku,
    )
