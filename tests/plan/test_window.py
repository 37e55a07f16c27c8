"""The hours of buying: when they open and close, over midnight and where clocks are set."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from batchgen.job.schema import Window
from batchgen.plan.window import likely_s, opened_at, reopens_at, span_at, told

SHANGHAI = "Asia/Shanghai"
BERLIN = "Europe/Berlin"
NIGHT = ("01:00", "07:00", SHANGHAI)
LATE = ("22:00", "06:00", SHANGHAI)
UNTIL = (None, "07:00", SHANGHAI)
SUMMER = ("02:30", "05:00", BERLIN)


def window(start: str | None, finish_by: str, timezone: str) -> Window:
    """Make a window as a job file has it."""
    said = {"start": start, "finish_by": finish_by, "timezone": timezone}
    return Window.model_validate({key: value for key, value in said.items() if value})


def at(text: str, timezone: str) -> float:
    """Give the UTC seconds of a moment, as clocks show it there; `*` is the second such hour."""
    moment = datetime.fromisoformat(text.removesuffix("*"))
    return moment.replace(tzinfo=ZoneInfo(timezone), fold=text.endswith("*")).timestamp()


@pytest.mark.parametrize(
    ("said", "now", "opens", "closes"),
    [
        pytest.param(NIGHT, "2026-11-23 00:59", "2026-11-23 01:00", "2026-11-23 07:00", id="soon"),
        pytest.param(NIGHT, "2026-11-23 01:00", "2026-11-23 01:00", "2026-11-23 07:00", id="opens"),
        pytest.param(NIGHT, "2026-11-23 07:00", "2026-11-24 01:00", "2026-11-24 07:00", id="over"),
        pytest.param(
            LATE, "2026-11-23 23:00", "2026-11-23 22:00", "2026-11-24 06:00", id="evening"
        ),
        pytest.param(
            LATE, "2026-11-24 05:59", "2026-11-23 22:00", "2026-11-24 06:00", id="after midnight"
        ),
        pytest.param(LATE, "2026-11-24 12:00", "2026-11-24 22:00", "2026-11-25 06:00", id="day"),
        pytest.param(
            UNTIL, "2026-11-23 06:00", "2026-11-22 07:00", "2026-11-23 07:00", id="no start"
        ),
        pytest.param(
            UNTIL, "2026-11-23 07:00", "2026-11-23 07:00", "2026-11-24 07:00", id="no start, after"
        ),
        pytest.param(
            SUMMER,
            "2026-03-29 01:00",
            "2026-03-29 03:30",
            "2026-03-29 05:00",
            id="02:30 is not there: set forward",
        ),
        pytest.param(
            SUMMER,
            "2026-10-25 01:00",
            "2026-10-25 02:30",
            "2026-10-25 05:00",
            id="02:30 is there twice: the first",
        ),
        pytest.param(
            ("22:00", "02:30", BERLIN),
            "2026-10-25 02:45",
            "2026-10-25 22:00",
            "2026-10-26 02:30",
            id="closes at the first 02:30",
        ),
    ],
)
def test_each_moment_has_its_opening(
    said: tuple[str | None, str, str], now: str, opens: str, closes: str
) -> None:
    """The one in which it lies, else the next one, as clocks of the window's zone show it."""
    zone = said[2]
    span = span_at(window(*said), at(now, zone))
    assert (span.opens_at, span.closes_at) == (at(opens, zone), at(closes, zone))


def test_an_opening_may_be_an_hour_longer_or_shorter() -> None:
    """Seconds that pass are counted, not hours that clocks show."""
    night = window("01:00", "05:00", BERLIN)
    lengths_h = []
    for day in ("2026-03-28", "2026-03-29", "2026-10-25"):
        span = span_at(night, at(f"{day} 00:30", BERLIN))
        lengths_h.append((span.closes_at - span.opens_at) / 3600)
    assert lengths_h == [4, 3, 5]


def test_the_window_that_is_open_has_its_beginning() -> None:
    """Before it opens, and without a window, there is none."""
    night = window(*NIGHT)
    opens_at = at("2026-11-23 01:00", SHANGHAI)
    moments = [opened_at(night, opens_at + seconds) for seconds in (-1, 0, 6 * 3600 - 1, 6 * 3600)]
    assert moments == [None, opens_at, opens_at, None]
    assert opened_at(None, opens_at) is None


def test_the_next_opening_is_told_in_the_windows_zone() -> None:
    """Whoever set the hours knows them by that zone's clocks."""
    night = window(*NIGHT)
    next_s = reopens_at(night, at("2026-11-23 06:59", SHANGHAI))
    assert told(night, next_s) == "2026-11-24 01:00 (Asia/Shanghai)"


@pytest.mark.parametrize(
    ("seen_s", "expected_s"),
    [
        pytest.param([], 360, id="nothing is known: five minutes and one to fetch"),
        pytest.param([40.0], 110, id="a quarter more than the longest of few"),
        pytest.param([400.0] + [40.0] * 19, 110, id="one of twenty may be late"),
        pytest.param([400.0] * 2 + [40.0] * 18, 560, id="not two of twenty"),
        pytest.param([400.0] * 50 + [40.0] * 200, 110, id="only the newest count"),
    ],
)
def test_a_clip_is_given_the_time_that_nearly_all_took(
    seen_s: list[float], expected_s: float
) -> None:
    """The time within which 95 of 100 were made, a margin, and a minute to fetch it."""
    assert likely_s(seen_s) == expected_s


@pytest.mark.parametrize(
    "late_s", [pytest.param([10_800.0] * 5, id="a stop"), pytest.param([86_400.0] * 40, id="a day")]
)
def test_what_was_seen_late_is_no_duration(late_s: list[float]) -> None:
    """Tasks that ran while nobody asked say nothing of how long a clip takes."""
    assert likely_s([45.0] * 60 + late_s) == 45.0 * 1.25 + 60
