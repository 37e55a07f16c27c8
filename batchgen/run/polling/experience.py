"""What polls have told of one model's tasks, and the law of durations that it amounts to.

The law is learned anew after every tenth more of ended tasks, and at once when the provider's speed
has changed: durations of before then count as multiples of themselves. On an unchanged speed
nothing is thrown away. Knows no clock and no schedule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from batchgen.run.polling.drift import Sight, slowdown
from batchgen.run.polling.law import Law
from batchgen.run.polling.learning import Seen, learned_law

#: Durations that are remembered, and of those from before a change of speed.
_MEMORY = 400
_MEMORY_OF_OTHER_SPEED = 50
#: Durations that the state kept end with the poll that saw them: within about this part.
_USUAL_GAP = 0.04
#: One so many times the median was seen late, after a stop.
_SEEN_LATE = 4.0
#: The speed is judged by the tasks started last, this many besides those alive; and the most.
_JUDGED, _MOST_JUDGED = 16, 64
#: Without any end yet: learn again when the oldest task is so many times older.
_OLDER = 1.1
#: So many tasks that ended or are later than this share of them are a reason to judge it anew.
_REASONS, _LATE = 4, 0.9


@dataclass(slots=True)
class _Task:
    #: Tasks are numbered as they come.
    number: int
    #: The last age at which a poll found it alive.
    alive_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _End:
    number: int
    seen: Seen

    def slower(self, factor: float) -> _End:
        return _End(self.number, Seen(self.seen.after_s * factor, self.seen.by_s * factor))


class Experience:
    """What is known of one model's tasks; `before_s` are durations of earlier ones."""

    def __init__(self, before_s: Sequence[float] = ()) -> None:
        self._ends = _remembered(before_s[-_MEMORY:])
        self._tasks: dict[int, _Task] = {}
        self._newest = 0
        #: Ends and late tasks since the speed was judged.
        self._reasons = 0
        #: The highest age at which a task was found alive.
        self._oldest_s = 0.0
        self._law = self._learned()

    @property
    def alive(self) -> int:
        """Tasks that are followed now."""
        return len(self._tasks)

    @property
    def has_ends(self) -> bool:
        """Whether any task has ended yet."""
        return bool(self._ends)

    @property
    def law(self) -> Law:
        """The law as learned last; another object when it was learned again."""
        is_blind_and_older = not self._ends and self._oldest_s > _OLDER * self._learned_at_s
        if self._news * 10 >= max(len(self._ends), 10) or is_blind_and_older:
            self._law = self._learned()
        return self._law

    def follow(self, task: int) -> None:
        """Begin to follow a task, if that was not done yet."""
        if task not in self._tasks:
            self._newest += 1
            self._tasks[task] = _Task(self._newest)

    def found_alive(self, task: int, age_s: float) -> None:
        """Note that a poll found a followed task running."""
        known = self._tasks[task]
        known.alive_s = max(known.alive_s, age_s)
        self._oldest_s = max(self._oldest_s, age_s)
        if age_s > self._late_s:
            self._judge_speed()

    def found_ended(self, task: int, age_s: float) -> None:
        """Note that a poll found a followed task ended, and follow it no more."""
        known = self._tasks.pop(task)
        self._ends.append(_End(known.number, Seen(known.alive_s, max(age_s, known.alive_s))))
        self._news += 1
        del self._ends[:-_MEMORY]
        self._judge_speed()

    def leave(self, task: int) -> None:
        """Follow a task no more, whatever becomes of it."""
        self._tasks.pop(task, None)

    def _learned(self) -> Law:
        #: Ends since the law was learned, and the oldest age at that time.
        self._news, self._learned_at_s = 0, self._oldest_s
        alive_s = [task.alive_s for task in self._tasks.values()]
        law = learned_law([end.seen for end in self._ends], alive_s)
        self._late_s = law.age_s(_LATE)
        return law

    def _judge_speed(self) -> None:
        """Compare the tasks started last with the law; make the older ones fit them."""
        self._reasons += 1
        if self._reasons < _REASONS:
            return
        self._reasons = 0
        since = max(self._newest - min(len(self._tasks) + _JUDGED, _MOST_JUDGED), 0)
        older = [end for end in self._ends if end.number <= since]
        if len(older) < _JUDGED:
            return
        factor = slowdown(self._law, list(self._sights(since)))
        if factor == 1.0:
            return
        newer = [end for end in self._ends if end.number > since]
        self._ends = [end.slower(factor) for end in older[-_MEMORY_OF_OTHER_SPEED:]] + newer
        self._law = self._learned()

    def _sights(self, since: int) -> Iterator[Sight]:
        """Give what is known of the tasks that were started after the one of this number."""
        for end in self._ends:
            if end.number > since:
                yield Sight((end.seen.after_s + end.seen.by_s) / 2, has_ended=True)
        for task in self._tasks.values():
            if task.number > since:
                yield Sight(task.alive_s, has_ended=False)


def _remembered(before_s: Sequence[float]) -> list[_End]:
    """Turn durations that the state kept into what polls told; they were numbered before 1."""
    late_s = _SEEN_LATE * median(before_s or [0.0])
    bounds = ((0.0 if by_s > late_s else by_s * (1 - _USUAL_GAP), by_s) for by_s in before_s)
    return [_End(0, Seen(after_s, by_s)) for after_s, by_s in bounds]
