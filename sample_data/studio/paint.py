"""Colours and gradients: what an outline is filled with. Knows nothing of outlines or scenes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageColor

Rgb = tuple[int, int, int]
#: left, top, right, bottom in pixels.
Bounds = tuple[float, float, float, float]

_SIDE = 256
#: Keeps the interpolation at the border of a gradient inside its raster.
_INSET = 2


@dataclass(frozen=True)
class Paint:
    """Colours at even distances along a direction over the outline's bounding box."""

    colors: tuple[str, ...]
    direction: Literal["across", "down", "slant", "round"] = "across"

    def raster(self, shape: Bounds, frame: Bounds) -> Image.Image:
        """Paint the pixels of `frame` with the gradient that spans `shape`."""
        width, height = int(frame[2] - frame[0]), int(frame[3] - frame[1])
        x_scale = (_SIDE - 2 * _INSET) / max(shape[2] - shape[0], 1)
        y_scale = (_SIDE - 2 * _INSET) / max(shape[3] - shape[1], 1)
        extent = (
            _INSET + (frame[0] - shape[0]) * x_scale,
            _INSET + (frame[1] - shape[1]) * y_scale,
            _INSET + (frame[2] - shape[0]) * x_scale,
            _INSET + (frame[3] - shape[1]) * y_scale,
        )
        ramp = _ramp(self.direction).transform(
            (width, height), Image.Transform.EXTENT, extent, Image.Resampling.BILINEAR
        )
        return Image.merge("RGB", [ramp.point(table) for table in _tables(self.colors)])


def flat(color: str) -> Paint:
    """One colour all over."""
    return Paint((color,))


def across(*colors: str) -> Paint:
    """Colours from left to right."""
    return Paint(colors)


def down(*colors: str) -> Paint:
    """Colours from top to bottom."""
    return Paint(colors, "down")


def slant(*colors: str) -> Paint:
    """Colours from the upper left to the lower right."""
    return Paint(colors, "slant")


def ball(*colors: str) -> Paint:
    """Colours outwards from a light in the upper left."""
    return Paint(colors, "round")


def tone(color: str, amount: float) -> str:
    """Mix a colour with white (amount up to 1) or with black (down to -1)."""
    target = 255 if amount > 0 else 0
    mixed = [round(c + (target - c) * abs(amount)) for c in ImageColor.getrgb(color)[:3]]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def cylinder(color: str, shine: float = 0.35) -> Paint:
    """Shade a round upright body that is lit from the left."""
    steps = (-0.32, 0.0, shine, shine * 0.4, 0.0, -0.18, -0.4, -0.5)
    return across(*(tone(color, step) for step in steps))


def metal(color: str = "#b9bec4") -> Paint:
    """Shade an upright body of polished metal."""
    steps = (-0.45, 0.1, 0.75, 0.2, -0.3, -0.1, 0.45, -0.2, -0.55)
    return across(*(tone(color, step) for step in steps))


def _ramp(direction: str) -> Image.Image:
    down_ramp = Image.linear_gradient("L")
    across_ramp = down_ramp.transpose(Image.Transpose.ROTATE_90)
    if direction == "down":
        return down_ramp
    if direction == "slant":
        return Image.blend(down_ramp, across_ramp, 0.5)
    if direction == "round":
        return _round_ramp()
    return across_ramp


def _round_ramp() -> Image.Image:
    zoom, x, y = 0.6, 92, 76
    middle = _SIDE / 2
    return Image.radial_gradient("L").transform(
        (_SIDE, _SIDE),
        Image.Transform.AFFINE,
        (zoom, 0, middle - zoom * x, 0, zoom, middle - zoom * y),
        Image.Resampling.BILINEAR,
    )


def _tables(colors: tuple[str, ...]) -> list[list[int]]:
    stops = [ImageColor.getrgb(color)[:3] for color in colors]
    stops = stops * 2 if len(stops) == 1 else stops
    tables: list[list[int]] = [[], [], []]
    for level in range(256):
        place = level / 255 * (len(stops) - 1)
        index = min(int(place), len(stops) - 2)
        for band, table in enumerate(tables):
            low, high = stops[index][band], stops[index + 1][band]
            table.append(round(low + (high - low) * (place - index)))
    return tables
