"""What the answer to a submit means for the buying that follows: slow down, stop, go on, tell.

The record of the answer is durable before any of it happens (`run.buying`). Here nothing is sent
and nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass

from batchgen.clip import Attempt, AttemptState
from batchgen.errors import BudgetExceeded
from batchgen.messages import Message, msg
from batchgen.provider.port import (
    REPEATED_CODE,
    Accepted,
    NotSent,
    Reaction,
    Refused,
    Repeated,
    StopReason,
    SubmitReply,
    Uncertain,
)
from batchgen.run.context import RunContext
from batchgen.run.slots import Slot
from batchgen.run.stopping import Gate
from batchgen.words import time_of_day

#: A budget of one of these ends the buying; the others only leave the clip out.
_RUN_WIDE = frozenset({"run", "job", "day", "month"})


@dataclass(frozen=True, slots=True)
class Reactor:
    """Lets answers slow, stop or free the buying of one account."""

    context: RunContext
    gate: Gate
    #: Whether a request in doubt is sent again, under its request id (`run.resending`).
    resends: bool = False

    def react(self, attempt: Attempt, reply: SubmitReply, slot: Slot | None = None) -> None:
        """Take in an answer; what it leaves in doubt is told and counted by `stays_in_doubt`.

        Without a slot it is the answer to a repeat, and tells nothing of the room there is.
        """
        if slot is not None and attempt.state in {AttemptState.ACCEPTED, AttemptState.UNKNOWN}:
            slot.use()
        match reply:
            case Accepted() if attempt.state is AttemptState.ACCEPTED:
                self.gate.accepted(attempt.model)
                if slot is not None:
                    slot.accepted()
            case Refused():
                self._refused(attempt.model, reply, slot)
            case NotSent(text, stop):
                self._useless(stop, text)
                self._slowed(self.gate.unreached(), text)
            case Uncertain(text, stop=stop):
                self._useless(stop, text)
            case Accepted() | Repeated():
                pass

    def stays_in_doubt(self, attempt: Attempt) -> None:
        """Tell of a purchase in doubt that is left so, and count it for the brake."""
        self.tell_of_doubt(attempt)
        if not self.gate.doubted():
            return
        self.context.paused_until = self.context.clock.now() + self.gate.opens_in_s
        if self.context.tally.has_more_to_buy:
            self.context.observer.note(
                msg(
                    "three submits in doubt within ten minutes: buying pauses until {time}",
                    time=time_of_day(self.context.paused_until),
                )
            )

    def tell_of_doubt(self, attempt: Attempt) -> None:
        """Tell what is known of a purchase in doubt, and what the person can do."""
        if attempt.error_code == REPEATED_CODE:
            note = _received(attempt)
        elif self.resends:
            note = _sent_again_later(attempt)
        else:
            note = _never_sent_again(attempt)
        self.context.observer.note(note)

    def budget_reached(self, error: BudgetExceeded) -> None:
        """Stop the buying for a budget of the whole run, or leave one clip out."""
        if error.kind in _RUN_WIDE:
            self.context.stop.request(StopReason.BUDGET, error.message)
        else:
            self.context.held_by_budget = True
            self.context.observer.note(error.message)

    def _refused(self, model: str, reply: Refused, slot: Slot | None) -> None:
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
            case Reaction.HOLD if slot is not None:
                self._full(model, reply, slot)
            case Reaction.HOLD | Reaction.RETRY:
                self._slowed(self.gate.slow_down(reply.retry_after_s), reply.text)

    def _full(self, model: str, reply: Refused, slot: Slot) -> None:
        """Send fewer at once; and wait where that is asked for, or none of ours can make room."""
        self.gate.answered()
        slots = self.context.slots.of(model)
        if slot.refused() and slots.cuts == 1:
            self.context.observer.note(_less_room(slots.limit))
        if slots.alive == 0 or reply.retry_after_s is not None:
            self._slowed(self.gate.slow_down(reply.retry_after_s), reply.text)

    def _useless(self, stop: StopReason | None, text: str) -> None:
        if stop is not None:
            self.context.stop.request(stop, msg("the API cannot be used: {text}", text=text))

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


def _less_room(slots: int) -> Message:
    return msg(
        "the account takes fewer tasks at once than the {slots} of its tier: another program uses"
        " this account, or the tier is lower. Going on with as many as it takes",
        slots=slots,
    )


def _never_sent_again(attempt: Attempt) -> Message:
    return msg(
        "{clip}: no usable answer ({text}); it may have been bought for {price} {currency}."
        " It is not sent again; settle it with `retry --uncertain`",
        clip=str(attempt.key),
        text=attempt.error or "",
        price=attempt.price,
        currency=attempt.currency,
    )


def _sent_again_later(attempt: Attempt) -> Message:
    return msg(
        "{clip}: stays in doubt ({text}); it may have been bought for {price} {currency}. A start"
        " within a day sends the same request again; or settle it with `retry --uncertain`",
        clip=str(attempt.key),
        text=attempt.error or "",
        price=attempt.price,
        currency=attempt.currency,
    )


def _received(attempt: Attempt) -> Message:
    return msg(
        "{clip}: {text}; it may have been bought for {price} {currency}. Look for request"
        " {request} in the provider's bill: `retry --uncertain --adopt ID --sku {sku}` brings the"
        " clip home",
        clip=str(attempt.key),
        text=attempt.error or "",
        price=attempt.price,
        currency=attempt.currency,
        request=attempt.request_id,
        sku=attempt.key.sku,
    )
