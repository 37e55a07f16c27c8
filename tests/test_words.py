"""What people read for a moment and for what is left of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from batchgen.words import local_time, time_left


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Let a test move this process to a time zone; afterwards it is back."""
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "text"),
    [("Asia/Shanghai", "2026-11-24 05:12"), ("America/New_York", "2026-11-23 16:12")],
)
def test_a_moment_is_told_where_the_reader_is(
    in_zone: pytest.MonkeyPatch, zone: str, text: str
) -> None:
    """Date and time of day of the computer's own zone."""
    in_zone.setenv("TZ", zone)
    time.tzset()
    assert local_time(1_795_468_379.0) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "less than a minute"),
        (59.9, "less than a minute"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h 0 min"),
        (86_399, "23 h 59 min"),
        (100 * 3600, "100 h 0 min"),
    ],
)
def test_what_is_left_is_never_overstated(seconds: float, text: str) -> None:
    """Hours and minutes, rounded down."""
    assert str(time_left(seconds)) == text
