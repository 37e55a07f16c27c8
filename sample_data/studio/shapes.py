"""Outlines as lists of points: ovals, boxes, lathe-turned bodies, smooth curves, ribbons.

Pure geometry. A product stands on y = 0; y grows downwards, so that its top has a negative y.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]
Path = list[Point]

#: Points on each stretch of a smooth curve.
_STEPS = 14


def oval(
    centre: Point, rx: float, ry: float | None = None, start: float = 0, end: float = 360
) -> Path:
    """Give an ellipse, or the part from `start` to `end` degrees (clockwise from the right)."""
    ry = rx if ry is None else ry
    count = max(8, int(abs(end - start) / 4))
    angles = [math.radians(start + (end - start) * step / count) for step in range(count + 1)]
    return [(centre[0] + rx * math.cos(a), centre[1] + ry * math.sin(a)) for a in angles]


def box(left: float, top: float, right: float, bottom: float, radius: float = 0) -> Path:
    """Give a rectangle with rounded corners."""
    x0, x1, y0, y1 = left + radius, right - radius, top + radius, bottom - radius
    corners = (((x1, y1), 0), ((x0, y1), 90), ((x0, y0), 180), ((x1, y0), 270))
    return [
        point
        for corner, angle in corners
        for point in oval(corner, radius, start=angle, end=angle + 90)
    ]


def smooth(points: Sequence[Point], *, closed: bool = True) -> Path:
    """Give a Catmull-Rom curve through the points."""
    last = len(points) - 1
    stretches = len(points) if closed else last
    path: Path = []
    for index in range(stretches):
        around = [index - 1, index, index + 1, index + 2]
        around = [i % len(points) if closed else min(max(i, 0), last) for i in around]
        path += _stretch([points[i] for i in around])
    return path if closed else [*path, points[-1]]


def _stretch(near: Sequence[Point]) -> Path:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = near
    path: Path = []
    for step in range(_STEPS):
        t = step / _STEPS
        weights = (
            -0.5 * t**3 + t**2 - 0.5 * t,
            1.5 * t**3 - 2.5 * t**2 + 1,
            -1.5 * t**3 + 2 * t**2 + 0.5 * t,
            0.5 * t**3 - 0.5 * t**2,
        )
        path.append(
            (
                sum(w * x for w, x in zip(weights, (ax, bx, cx, dx), strict=True)),
                sum(w * y for w, y in zip(weights, (ay, by, cy, dy), strict=True)),
            )
        )
    return path


def turned(profile: Sequence[Point], x: float = 0) -> Path:
    """Give the outline of a body turned on a lathe from its (radius, y) profile, top to bottom."""
    right = smooth(profile, closed=False)
    return [(x + r, y) for r, y in right] + [(x - r, y) for r, y in reversed(right)]


def tube(top: Point, bottom: Point, x: float = 0, tilt: float = 0.16) -> Path:
    """Give a round body between two (radius, y) ends, seen a little from above."""
    (r0, y0), (r1, y1) = top, bottom
    return oval((x, y0), r0, r0 * tilt, 180, 360) + oval((x, y1), r1, r1 * tilt, 0, 180)


def ribbon(points: Sequence[Point], width: float, end_width: float | None = None) -> Path:
    """Give a smooth stroke with round ends whose width runs from `width` to `end_width`."""
    line = smooth(points, closed=False)
    end_width = width if end_width is None else end_width
    left: Path = []
    right: Path = []
    for index, (x, y) in enumerate(line):
        half = (width + (end_width - width) * index / (len(line) - 1)) / 2
        nx, ny = _normal(line[max(index - 1, 0)], line[min(index + 1, len(line) - 1)])
        left.append((x + nx * half, y + ny * half))
        right.append((x - nx * half, y - ny * half))
    return left + _cap(line[-1], left[-1]) + right[::-1] + _cap(line[0], right[0])


def _normal(before: Point, after: Point) -> Point:
    dx, dy = after[0] - before[0], after[1] - before[1]
    length = math.hypot(dx, dy) or 1.0
    return dy / length, -dx / length


def _cap(centre: Point, first: Point) -> Path:
    radius = math.dist(centre, first)
    angle = math.degrees(math.atan2(first[1] - centre[1], first[0] - centre[0]))
    return oval(centre, radius, start=angle, end=angle + 180)


def moved(path: Sequence[Point], dx: float = 0, dy: float = 0) -> Path:
    """Shift an outline."""
    return [(x + dx, y + dy) for x, y in path]


def scaled(path: Sequence[Point], sx: float, sy: float) -> Path:
    """Scale an outline about the origin; -1 mirrors it."""
    return [(x * sx, y * sy) for x, y in path]


def spun(path: Sequence[Point], degrees: float, pivot: Point = (0, 0)) -> Path:
    """Turn an outline clockwise about the pivot."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    px, py = pivot
    return [
        (px + (x - px) * cos - (y - py) * sin, py + (x - px) * sin + (y - py) * cos)
        for x, y in path
    ]
