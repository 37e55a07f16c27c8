"""How long to wait: after refusals, for a late task, for one in doubt. Pure arithmetic in seconds.

The jitter is passed in as a number from 0 to 1, so that the same arguments give the same wait.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def backoff_s(strikes: int, jitter: float) -> float:
    """Give the wait after the n-th refusal in a row: 2 s doubling to 120 s, half of it jitter."""
    full_s = min(_FIRST_BACKOFF_S * 2.0 ** min(strikes - 1, 10), _MOST_BACKOFF_S)
    return full_s * (0.5 + 0.5 * jitter)


def doubt_s(seen_s: Sequence[float]) -> float:
    """Give how long a task in doubt may still be alive, counted from its submit."""
    longest_s = max(seen_s, default=_DOUBT_MOST_S / _DOUBT_FACTOR)
    return min(max(_DOUBT_FACTOR * longest_s, _DOUBT_LEAST_S), _DOUBT_MOST_S)
