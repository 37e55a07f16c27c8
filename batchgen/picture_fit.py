"""How a picture is brought to another shape before it is sent: which way, which shape, what size.

The video of a model without an `aspect_ratio` takes the shape of its first frame, so the picture
decides. Pure arithmetic on sizes; `provider.pictures.fitting` does it to pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

FitWay = Literal["crop", "pad", "blur"]
#: Pixels of a shaped picture's long side at most: twice what a 720p video shows of it.
_LONG_SIDE = 1920


@dataclass(frozen=True, slots=True)
class PictureFit:
    """One way to one shape. Its text is part of a request's fingerprint: `crop 3:4`."""

    #: `crop` cuts sides off, `pad` adds a plain ground, `blur` one of the picture itself, blurred.
    way: FitWay
    #: Width to height in lowest terms, `3:4`.
    ratio: str

    def __str__(self) -> str:
        return f"{self.way} {self.ratio}"

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Give the size in pixels that a picture gets: the picture in it is never enlarged."""
        ratio = ratio_of(self.ratio)
        is_wider = Fraction(width, height) > ratio
        if is_wider == (self.way == "crop"):
            width = round(height * ratio)
        else:
            height = round(width / ratio)
        if max(width, height) > _LONG_SIDE:
            width = round(_LONG_SIDE * min(ratio, Fraction(1)))
            height = round(_LONG_SIDE / max(ratio, Fraction(1)))
        return max(width, 1), max(height, 1)


def ratio_of(text: str) -> Fraction:
    """Read `9:16` as width over height; both must be positive whole numbers."""
    width, _, height = text.partition(":")
    return Fraction(int(width), int(height))


def in_lowest_terms(text: str) -> str:
    """Write `1080:1920` as `9:16`."""
    ratio = ratio_of(text)
    return f"{ratio.numerator}:{ratio.denominator}"
