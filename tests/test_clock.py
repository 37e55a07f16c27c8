"""Time goes by as it should, whatever somebody does to the wall clock."""

from __future__ import annotations

import time

import pytest

from batchgen.clock import SystemClock


def test_the_wall_clock_may_be_set_while_a_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A year forth, or a day back, makes no link look dead and no task look old."""
    clock = SystemClock()
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: before + 365 * 86_400)
    assert before <= clock.now() < before + 60


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system counts no sleep")
def test_the_sleep_of_the_machine_goes_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop that slept for an hour knows that links are an hour older."""
    clock = SystemClock()
    before = clock.now()
    booted = time.clock_gettime
    monkeypatch.setattr(time, "clock_gettime", lambda kind: booted(kind) + 3600)
    assert before + 3600 <= clock.now() < before + 3660
