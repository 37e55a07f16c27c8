"""Tells a picture's format and size from its first bytes, as they stand in any answer. Pure.

Nothing is decoded: the header says what it says. A whole picture is measured by the `finder`.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from typing import NamedTuple

from PIL import ExifTags, Image

from batchgen.messages import Message, msg

#: What Pillow raises on a header that it cannot read.
_HEADER_ERRORS = (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error)
#: Orientations of EXIF that lay the picture on its side.
TURNED = frozenset({5, 6, 7, 8})
#: First bytes -> format by Pillow's name in lower case.
_MAGIC = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png"),
    (re.compile(rb"\xff\xd8\xff"), "jpeg"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "webp"),
)
#: First bytes -> what lies in workbooks, and comes from shops' servers, instead.
_OTHERS = (
    (re.compile(rb"GIF8[79]a"), "GIF"),
    (re.compile(rb"....ftyp(avif|avis)", re.DOTALL), "AVIF"),
    (re.compile(rb"....ftyp(hei|hev|mif|msf)", re.DOTALL), "HEIC"),
    (re.compile(rb"....ftyp", re.DOTALL), "MP4"),
    (re.compile(rb"BM"), "BMP"),
    (re.compile(rb"II\*\0|MM\0\*"), "TIFF"),
    (re.compile(rb"%PDF"), "PDF"),
    (re.compile(rb"\xff\x0a|\0\0\0\x0cJXL "), "JPEG XL"),
    (re.compile(rb"\xd7\xcd\xc6\x9a|\x01\0\x09\0"), "WMF"),
    (re.compile(rb"\x01\0\0\0.{36} EMF", re.DOTALL), "EMF"),
    (re.compile(rb"[\s\xef\xbb\xbf]*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<svg", re.DOTALL), "SVG"),
)
_PAGE = re.compile(rb"[\s\xef\xbb\xbf]*<[!?a-zA-Z]")


class Header(NamedTuple):
    """What the first bytes of a picture say."""

    #: `png`, `jpeg` or `webp`.
    format: str
    #: As a viewer shows it, in pixels; None where the size stands further behind.
    size: tuple[int, int] | None


def format_of(first: bytes) -> str | None:
    """Give `png`, `jpeg` or `webp`; None when the first bytes are of none of these."""
    return next((kind for magic, kind in _MAGIC if magic.match(first)), None)


def header_of(first: bytes) -> Header | None:
    """Read the header of a PNG, JPEG or WebP picture; None when it is none of these."""
    kind = format_of(first)
    if kind is None:
        return None
    return Header(kind, _webp_size(first) if kind == "webp" else _size(first, kind))


def kind_of(first: bytes) -> Message | str:
    """Name what the first bytes of something else are."""
    if not first:
        return msg("an empty file")
    if name := other_format_of(first):
        return name
    return msg("a web page") if _PAGE.match(first) else msg("something unknown")


def other_format_of(first: bytes) -> str | None:
    """Name the format of pictures or films that is not taken; None when it is not known."""
    return next((name for magic, name in _OTHERS if magic.match(first)), None)


def _size(first: bytes, kind: str) -> tuple[int, int] | None:
    try:
        with warnings.catch_warnings():
            # How many pixels are too many is the caller's to say.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(first), formats=[kind]) as image:
                width, height = image.size
                is_turned = _is_turned(image)
    except Image.DecompressionBombError:
        return _claimed_png_size(first)
    except _HEADER_ERRORS:
        return None
    return (height, width) if is_turned else (width, height)


def _is_turned(image: Image.Image) -> bool:
    """Tell whether a viewer turns the picture on its side, as far as its beginning says that."""
    # A PNG whose header has no EXIF would be decoded to its end in search of it.
    return "exif" in image.info and image.getexif().get(ExifTags.Base.Orientation) in TURNED


def _claimed_png_size(first: bytes) -> tuple[int, int] | None:
    """Read a size that Pillow refuses to hear of; JPEG cannot claim so many pixels in one frame."""
    try:
        width, height = struct.unpack_from(">II", first, 16)
    except struct.error:
        return None
    return width, height


def _webp_size(first: bytes) -> tuple[int, int] | None:
    """Read a WebP's size (RFC 9649, sections 2.5 to 2.7); Pillow wants the whole file for it."""
    try:
        if first[12:16] == b"VP8X":
            width, height = (int.from_bytes(first[at : at + 3], "little") + 1 for at in (24, 27))
            return (width, height) if len(first) >= 30 else None
        if first[12:16] == b"VP8L":
            (bits,) = struct.unpack_from("<I", first, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        width, height = struct.unpack_from("<HH", first, 26)
    except struct.error:
        return None
    return width & 0x3FFF, height & 0x3FFF
