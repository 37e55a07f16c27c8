"""Waits in seconds, from tables whose arithmetic stands beside each row."""

from __future__ import annotations

import pytest

from batchgen.run.pacing import backoff_s, doubt_s, poll_delay_s

#: Ten tasks: shortest tenth 40, median 51.5, 95 of 100 ended within 70.
SEEN = (60.0, 40.0, 45.0, 48.0, 50.0, 53.0, 55.0, 58.0, 62.0, 70.0)


@pytest.mark.parametrize(
    ("age_s", "seen_s", "expected_s"),
    [
        pytest.param(0, (), 0.5, id="blind: not closer than 0.5"),
        pytest.param(60, (), 12.0, id="blind: 60 * 0.2"),
        pytest.param(1000, (), 30.0, id="blind: not farther than 30"),
        pytest.param(60, (50.0,) * 4, 12.0, id="four tasks seen are not trusted"),
        # sorted: 40 45 48 50 53 55 58 60 62 70; index 10 // 10 = 1 -> 45; 0.8 * 45 = 36
        pytest.param(0, SEEN, 36.0, id="nothing before 0.8 of the shortest tenth"),
        pytest.param(30, SEEN, 6.0, id="36 - 30"),
        # median (53 + 55) / 2 = 54; 5 % of it = 2.7
        pytest.param(34, SEEN, 2.7, id="34 + 2.7 passes 36: dense"),
        pytest.param(70, SEEN, 2.7, id="as old as the oldest: still dense"),
        pytest.param(100, SEEN, 10.0, id="late: 100 * 0.1"),
        pytest.param(5000, SEEN, 60.0, id="late: not farther than 60"),
        pytest.param(0, (1e7,) * 5, 600.0, id="experience from a jumping clock: ten minutes"),
        pytest.param(1.0, (0.5,) * 5, 0.1, id="not closer than 0.1: 5 % of 0.5 is 0.025"),
    ],
)
def test_poll_delay(age_s: float, seen_s: tuple[float, ...], expected_s: float) -> None:
    """Polls are dense only while a task is likely to end."""
    assert poll_delay_s(age_s, seen_s) == pytest.approx(expected_s)


@pytest.mark.parametrize(
    ("strikes", "jitter", "expected_s"),
    [
        pytest.param(1, 1.0, 2.0, id="2 * 2^0"),
        pytest.param(4, 1.0, 16.0, id="2 * 2^3"),
        pytest.param(4, 0.0, 8.0, id="without jitter half of it"),
        pytest.param(7, 1.0, 120.0, id="2 * 2^6 = 128, not over 120"),
        pytest.param(5000, 0.5, 90.0, id="no overflow: 120 * 0.75"),
    ],
)
def test_backoff(strikes: int, jitter: float, expected_s: float) -> None:
    """Each refusal in a row doubles the wait, to two minutes at most."""
    assert backoff_s(strikes, jitter) == expected_s


@pytest.mark.parametrize(
    ("seen_s", "expected_s"),
    [
        pytest.param((), 1800.0, id="nothing seen: the most"),
        pytest.param((30.0, 50.0), 120.0, id="1.5 * 50 = 75, at least 120"),
        pytest.param((200.0, 100.0), 300.0, id="1.5 * 200"),
        pytest.param((9000.0,), 1800.0, id="1.5 * 9000, at most 1800"),
    ],
)
def test_doubt(seen_s: tuple[float, ...], expected_s: float) -> None:
    """A task in doubt is given half as long again as the longest seen."""
    assert doubt_s(seen_s) == expected_s
