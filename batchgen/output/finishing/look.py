"""Turns a frame of a clip into one of another shape: cut, padded, or on its own blur.

Works on planes of YUV 4:2:0 and leaves the scaling to FFmpeg: nothing here holds the interpreter's
lock for long. Knows no file and no encoder.
"""

from __future__ import annotations

import av
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from batchgen.output.finishing.shape import Shape, Size

#: Video white in YUV (ITU-R BT.601 and BT.709): what pads, like the page around a product.
_WHITE = (235, 128, 128)
#: The blurred ground is made at a fraction of its size: cheap, and softer than any filter.
_BLUR_STEP = 16
_BLUR_RADIUS = 2

_Plane = NDArray[np.uint8]


class Look:
    """Gives every frame the same shape; `fill` is that of the job."""

    def __init__(self, shape: Shape, fill: str) -> None:
        self._shape = shape
        self._is_blurred = fill == "blur"

    def frame(self, source: av.VideoFrame) -> av.VideoFrame:
        """Draw a new frame of the shape's canvas, without a time of its own."""
        shape = self._shape
        even = {"width": source.width // 2 * 2, "height": source.height // 2 * 2}
        planes = _planes(
            source.reformat(**even, format="yuv420p", dst_color_range=ColorRange.MPEG, threads=1)
        )
        shown = _resized(_cut(planes, shape.cut_at, shape.cut), shape.shown)
        if shape.shown == shape.canvas:
            return _frame(shown)
        ground = self._ground(planes) if self._is_blurred else _padding(shape.canvas)
        return _frame(_pasted(shown, shape.shown_at, ground))

    def _ground(self, planes: list[_Plane]) -> list[_Plane]:
        """Fill the canvas with the middle of the picture, blurred."""
        height, width = planes[0].shape
        size = self._shape.ground
        at = ((width - size.width) // 4 * 2, (height - size.height) // 4 * 2)
        canvas = self._shape.canvas
        small = Size(*(max(side // _BLUR_STEP // 2 * 2, 4) for side in canvas))
        blurred = [
            np.asarray(Image.fromarray(plane).filter(ImageFilter.GaussianBlur(_BLUR_RADIUS)))
            for plane in _resized(_cut(planes, at, size), small)
        ]
        return _resized(blurred, canvas)


def _planes(frame: av.VideoFrame) -> list[_Plane]:
    """Give luma at full size, then the two chroma planes at half size."""
    packed = frame.to_ndarray().astype(np.uint8, copy=False)
    height, width = frame.height, frame.width
    luma, rest = packed[:height], packed[height:].reshape(2, height // 2, width // 2)
    return [luma, rest[0], rest[1]]


def _frame(planes: list[_Plane]) -> av.VideoFrame:
    height, width = planes[0].shape
    packed = np.concatenate([plane.ravel() for plane in planes])
    return av.VideoFrame.from_ndarray(packed.reshape(height * 3 // 2, width), format="yuv420p")


def _cut(planes: list[_Plane], at: tuple[int, int], size: Size) -> list[_Plane]:
    left, top = at
    return [
        plane[top // half : (top + size.height) // half, left // half : (left + size.width) // half]
        for plane, half in zip(planes, (1, 2, 2), strict=True)
    ]


def _resized(planes: list[_Plane], size: Size) -> list[_Plane]:
    height, width = planes[0].shape
    if (width, height) == size:
        return planes
    return _planes(_frame(planes).reformat(*size, interpolation="BILINEAR", threads=1))


def _padding(canvas: Size) -> list[_Plane]:
    return [
        np.full((canvas.height // half, canvas.width // half), value, np.uint8)
        for value, half in zip(_WHITE, (1, 2, 2), strict=True)
    ]


def _pasted(shown: list[_Plane], at: tuple[int, int], ground: list[_Plane]) -> list[_Plane]:
    """Put a picture on a ground, which is changed."""
    left, top = at
    for plane, under, half in zip(shown, ground, (1, 2, 2), strict=True):
        height, width = plane.shape
        under[top // half : top // half + height, left // half : left // half + width] = plane
    return ground
