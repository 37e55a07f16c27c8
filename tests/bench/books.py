"""What a bench server noted of its tasks, and the figures that follow. Pure arithmetic in seconds.

Efficiency compares with a perfect client: zero latency, zero lag, the same tasks started in the
same order. Knows no clock, no HTTP and no client.
"""

from __future__ import annotations

import heapq
import itertools
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Task:
    """One accepted task, in seconds of one clock."""

    accepted_at: float
    ends_at: float
    #: When an answer first told SUCCESS.
    told_at: float | None = None
    #: Answers about it, that one included.
    polls: int = 0

    def told(self, now: float) -> bool:
        """Count an answer about it at this moment; give whether it tells SUCCESS."""
        has_ended = now >= self.ends_at
        if self.told_at is None:
            self.polls += 1
            self.told_at = now if has_ended else None
        return has_ended


@dataclass(frozen=True, slots=True)
class Figures:
    """What one account of a bench server saw of its client."""

    clips: int
    refused: int
    #: Tasks alive at once, at most.
    most_alive: int
    #: From the first submit to the last SUCCESS told.
    makespan_s: float
    efficiency: float
    polls_per_clip: float
    #: From the end of a task to the answer that told it.
    lag_mean_s: float
    lag_worst_s: float
    #: Seconds, summed over all slots, without a task, before the last SUCCESS was told.
    idle_slot_s: float

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)


@dataclass(slots=True)
class Book:
    """One account: its slots, and all that happened to its tasks."""

    slots: int
    began_at: float | None = None
    refused: int = 0
    most_alive: int = 0
    tasks: list[Task] = field(default_factory=list)
    #: Ends of the tasks that were alive when the last one was accepted.
    _alive: list[float] = field(default_factory=list)

    def knock(self, now: float) -> None:
        """Note that a submit arrived."""
        if self.began_at is None:
            self.began_at = now

    def accept(self, now: float, duration_s: float) -> int | None:
        """Make a task and give its number; None when all slots are taken."""
        self._alive = [end for end in self._alive if end > now]
        if len(self._alive) >= self.slots:
            self.refused += 1
            return None
        self.tasks.append(Task(now, now + duration_s))
        self._alive.append(now + duration_s)
        self.most_alive = max(self.most_alive, len(self._alive))
        return len(self.tasks) - 1

    def figures(self) -> Figures:
        """Give the figures of the tasks that ended and were told."""
        told = [(task, task.told_at) for task in self.tasks if task.told_at is not None]
        lags = [told_at - task.ends_at for task, told_at in told]
        durations = [task.ends_at - task.accepted_at for task in self.tasks]
        makespan_s = max((at for _, at in told), default=0.0) - (self.began_at or 0.0)
        return Figures(
            clips=len(told),
            refused=self.refused,
            most_alive=self.most_alive,
            makespan_s=makespan_s,
            efficiency=ideal_s(durations, self.slots) / makespan_s if told else 0.0,
            polls_per_clip=sum(task.polls for task in self.tasks) / max(len(told), 1),
            lag_mean_s=statistics.fmean(lags) if lags else 0.0,
            lag_worst_s=max(lags, default=0.0),
            idle_slot_s=self.slots * makespan_s - sum(durations),
        )


def ideal_s(durations: Sequence[float], slots: int) -> float:
    """Give the makespan of tasks that start in this order, each as soon as a slot is free."""
    free_at = [0.0] * slots
    for duration_s in durations:
        heapq.heapreplace(free_at, free_at[0] + duration_s)
    return max(free_at) if durations else 0.0


def most_alive(tasks: Sequence[Task]) -> int:
    """Give how many tasks were alive at once, at most; one that ends makes room for the next."""
    changes = [(task.accepted_at, 1) for task in tasks] + [(task.ends_at, -1) for task in tasks]
    return max(itertools.accumulate(change for _, change in sorted(changes)), default=0)


def together(figures: Iterable[Figures]) -> Figures:
    """Sum up accounts that ran side by side: means over their clips, the worst of extremes."""
    found = list(figures)
    clips = sum(it.clips for it in found)

    def mean(name: str) -> float:
        return sum(float(getattr(it, name)) * it.clips for it in found) / max(clips, 1)

    return Figures(
        clips=clips,
        refused=sum(it.refused for it in found),
        most_alive=max((it.most_alive for it in found), default=0),
        makespan_s=max((it.makespan_s for it in found), default=0.0),
        efficiency=mean("efficiency"),
        polls_per_clip=mean("polls_per_clip"),
        lag_mean_s=mean("lag_mean_s"),
        lag_worst_s=max((it.lag_worst_s for it in found), default=0.0),
        idle_slot_s=sum(it.idle_slot_s for it in found),
    )
