"""Cuts long texts of a catalogue to what a person looks at on a terminal. Pure."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from batchgen.messages import visible
from batchgen.wrapping import is_wide

_CUT = "..."
#: Characters before the first difference of two texts that are shown, to find the place by.
_LEAD = 12


def shortened(text: str, columns: int) -> str:
    """Cut a text to so many terminal columns; what a terminal would obey stands as escapes."""
    shown = visible(text)
    ends = list(accumulate(2 if is_wide(character) else 1 for character in shown))
    if not ends or ends[-1] <= columns:
        return shown
    return shown[: bisect_right(ends, columns - len(_CUT))] + _CUT


def where_apart(old: str, new: str, columns: int) -> tuple[str, str]:
    """Cut two texts to so many columns each; where one is too long, to where they differ."""
    whole = shortened(old, columns), shortened(new, columns)
    old, new = visible(old), visible(new)
    start = _alike(old, new) - _LEAD
    if start <= 0 or whole == (old, new):
        return whole
    return shortened(_CUT + old[start:], columns), shortened(_CUT + new[start:], columns)


def _alike(left: str, right: str) -> int:
    """Count the characters at the start that two texts share."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(left), len(right)))
