"""What a run shows while it lasts: on a real pseudo-terminal and on a pipe."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TextIO

import pytest

from batchgen.language import speaker
from batchgen.messages import msg
from batchgen.progress import TerminalProgress, figures
from batchgen.run.ports import Ends, Progress
from batchgen.words import local_time, time_of_day

NOW = Progress(
    settled=3,
    total=24,
    done=2,
    spent=Decimal("2.5"),
    at_risk=Decimal("1.25"),
    reserved=Decimal("5"),
    currency="CNY",
    in_flight=4,
    slots=5,
    ends=Ends(83.4, 1_800_000_070.0, 1_800_000_079.0),
)
LINE = "2/24 done | 2.50 CNY spent, 1.25 at risk | 4/5 in flight | 1:23 left | 5.00 in the air"
on_unix = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are Unix's")


@dataclass
class HandClock:
    """A clock that moves only by hand."""

    at: float = 0.0

    def now(self) -> float:
        """Give the hand's seconds."""
        return self.at

    def monotonic(self) -> float:
        """Give the hand's seconds."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Move the hand."""
        self.at += seconds


@dataclass
class End:
    """The two ends of a terminal or pipe: ours to write, the person's to read."""

    stream: TextIO
    reading: int

    def seen(self) -> str:
        """Close our end and give all that arrived at the other."""
        self.stream.close()
        arrived = b""
        with contextlib.suppress(OSError):  # how a terminal says that there is no more
            while piece := os.read(self.reading, 65536):
                arrived += piece
        return arrived.decode()

    def watch(self, clock: HandClock, language: str = "en") -> TerminalProgress:
        """Begin to show a run on it."""
        return TerminalProgress(NOW.total, speaker(language), self.stream, clock)


@pytest.fixture
def terminal() -> Iterator[End]:
    """Open a pseudo-terminal of 120 columns."""
    import termios

    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        yield End(stream, ours)
    os.close(ours)


@pytest.fixture
def pipe() -> Iterator[End]:
    """Open a pipe, as to a log."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        yield End(stream, reading)
    os.close(reading)


@pytest.mark.parametrize(("left_s", "left"), [(0.2, "0:00"), (59.6, "1:00"), (3725.0, "1:02:05")])
def test_the_time_left_is_a_clock_face(left_s: float, left: str) -> None:
    """Seconds become minutes and hours."""
    ends = Ends(left_s, 1_800_000_000.0, 1_800_000_000.0)
    assert f"| {left} left |" in str(figures(replace(NOW, ends=ends)))


def test_an_end_that_is_not_known_is_said_to_be_so() -> None:
    """Nothing was seen yet."""
    assert "| ? left |" in str(figures(replace(NOW, ends=None)))


def test_a_far_end_is_told_with_its_band() -> None:
    """To the minute, and with the days where the run goes on until tomorrow."""
    low, high = 1_800_000_000.0, 1_800_000_900.0
    moments = [local_time(at).split() for at in (low, high)]
    told = str(figures(replace(NOW, ends=Ends(3600.0, low, high))))
    assert f"| 1:00:00 left, ends {moments[0][1]}-{moments[1][1]} |" in told
    told = str(figures(replace(NOW, ends=Ends(80_000.0, low, high))))
    assert f"left, ends {' '.join(moments[0])} - {' '.join(moments[1])} |" in told


def test_a_pause_is_told_in_the_place_of_the_time_left() -> None:
    """Nothing can be bought before that moment."""
    told = str(figures(replace(NOW, waits_until=1_800_000_000.0)))
    assert f"| waiting until {time_of_day(1_800_000_000.0)} |" in told
    assert "left" not in told


def test_slots_in_doubt_are_told_apart() -> None:
    """A slot that is held by a clip in doubt makes nothing."""
    told = str(figures(replace(NOW, in_flight=0, in_doubt=5)))
    assert "| 5 slots held by clips in doubt, 0/5 in flight |" in told


@on_unix
def test_a_terminal_ends_with_the_last_figures(terminal: End) -> None:
    """The moving line keeps the newest figures and stays when the run is over."""
    progress = terminal.watch(HandClock())
    progress.progress(replace(NOW, done=0))
    progress.progress(NOW)
    progress.close()
    assert terminal.seen().rstrip().split("\r")[-1].endswith(f" {LINE}")


@on_unix
def test_a_note_stands_on_a_line_of_its_own(terminal: End) -> None:
    """A sentence is written above the moving line, whole and with escapes made harmless."""
    progress = terminal.watch(HandClock())
    progress.note(msg("warning: {text}", text="red \x1b[31m"))
    progress.close()
    assert "\r\x1b[Kwarning: red \\x1b[31m\r\n" in terminal.seen()


@on_unix
def test_a_long_note_ends_its_lines_at_words(terminal: End) -> None:
    """The terminal has 120 columns."""
    progress = terminal.watch(HandClock())
    progress.note(msg("{words}", words="word " * 30))
    progress.close()
    first = " ".join(["word"] * 24)
    assert f"{first}\r\n  {' '.join(['word'] * 6)}\r\n" in terminal.seen()


@on_unix
def test_the_line_speaks_the_readers_language(terminal: End) -> None:
    """The figures are worded in Chinese for a Chinese reader."""
    progress = terminal.watch(HandClock(), "zh_CN")
    progress.progress(NOW)
    progress.close()
    assert "完成 2/24 | 已花费 2.50 CNY" in terminal.seen()


@on_unix
def test_a_terminal_that_is_gone_does_not_stop_the_run() -> None:
    """When the window is closed, the figures go nowhere and nothing is raised."""
    ours, theirs = os.openpty()
    stream = os.fdopen(theirs, "w", encoding="utf-8")
    progress = End(stream, ours).watch(HandClock())
    os.close(ours)
    progress.progress(NOW)
    progress.note(msg("nothing was sent"))
    progress.close()
    with contextlib.suppress(OSError):
        stream.close()


def test_a_log_gets_a_plain_line_now_and_then(pipe: End) -> None:
    """Without a terminal the figures come every half minute, whole lines without a return."""
    clock = HandClock()
    progress = pipe.watch(clock)
    for clock.at in (1.0, 29.0, 30.0, 31.0, 59.0, 60.0):
        progress.progress(replace(NOW, done=round(clock.at) % 24))
    progress.close()
    lines = [LINE.replace("2/24", f"{done}/24") for done in (6, 12)]
    assert pipe.seen() == "\n".join([*lines, ""])


def test_a_log_gets_every_note(pipe: End) -> None:
    """What a person should know is in the log at once."""
    progress = pipe.watch(HandClock())
    progress.note(msg("nothing was sent"))
    progress.close()
    assert pipe.seen() == "nothing was sent\n"


def test_a_closed_pipe_does_not_stop_the_run() -> None:
    """When nobody reads the log any more, nothing is raised."""
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w", encoding="utf-8", buffering=1)
    progress = End(stream, reading).watch(HandClock())
    progress.note(msg("nothing was sent"))
    progress.close()
    with contextlib.suppress(OSError):
        stream.close()
