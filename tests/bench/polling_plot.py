"""Draws efficiency against polls a clip as a plain SVG, readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

#: Polls a clip, and efficiency.
Point: TypeAlias = tuple[float, float]

_WIDTH, _HEIGHT, _COLUMNS = 300, 210, 3
_LEFT, _TOP, _RIGHT, _BOTTOM = 44, 26, 10, 30
_POLLS = (1, 2, 5, 10, 20, 50, 100)
#: Parts of a slot's time that are lost to lag.
_LOST = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
_STYLE = """
text { font: 11px system-ui, sans-serif; fill: #57606a } .title { font-weight: 600 }
.grid { stroke: #8c959f; stroke-opacity: .3 } .ours { stroke: #1f6feb; fill: #1f6feb }
.best { stroke: #8c959f; fill: #8c959f } .fixed { fill: #d1242f } .backed { fill: #bf8700 }
polyline { fill: none !important; stroke-width: 2 } .best { stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) { text { fill: #c9d1d9 }
.ours { stroke: #58a6ff; fill: #58a6ff }
.fixed { fill: #ff7b72 } .backed { fill: #e3b341 } }
"""
_CAPTION = "Across: polls a clip. Up: the part of a slot's time in which a task runs."
_LEGEND = (
    ("ours", "learned from 200 clips"),
    ("best", "best for the true law"),
    ("fixed", "every 1, 2, 5, 10 s"),
    ("backed", "back-off to 30 s"),
)


@dataclass(frozen=True)
class Panel:
    """One law: what each way to poll costs and gives."""

    title: str
    fixed: Sequence[Point]
    backed_off: Point
    ours: Sequence[Point]
    best: Sequence[Point]


def plot(panels: Sequence[Panel]) -> str:
    """Draw the panels, three in a row, with a legend below."""
    width = _WIDTH * _COLUMNS
    height = _HEIGHT * math.ceil(len(panels) / _COLUMNS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + 46}"'
        f' role="img" aria-label="{_CAPTION}"><style>{_STYLE}</style>'
    ]
    for number, panel in enumerate(panels):
        row, column = divmod(number, _COLUMNS)
        parts.append(f'<g transform="translate({column * _WIDTH} {row * _HEIGHT})">')
        parts += [*_frame(panel.title), *_marks(panel), "</g>"]
    for number, (kind, words) in enumerate(_LEGEND):
        x = _LEFT + number * 210
        parts.append(f'<circle class="{kind}" cx="{x}" cy="{height + 12}" r="4"/>')
        parts.append(f'<text x="{x + 10}" y="{height + 16}">{words}</text>')
    parts.append(f'<text x="{_LEFT}" y="{height + 36}">{_CAPTION}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _frame(title: str) -> Iterator[str]:
    yield f'<text class="title" x="{_LEFT}" y="16">{escape(title)}</text>'
    for polls in _POLLS:
        x, _ = _at(polls, 1 - _LOST[0])
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
        yield f'<text x="{x}" y="{_HEIGHT - _BOTTOM + 14}" text-anchor="middle">{polls}</text>'
    for lost in _LOST:
        _, y = _at(1, 1 - lost)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{_LEFT - 4}" y="{y + 4}" text-anchor="end">{100 * (1 - lost):g} %</text>'


def _marks(panel: Panel) -> Iterator[str]:
    for kind, points in (("best", panel.best), ("ours", panel.ours)):
        line = " ".join("{},{}".format(*_at(*point)) for point in points)
        yield f'<polyline class="{kind}" points="{line}"/>'
    for kind, points in (("fixed", panel.fixed), ("backed", [panel.backed_off])):
        for point in points:
            x, y = _at(*point)
            yield f'<circle class="{kind}" cx="{x}" cy="{y}" r="4"/>'


def _at(polls: float, efficiency: float) -> Point:
    """Give the place of a point; both ways logarithmic, the less lost the higher."""
    lost = min(max(1 - efficiency, _LOST[0]), _LOST[-1])
    across = _share(min(polls, _POLLS[-1]), _POLLS[0], _POLLS[-1])
    down = _share(lost, _LOST[0], _LOST[-1])
    x = _LEFT + across * (_WIDTH - _LEFT - _RIGHT)
    return round(x, 1), round(_TOP + down * (_HEIGHT - _TOP - _BOTTOM), 1)


def _share(value: float, low: float, high: float) -> float:
    return math.log(value / low) / math.log(high / low)
