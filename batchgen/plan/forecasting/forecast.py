"""When a queue of tasks will be done, with a band that says how sure that is. Pure.

The band is drawn from the durations that were seen (`queueing`); without any it is wide. It takes
slots for always full and the provider for as fast as it was.
"""

from __future__ import annotations

from collections.abc import Iterable

from batchgen.plan.forecasting.queues import Forecast, Queue
from batchgen.plan.values import Plan
from batchgen.video_models import TIERS

#: Of so many waiting tasks each is played through; of more, only the sum of their durations.
PLAYED_OUT = 10_000
#: The share of what may come that the band leaves out, at each of its ends.
_LEFT_OUT = 0.1


def forecast(queues: Iterable[Queue], *, played_out: int = PLAYED_OUT, seed: int = 0) -> Forecast:
    """Expect when all tasks of some queues side by side have ended; 0 s where there is none.

    The band holds in 8 of 10 cases. The same arguments give the same forecast.
    """
    at_work = [queue for queue in queues if not queue.is_done]
    if not at_work:
        return Forecast(0.0, 0.0, 0.0)
    # numpy is slow to import; only who asks for a forecast waits for it.
    from batchgen.plan.forecasting.queueing import possible_ends

    drawn = [possible_ends(queue, played_out, seed + n) for n, queue in enumerate(at_work)]
    ends = sorted(map(max, *drawn) if len(drawn) > 1 else drawn[0])
    places = (0.5, _LEFT_OUT, 1 - _LEFT_OUT)
    return Forecast(*(float(ends[round(place * (len(ends) - 1))]) for place in places))


def finishing_times(plan: Plan) -> dict[str, Forecast]:
    """Forecast for each tier when everything is here that a plan buys."""
    waiting = plan.bought_models
    lanes = [{model: n} for model, n in waiting.items()] if plan.slots_by_model else [waiting]
    return {
        tier: forecast(Queue(lane, slots, plan.task_seconds) for lane in lanes)
        for tier, slots in TIERS.items()
    }
