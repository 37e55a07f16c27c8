"""Waits in seconds, from tables whose arithmetic stands beside each row."""

from __future__ import annotations

import pytest

from batchgen.run.pacing import backoff_s, doubt_s


#: Ten tasks: shortest tenth 40, median 51.5, 95 of 100 ended within 70.
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
