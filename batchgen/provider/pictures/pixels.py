"""Decoded pictures: puts them upright and encodes them anew. Knows no file and no shape."""

from __future__ import annotations

import io
from collections.abc import Mapping

from PIL import ExifTags, Image

#: Quality of a JPEG or WebP that had to be encoded anew.
_QUALITY = 95
#: EXIF orientation -> what puts the picture upright (EXIF 2.3, tag 0x0112).
_TURNS: Mapping[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def turn_of(image: Image.Image) -> Image.Transpose | None:
    """Give what puts a picture upright; None where it stands so already."""
    return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation))


def encoded_anew(pixels: Image.Image, picture_format: str, colours: bytes | None) -> bytes:
    """Encode pixels with their transparency and a colour profile, and nothing else."""
    # Pillow writes comments and XMP from `info` by itself.
    pixels.info = {k: v for k, v in pixels.info.items() if k == "transparency"}
    target = io.BytesIO()
    pixels.save(target, picture_format, quality=_QUALITY, icc_profile=colours)
    return target.getvalue()
