"""The hours of buying in a run: nothing is sent that would hardly be here before they end.

What is alive is brought home, whatever the hour. Knows how long clips took, not how they are
bought.
"""

from __future__ import annotations

from batchgen.job.schema import Window
from batchgen.messages import Message, msg
from batchgen.plan.window import likely_s, reopens_at, span_at, told
from batchgen.provider.port import StopReason
from batchgen.run.context import RunContext


def is_time_to_buy(context: RunContext, model: str) -> bool:
    """Tell whether a clip of a model may be sent now; if not, the run stops buying."""
    if context.window is None:
        return True
    message = _objection(context, context.window, model)
    if message is not None:
        context.stop.request(StopReason.WINDOW, message)
    return message is None


def _objection(context: RunContext, window: Window, model: str) -> Message | None:
    now = context.clock.now()
    span = span_at(window, now)
    if now < span.opens_at:
        return msg(
            "outside the hours of buying: the next window opens at {time}; clips that wait:"
            " {count}",
            time=told(window, span.opens_at),
            count=context.tally.left_to_buy,
        )
    # In the first half of the hours a clip is tried in any case: else nothing new is ever learned.
    likely = min(likely_s(context.tally.seen(model)), span.length_s / 2)
    if now + likely <= span.closes_at:
        return None
    return msg(
        "a clip sent now would hardly be here by {end}: the next window opens at {time};"
        " clips that wait: {count}",
        end=told(window, span.closes_at),
        time=told(window, reopens_at(window, now)),
        count=context.tally.left_to_buy,
    )
