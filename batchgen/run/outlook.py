"""When the run will be done: forecast now and then, and counted down in between.

A forecast costs some milliseconds and there may be a thousand tasks alive, so it is not made anew
with every move. Knows what is alive and how long it is; what waits, it is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from batchgen.clip import Attempt, AttemptState
from batchgen.plan.forecasting.forecast import forecast
from batchgen.plan.forecasting.queues import Forecast, Queue
from batchgen.run.ports import Clock, Ends
from batchgen.run.slots import Slots, SlotsByModel

#: Seconds for which a forecast is kept.
KEPT_S = 10.0
#: Of more waiting tasks than this, only the sum of their durations is forecast.
_PLAYED_OUT = 300


@dataclass(slots=True)
class Outlook:
    """Forecasts the end of one run."""

    clock: Clock
    #: Gives the seconds since an attempt was submitted.
    age_s: Callable[[Attempt], float]
    _alive: dict[int, Attempt] = field(default_factory=dict)
    _forecast: Forecast | None = None
    _made_at: float = 0.0

    def note(self, attempt: Attempt) -> None:
        """Take note of an attempt as it stands now."""
        if attempt.state is AttemptState.ACCEPTED:
            self._alive[attempt.id] = attempt
        else:
            self._alive.pop(attempt.id, None)

    def ends(
        self,
        slots: Slots | SlotsByModel,
        in_doubt: Mapping[str, int],
        waiting: Mapping[str, int],
        seen: Mapping[str, Sequence[float]],
    ) -> Ends | None:
        """Give when all that waits or is alive is done; None when nothing can be said yet.

        Model by model: `in_doubt` slots make nothing for now, so many clips are `waiting`, so long
        took the tasks that were `seen`.
        """
        now = self.clock.monotonic()
        is_over = not self._alive and not any(count > 0 for count in waiting.values())
        if is_over or self._forecast is None or now - self._made_at >= KEPT_S:
            self._forecast = _forecast_of(self._queues(slots, in_doubt, waiting, seen))
            self._made_at = now
        if self._forecast is None:
            return None
        made_at = self.clock.now() - (now - self._made_at)
        return Ends(
            left_s=max(self._forecast.expected_s - (now - self._made_at), 0.0),
            low=made_at + self._forecast.low_s,
            high=made_at + self._forecast.high_s,
        )

    def _queues(
        self,
        slots: Slots | SlotsByModel,
        in_doubt: Mapping[str, int],
        waiting: Mapping[str, int],
        seen: Mapping[str, Sequence[float]],
    ) -> list[Queue]:
        """Sort what waits and what is alive by the slots that it is made in."""
        ages: defaultdict[str, list[float]] = defaultdict(list)
        for attempt in self._alive.values():
            ages[attempt.model].append(self.age_s(attempt))
        models_of: defaultdict[Slots, list[str]] = defaultdict(list)
        for model in sorted({*waiting, *ages}):
            models_of[slots.of(model)].append(model)
        queues = [
            Queue(
                waiting={model: waiting.get(model, 0) for model in models},
                slots=lane.cap - sum(in_doubt.get(model, 0) for model in models),
                seen=seen,
                ages={model: ages[model] for model in models},
            )
            for lane, models in models_of.items()
        ]
        return [queue for queue in queues if not queue.is_done]


def _forecast_of(queues: Sequence[Queue]) -> Forecast | None:
    """Forecast from what was seen; before anything was, and without a slot, there is nothing."""
    if any(queue.slots <= 0 or not any(queue.seen.values()) for queue in queues):
        return None
    return forecast(queues, played_out=_PLAYED_OUT)
