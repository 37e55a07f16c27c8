"""Draw the poster of a clip: its first picture that is not black, as JPEG.

Decoding is the only job; a clip whose pictures cannot be decoded simply has no poster.
"""

from __future__ import annotations

import io
from itertools import islice
from pathlib import Path

import av
from PIL import Image, ImageStat

#: Frames looked at (half a second at 24 a second), and how bright one must be on average (0-255).
_FRAMES_TRIED = 12
_LEAST_BRIGHTNESS = 16
_JPEG_QUALITY = 85


def draw_poster(clip: Path) -> bytes | None:
    """Give the poster as JPEG bytes, or None where the clip cannot be decoded; blocks."""
    try:
        picture = _first_visible(clip)
        if picture is None:
            return None
        jpeg = io.BytesIO()
        picture.save(jpeg, "JPEG", quality=_JPEG_QUALITY)
        return jpeg.getvalue()
    except (av.FFmpegError, OSError, ValueError):
        return None


def _first_visible(clip: Path) -> Image.Image | None:
    """Decode until a picture is not black; give the first one when all are."""
    first = None
    with av.open(str(clip)) as container:
        for frame in islice(container.decode(video=0), _FRAMES_TRIED):
            picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
            if _brightness(picture) > _LEAST_BRIGHTNESS:
                return picture
            first = first or picture
    return first


def _brightness(picture: Image.Image) -> float:
    return float(ImageStat.Stat(picture.convert("L")).mean[0])
