"""The hours in which may be bought: when they open and close, and what still fits into them. Pure.

A window is of every day, in its own time zone; one that ends before it starts goes over midnight.
Where clocks are set forward, an hour that is not there is the next one; where they are set back, an
hour that is there twice is the first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from batchgen.job.schema import Window

#: A clip is expected to be made within this share of all durations seen, times a margin for a
#: provider that grows slower; of these at most, the newest.
_SHARE = 0.95
_MARGIN = 1.25
_NEWEST = 200
#: One so many times longer than a quarter of them was seen late, after a stop or a sleep.
_SEEN_LATE = 12.0
_SHORTEST = 4
#: A model of which nothing was seen: users report 30 to 155 s.
_UNSEEN_S = 300.0
#: And to be fetched, with those before it, within this much more.
_FETCH_S = 60.0


@dataclass(frozen=True, slots=True)
class Span:
    """One opening of a window, in UTC seconds."""

    opens_at: float
    closes_at: float

    @property
    def length_s(self) -> float:
        """How long it is open."""
        return self.closes_at - self.opens_at


def span_at(window: Window, now: float) -> Span:
    """Give the opening in which a moment lies, else the next one."""
    today = datetime.fromtimestamp(now, ZoneInfo(window.timezone)).date()
    spans = (_span_of(window, today + timedelta(days=days)) for days in range(-1, 3))
    return next(span for span in spans if span.closes_at > now)


def opened_at(window: Window | None, now: float) -> float | None:
    """Give when the window opened that is open now; None when it is closed, or there is none."""
    if window is None:
        return None
    opens_at = span_at(window, now).opens_at
    return opens_at if opens_at <= now else None


def reopens_at(window: Window, now: float) -> float:
    """Give when the opening comes that follows the one of a moment."""
    return span_at(window, span_at(window, now).closes_at).opens_at


def likely_s(seen_s: Sequence[float]) -> float:
    """Give within how many seconds a clip is very likely made and fetched; oldest seen first."""
    if not seen_s:
        return _UNSEEN_S + _FETCH_S
    newest = sorted(seen_s[-_NEWEST:])
    late_s = _SEEN_LATE * newest[len(newest) // _SHORTEST]
    newest = [seconds for seconds in newest if seconds <= late_s]
    return newest[math.ceil(_SHARE * len(newest)) - 1] * _MARGIN + _FETCH_S


def told(window: Window, at: float) -> str:
    """Write a moment as the window counts time: `2026-11-24 01:00 (Asia/Shanghai)`."""
    local = datetime.fromtimestamp(at, ZoneInfo(window.timezone))
    return f"{local:%Y-%m-%d %H:%M} ({window.timezone})"


def _span_of(window: Window, day: date) -> Span:
    """Give the opening that starts on a day; without a start, where the last one ends."""
    zone = ZoneInfo(window.timezone)
    start = window.start or window.finish_by
    last = day if start < window.finish_by else day + timedelta(days=1)
    return Span(
        opens_at=datetime.combine(day, start, zone).timestamp(),
        closes_at=datetime.combine(last, window.finish_by, zone).timestamp(),
    )
