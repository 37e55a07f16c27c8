"""Which size a shaped picture gets."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgen.picture_fit import FitWay, PictureFit, in_lowest_terms, ratio_of

SIDES = st.integers(1, 20_000)
RATIOS = st.sampled_from(["9:16", "3:4", "1:1", "16:9", "4:1", "1:4", "191:100"])


@pytest.mark.parametrize(
    ("way", "ratio", "before", "after"),
    [
        ("crop", "9:16", (800, 800), (450, 800)),
        ("crop", "16:9", (800, 800), (800, 450)),
        ("crop", "3:4", (1200, 700), (525, 700)),
        ("crop", "9:16", (4000, 3000), (1080, 1920)),
        ("pad", "9:16", (800, 800), (800, 1422)),
        ("pad", "16:9", (800, 800), (1422, 800)),
        ("blur", "3:4", (900, 900), (900, 1200)),
        ("blur", "1:1", (4000, 3000), (1920, 1920)),
        ("pad", "1:1", (640, 640), (640, 640)),
        ("crop", "4:1", (3, 1), (3, 1)),
    ],
)
def test_a_shape_becomes_a_size(
    way: FitWay, ratio: str, before: tuple[int, int], after: tuple[int, int]
) -> None:
    """Cropping takes away, the others add; nothing is larger than a 720p video needs."""
    assert PictureFit(way, ratio).size(*before) == after


@given(RATIOS, SIDES, SIDES)
def test_cropping_never_needs_more_than_there_is(ratio: str, width: int, height: int) -> None:
    """No picture is enlarged, whatever its shape."""
    cropped = PictureFit("crop", ratio).size(width, height)
    assert cropped[0] <= max(width, 1)
    assert cropped[1] <= max(height, 1)


@given(RATIOS, st.sampled_from(["crop", "pad"]), SIDES, SIDES)
def test_a_size_has_its_shape_to_the_pixel(
    ratio: str, way: FitWay, width: int, height: int
) -> None:
    """Only pictures of few pixels are a rounding away from the shape."""
    across, down = PictureFit(way, ratio).size(width, height)
    assert max(across, down) <= max(width, height, 1920)
    assert abs(across - down * ratio_of(ratio)) <= max(ratio_of(ratio), Fraction(1))


def test_a_shape_has_one_name() -> None:
    """`1080:1920` is bought once with `9:16`."""
    assert (in_lowest_terms("1080:1920"), str(PictureFit("crop", "9:16"))) == ("9:16", "crop 9:16")
