"""Draws a run on the terminal: clips, money, slots, time left. Watches, decides nothing.

On a terminal one moving line; elsewhere (a log, a pipe) a plain line now and then.
"""

from __future__ import annotations

from typing import Any, TextIO

from tqdm import tqdm

from batchgen.clip import Attempt
from batchgen.messages import Message, Say, msg, visible
from batchgen.run.ports import Clock, Progress
from batchgen.words import local_time, time_of_day
from batchgen.wrapping import fitted

#: Seconds between plain lines where there is no terminal.
_LINE_EVERY_S = 30.0
#: An end within so many seconds is told without its day.
_NEAR_S = 20 * 3600.0
#: Erases from the cursor to the end of the line: the `^C` that a terminal echoes stands there.
_ERASE = "\x1b[K"


class TerminalProgress:
    """An `Observer` that writes to a text stream, usually stderr."""

    def __init__(self, total: int, say: Say, stream: TextIO, clock: Clock) -> None:
        self._say = say
        self._stream = stream
        self._clock = clock
        self._is_terminal = stream.isatty()
        self._next_line_at = clock.monotonic() + _LINE_EVERY_S
        self._last = ""
        self._bar: tqdm[Any] = tqdm(
            total=total,
            file=stream,
            disable=not self._is_terminal,
            dynamic_ncols=True,
            bar_format="{bar:8} {desc}",
        )

    def moved(self, attempt: Attempt) -> None:
        """Single moves are not shown."""

    def progress(self, progress: Progress) -> None:
        """Show the figures."""
        self._last = self._say(figures(progress))
        if self._is_terminal:
            self._bar.n = progress.settled
            self._bar.total = max(progress.total, progress.settled)
            self._bar.set_description_str(self._last, refresh=False)
            self._bar.update(0)
        elif self._clock.monotonic() >= self._next_line_at:
            self._next_line_at = self._clock.monotonic() + _LINE_EVERY_S
            self._write(self._last)

    def note(self, message: Message) -> None:
        """Show a sentence above the figures."""
        self._write(self._say(message))

    def close(self) -> None:
        """Leave the last figures on their line."""
        self._bar.refresh()
        self._bar.close()

    def _write(self, text: str) -> None:
        line = fitted(visible(text), self._stream)
        try:
            self._bar.write(_ERASE + line if self._is_terminal else line, file=self._stream)
        except (OSError, ValueError):  # the terminal is gone: the run goes on
            self._is_terminal = False


def figures(progress: Progress) -> Message:
    """Word the figures of a moment on one line; what matters least stands where it may be cut."""
    return msg(
        "{done}/{total} done | {spent} {currency} spent, {at_risk} at risk | {slots} | {left}"
        " | {reserved} in the air",
        done=progress.done,
        total=progress.total,
        spent=f"{progress.spent:.2f}",
        at_risk=f"{progress.at_risk:.2f}",
        reserved=f"{progress.reserved:.2f}",
        currency=progress.currency,
        slots=_slots(progress),
        left=_left(progress),
    )


def _left(progress: Progress) -> Message:
    if progress.waits_until is not None:
        return msg("waiting until {time}", time=time_of_day(progress.waits_until))
    if progress.ends is None:
        return msg("{time} left", time="?")
    left = msg("{time} left", time=_clock_face(progress.ends.left_s))
    low, high = (local_time(at).split() for at in (progress.ends.low, progress.ends.high))
    if low == high:
        return left
    if progress.ends.left_s < _NEAR_S:
        return msg("{left}, ends {low}-{high}", left=left, low=low[-1], high=high[-1])
    return msg("{left}, ends {low} - {high}", left=left, low=" ".join(low), high=" ".join(high))


def _slots(progress: Progress) -> Message:
    in_flight = msg(
        "{in_flight}/{slots} in flight", in_flight=progress.in_flight, slots=progress.slots
    )
    if not progress.in_doubt:
        return in_flight
    return msg(
        "{count} slots held by clips in doubt, {in_flight}",
        count=progress.in_doubt,
        in_flight=in_flight,
    )


def _clock_face(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
