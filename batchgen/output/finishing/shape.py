"""What shape a second file has: which part of the clip it shows, how large, and where. Pure.

A picture is never enlarged; it is made smaller only where the H.264 level takes no larger one.
Widths and heights are even, as 4:2:0 colour needs, and their ratio is exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, takewhile
from typing import NamedTuple

from batchgen.errors import BatchgenError
from batchgen.job.schema import Finish
from batchgen.messages import msg


class NotFinished(BatchgenError):
    """A clip cannot be made into what the job's `finish` asks for; the clip itself is whole."""


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


class Level(NamedTuple):
    """What a decoder of an H.264 level takes."""

    #: Blocks of 16 x 16 pixels of one picture.
    picture_blocks: int
    blocks_per_s: int
    #: In the High profile: 1.25 times the table's figure.
    kbit_per_s: int


#: ITU-T H.264 (08/2021), table A-1; from the standard, not from a platform's page.
LEVELS = {
    "3.1": Level(3_600, 108_000, 17_500),
    "4.0": Level(8_192, 245_760, 25_000),
    "4.1": Level(8_192, 245_760, 62_500),
    "4.2": Level(8_704, 522_240, 62_500),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How a frame of the clip becomes one of the second file; all in pixels, all even."""

    #: The whole picture of the second file.
    canvas: Size
    #: Left, top and size of what is shown of the clip.
    cut_at: tuple[int, int]
    cut: Size
    #: What that is scaled to, and where it stands on the canvas.
    shown: Size
    shown_at: tuple[int, int]
    #: The part of the clip that, blurred, fills the canvas behind it.
    ground: Size


def shape_of(source: Size, rate: Fraction, finish: Finish) -> Shape:
    """Give the shape for a clip of this size, at `rate` pictures a second.

    Raises:
        NotFinished: no even size has that ratio, or the level takes no picture so fast.
    """
    level = LEVELS[finish.level]
    even = Size(_even(source.width), _even(source.height))
    if finish.ratio is None:
        shown = _scaled(even, _greatest_scale(even, rate, level))
        return Shape(shown, (0, 0), even, shown, (0, 0), even)
    sizes = list(takewhile(lambda size: _is_taken(size, rate, level), _of_ratio(finish.ratio)))
    cut = _last([size for size in sizes if _holds(even, size)], even, finish)
    if finish.fill == "crop":
        return Shape(cut, _centred(cut, even), cut, cut, (0, 0), cut)
    canvas = next((size for size in sizes if _holds(size, even)), sizes[-1])
    shown = _scaled(even, min(canvas.width / even.width, canvas.height / even.height, 1.0))
    return Shape(canvas, (0, 0), even, shown, _centred(shown, canvas), cut)


def _last(sizes: list[Size], source: Size, finish: Finish) -> Size:
    if not sizes:
        raise NotFinished(
            msg(
                "{width}x{height} holds no picture of {ratio} that level {level} takes: choose a"
                " ratio of smaller numbers or another level",
                width=source.width,
                height=source.height,
                ratio=finish.ratio,
                level=finish.level,
            )
        )
    return sizes[-1]


def _of_ratio(ratio: str) -> Iterator[Size]:
    """Yield all even sizes of exactly this ratio, the smallest first; they never end."""
    width, height = (int(side) for side in ratio.split(":"))
    common = math.gcd(width, height)
    return (Size(width // common * k, height // common * k) for k in count(2, 2))


def _is_taken(size: Size, rate: Fraction, level: Level) -> bool:
    """Tell whether a level takes pictures of this size at this rate (H.264, A.3.1 and A.3.3)."""
    across, down = -(-size.width // 16), -(-size.height // 16)
    return (
        across * down <= level.picture_blocks
        and across * down * rate <= level.blocks_per_s
        and max(across, down) ** 2 <= 8 * level.picture_blocks
    )


def _greatest_scale(size: Size, rate: Fraction, level: Level) -> float:
    scales = (1 - step / 100 for step in range(100))
    fitting = (scale for scale in scales if _is_taken(_scaled(size, scale), rate, level))
    scale = next(fitting, None)
    if scale is None:
        raise NotFinished(msg("it has more pictures a second than the level takes"))
    return scale


def _holds(outer: Size, inner: Size) -> bool:
    return inner.width <= outer.width and inner.height <= outer.height


def _scaled(size: Size, scale: float) -> Size:
    return Size(_even(round(size.width * scale)), _even(round(size.height * scale)))


def _centred(inner: Size, outer: Size) -> tuple[int, int]:
    left, top = (outer.width - inner.width) // 2, (outer.height - inner.height) // 2
    return left // 2 * 2, top // 2 * 2


def _even(side: int) -> int:
    return max(side // 2 * 2, 2)
