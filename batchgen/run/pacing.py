"""How long to wait: between polls, after refusals, for a task in doubt. Pure arithmetic in seconds.

The jitter is passed in as a number from 0 to 1, so that the same arguments give the same wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

#: Polls are never closer than this.
MIN_POLL_S = 0.1
#: Without experience: wait this share of the task's age, good for 2 s and for 10 min tasks.
_BLIND_SHARE = 0.2
_BLIND_FIRST_S = 0.5
_BLIND_MOST_S = 30.0
#: Tasks seen before their durations are trusted.
_TRUSTED = 5
#: While a task is likely to end: this share of the median between polls.
_DENSE_SHARE = 0.05
#: A task later than nearly all seen ones: this share of its age between polls.
_LATE_SHARE = 0.1
_LATE_MOST_S = 60.0
#: A task past the give-up limit is asked for this seldom, and keeps its slot until it is this old
#: (contract, section 9).
STALLED_POLL_S = 600.0
STALLED_SLOT_S = 24 * 3600.0

_FIRST_BACKOFF_S = 2.0
_MOST_BACKOFF_S = 120.0

#: An uncertain task keeps its slot for this many times the longest task seen, within the bounds
#: that follow (contract, section 9).
_DOUBT_FACTOR = 1.5
_DOUBT_LEAST_S = 120.0
_DOUBT_MOST_S = 1800.0


def poll_delay_s(age_s: float, seen_s: Sequence[float]) -> float:
    """Give the wait until the next poll of a task of this age: ten minutes at most.

    With experience: none before 0.8 of the shortest tenth, then 5 % of the median, then ever
    more slowly for a late task. Without: a fifth of the age. The wall clock, by which experience is
    measured, may have jumped by years meanwhile.
    """
    return min(_by_experience_s(age_s, seen_s), STALLED_POLL_S)


def _by_experience_s(age_s: float, seen_s: Sequence[float]) -> float:
    if len(seen_s) < _TRUSTED:
        return min(max(_BLIND_FIRST_S, age_s * _BLIND_SHARE), _BLIND_MOST_S)
    ordered = sorted(seen_s)
    earliest_s = 0.8 * ordered[len(ordered) // 10]
    dense_s = _DENSE_SHARE * median(ordered)
    if age_s + dense_s < earliest_s:
        return earliest_s - age_s
    if age_s <= ordered[-1 - len(ordered) // 20]:
        return max(MIN_POLL_S, dense_s)
    return max(MIN_POLL_S, dense_s, min(age_s * _LATE_SHARE, _LATE_MOST_S))


def backoff_s(strikes: int, jitter: float) -> float:
    """Give the wait after the n-th refusal in a row: 2 s doubling to 120 s, half of it jitter."""
    full_s = min(_FIRST_BACKOFF_S * 2.0 ** min(strikes - 1, 10), _MOST_BACKOFF_S)
    return full_s * (0.5 + 0.5 * jitter)


def doubt_s(seen_s: Sequence[float]) -> float:
    """Give how long a task in doubt may still be alive, counted from its submit."""
    longest_s = max(seen_s, default=_DOUBT_MOST_S / _DOUBT_FACTOR)
    return min(max(_DOUBT_FACTOR * longest_s, _DOUBT_LEAST_S), _DOUBT_MOST_S)
