"""Draw the poster of a clip: its first picture that is not black, as JPEG.

Decoding is the only job; a clip whose pictures cannot be decoded simply has no poster.
"""

from __future__ import annotations

import io
from itertools import islice
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

#: Frames looked at (half a second at 24 a second), and how bright one must be on average (0-255),
#: by every so many pixels of every so many rows.
_FRAMES_TRIED = 12
_LEAST_BRIGHTNESS = 16
_PIXEL_STEP = 8
_JPEG_QUALITY = 85

_Pixels = NDArray[np.uint8]


def draw_poster(clip: Path) -> bytes | None:
    """Give the poster as JPEG bytes, or None where the clip cannot be decoded; blocks."""
    try:
        pixels = _first_visible(clip)
        if pixels is None:
            return None
        jpeg = io.BytesIO()
        Image.fromarray(pixels).save(jpeg, "JPEG", quality=_JPEG_QUALITY)
        return jpeg.getvalue()
    except (av.FFmpegError, OSError, ValueError):
        return None


def _first_visible(clip: Path) -> _Pixels | None:
    """Decode until a picture is not black; give the first one when all are."""
    first = None
    with av.open(str(clip)) as container:
        stream = next(iter(container.streams.video), None)
        if stream is None:
            return None
        # For a picture or two, more threads cost more than they save.
        stream.codec_context.thread_count = 1
        for frame in islice(container.decode(stream), _FRAMES_TRIED):
            pixels = frame.to_ndarray(format="rgb24", threads=1).astype(np.uint8, copy=False)
            if pixels[::_PIXEL_STEP, ::_PIXEL_STEP].mean() > _LEAST_BRIGHTNESS:
                return pixels
            first = pixels if first is None else first
    return first
