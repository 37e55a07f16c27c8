"""The shape of second files: exact ratios, even sides, and what a level takes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from batchgen.job.schema import Finish
from batchgen.output.finishing.shape import LEVELS, NotFinished, Size, shape_of

WIDE = Size(1280, 720)


@pytest.mark.parametrize(
    ("source", "ratio", "fill", "canvas", "shown", "shown_at"),
    [
        pytest.param(WIDE, "3:4", "crop", (540, 720), (540, 720), (0, 0), id="cut upright"),
        pytest.param(WIDE, "1:1", "crop", (720, 720), (720, 720), (0, 0), id="cut square"),
        pytest.param(WIDE, "1:1", "pad", (1280, 1280), (1280, 720), (0, 280), id="padded square"),
        pytest.param(WIDE, "3:4", "pad", (1248, 1664), (1248, 702), (0, 480), id="level bounds it"),
        pytest.param(WIDE, "9:16", "blur", (1080, 1920), (1080, 608), (0, 656), id="full HD"),
        pytest.param(WIDE, "16:9", "pad", WIDE, WIDE, (0, 0), id="has the ratio"),
        pytest.param(WIDE, None, "pad", WIDE, WIDE, (0, 0), id="no ratio asked for"),
        pytest.param(Size(854, 481), None, "pad", (854, 480), (854, 480), (0, 0), id="odd side"),
        pytest.param(
            Size(720, 1280), "16:9", "crop", (704, 396), (704, 396), (0, 0), id="flat cut"
        ),
    ],
)
def test_the_shape_of_a_picture(
    source: Size,
    ratio: str | None,
    fill: str,
    canvas: tuple[int, int],
    shown: tuple[int, int],
    shown_at: tuple[int, int],
) -> None:
    """The clip is cut to a ratio, or stands in the middle of a canvas that has it."""
    shape = shape_of(source, Fraction(24), Finish.model_validate({"ratio": ratio, "fill": fill}))
    assert (shape.canvas, shape.shown, shape.shown_at) == (canvas, shown, shown_at)


@pytest.mark.parametrize("fill", ["crop", "pad", "blur"])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("ratio", ["1:1", "3:4", "4:3", "9:16", "16:9", "7:9", "2:3", "21:9"])
def test_every_shape_is_exact_even_and_taken(ratio: str, level: str, fill: str) -> None:
    """Of a large clip too: ratio to the pixel, even places, no more blocks than the level has."""
    finish = Finish.model_validate({"ratio": ratio, "level": level, "fill": fill})
    shape = shape_of(Size(1920, 1080), Fraction(24), finish)
    width, height = (int(side) for side in ratio.split(":"))
    assert Fraction(*shape.canvas) == Fraction(width, height)
    assert not [n for pair in (shape.canvas, shape.cut, shape.shown) for n in pair if n % 2]
    assert not [n for pair in (shape.cut_at, shape.shown_at) for n in pair if n % 2]
    blocks = -(-shape.canvas.width // 16) * -(-shape.canvas.height // 16)
    assert blocks <= LEVELS[level].picture_blocks
    assert blocks * 24 <= LEVELS[level].blocks_per_s


def test_many_pictures_a_second_make_it_smaller() -> None:
    """Level 3.1 takes 720p at 30 pictures a second, and a smaller picture at 60."""
    finish = Finish(level="3.1")
    assert shape_of(WIDE, Fraction(30), finish).canvas == WIDE
    assert shape_of(WIDE, Fraction(60), finish).canvas < WIDE


def test_a_ratio_of_large_numbers_is_refused() -> None:
    """No even size of a small clip has 1001:1000; nothing near it is taken instead."""
    with pytest.raises(NotFinished, match="1280x720 holds no picture of 1001:1000"):
        shape_of(WIDE, Fraction(24), Finish(ratio="1001:1000", fill="crop"))
