"""Turns planned pictures into what is sent: URLs, and data URLs without private metadata.

The pixels of a file stay as they are on disk: metadata (place, time, camera, comments) is cut out
of the container. Only a picture that must be turned (EXIF orientation), that is to have another
shape, or whose container is odd, is encoded anew. This module blocks; call it in a thread. It
knows nothing of HTTP.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from PIL import Image

from batchgen.clip import ClipRequest, LocalPicture
from batchgen.errors import InputError, PictureMoved
from batchgen.messages import msg
from batchgen.picture_fit import PictureFit
from batchgen.provider.pictures.fitting import Size, fitted
from batchgen.provider.pictures.pixels import encoded_anew, turn_of

#: Signs that mean something in a path or a query as they stand.
_IN_URLS = "!#$%&'()*+,/:;=?@[]~"
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Chunks of text, time and EXIF. Everything else says how the pixels look.
_PNG_PRIVATE = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})
_WEBP_PRIVATE = frozenset({b"EXIF", b"XMP "})
#: Bits of the VP8X chunk that promise EXIF and XMP.
_WEBP_PRIVATE_FLAGS = 0x08 | 0x04
_JPEG_START = b"\xff\xd8"
_JPEG_END = 0xD9
_JPEG_SCAN = 0xDA
#: The first marker after the coded pixels of a scan.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


class _OddContainer(Exception):
    """The container is not built as its format says (Pillow opened it, so it begins well)."""


def sent_pictures(request: ClipRequest) -> list[str]:
    """Give a request's pictures as they are sent; frames that are shaped all get one size.

    Raises:
        PictureMoved: a file is gone or its bytes are not those that were planned.
        InputError: the pixels cannot be read, or a picture that is not here is to be shaped.
    """
    fit = request.fit
    if fit is None:
        return [
            data_url(picture) if isinstance(picture, LocalPicture) else _plain(picture.url)
            for picture in request.pictures
        ]
    files = [picture for picture in request.pictures if isinstance(picture, LocalPicture)]
    if len(files) < len(request.pictures):
        raise InputError(
            msg("a picture on the web cannot be shaped ({fit}) before it is fetched", fit=str(fit))
        )
    size = min((fit.size(file.width, file.height) for file in files), default=None)
    return [data_url(file, fit, size) for file in files]


def _plain(url: str) -> str:
    """Write letters of other scripts in a path or query as browsers do."""
    if url.isascii():
        return url
    parts = urlsplit(url)
    path, query = (quote(part, safe=_IN_URLS) for part in (parts.path, parts.query))
    return urlunsplit(parts._replace(path=path, query=query))


def data_url(picture: LocalPicture, fit: PictureFit | None = None, size: Size | None = None) -> str:
    """Give the picture as `data:image/png;base64,...`, in the shape that `fit` asks for.

    Raises:
        PictureMoved: the file is gone or its bytes are not those that were planned.
        InputError: the pixels cannot be read.
    """
    content = _planned_bytes(picture)
    try:
        if fit is None:
            content = _upright_and_clean(content, picture.format)
        else:
            content = fitted(content, picture.format, fit, size)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(
            msg("{name} cannot be read as a picture: save it anew", name=picture.name)
        ) from error
    return f"data:image/{picture.format};base64,{base64.b64encode(content).decode('ascii')}"


def _planned_bytes(picture: LocalPicture) -> bytes:
    try:
        content = Path(picture.path).read_bytes()
    except OSError as error:
        raise PictureMoved(
            msg("{name} cannot be read any more: put it back, or plan again", name=picture.name)
        ) from error
    if hashlib.sha256(content).hexdigest() != picture.sha256:
        raise PictureMoved(
            msg("{name} changed since it was planned: plan again", name=picture.name)
        )
    return content


def _upright_and_clean(content: bytes, picture_format: str) -> bytes:
    with Image.open(io.BytesIO(content), formats=[picture_format]) as image:
        turn, colours = turn_of(image), image.info.get("icc_profile")
        if turn is not None:
            return encoded_anew(image.transpose(turn), picture_format, colours)
        try:
            return _WITHOUT_METADATA[picture_format](content)
        except _OddContainer:
            return encoded_anew(image.copy(), picture_format, colours)


def _png_without_metadata(content: bytes) -> bytes:
    """Drop the private chunks, and whatever stands behind the last one."""
    kept = bytearray(_PNG_SIGNATURE)
    start = len(_PNG_SIGNATURE)
    while start < len(content):
        size, kind = _unpacked(">I4s", content, start)
        end = start + 12 + size
        if kind not in _PNG_PRIVATE:
            kept += content[start:end]
        if kind == b"IEND":
            return bytes(kept)
        start = end
    raise _OddContainer


def _webp_without_metadata(content: bytes) -> bytes:
    """Drop the private chunks and the flags that announce them."""
    (size,) = _unpacked("<I", content, 4)
    kept = bytearray(b"WEBP")
    start = 12
    while start < size + 8:
        name, length = _unpacked("<4sI", content, start)
        end = start + 8 + length + length % 2
        if start + 8 + length > len(content):
            raise _OddContainer
        chunk = bytearray(content[start:end])
        if name == b"VP8X" and length:
            chunk[8] &= ~_WEBP_PRIVATE_FLAGS
        if name not in _WEBP_PRIVATE:
            kept += chunk
        start = end
    return struct.pack("<4sI", b"RIFF", len(kept)) + kept


def _jpeg_without_metadata(content: bytes) -> bytes:
    """Drop the private segments, and whatever stands behind the end of the picture."""
    kept = bytearray(_JPEG_START)
    start = len(_JPEG_START)
    while start < len(content):
        lead, marker = _unpacked(">BB", content, start)
        if lead != 0xFF or marker in {0x00, 0xFF}:
            raise _OddContainer
        if marker == _JPEG_END:
            return bytes(kept + content[start : start + 2])
        end = _jpeg_segment_end(content, start, marker)
        if not _is_private_jpeg_segment(marker, content[start + 4 : end]):
            kept += content[start:end]
        start = end
    raise _OddContainer


def _jpeg_segment_end(content: bytes, start: int, marker: int) -> int:
    """Find the end of a segment, with the coded pixels where it opens a scan."""
    (size,) = _unpacked(">H", content, start + 2)
    end: int = start + 2 + size
    if marker != _JPEG_SCAN:
        return end
    following = _JPEG_MARKER.search(content, end)
    if following is None:
        raise _OddContainer
    return following.start()


def _is_private_jpeg_segment(marker: int, payload: bytes) -> bool:
    """Tell private segments (EXIF, XMP, maker's notes, comments) from those that matter.

    Kept are JFIF (APP0), the colour profile (APP2) and Adobe's colour transform (APP14).
    """
    if marker == 0xE2:
        return not payload.startswith(b"ICC_PROFILE\0")
    return marker == 0xFE or (0xE1 <= marker <= 0xEF and marker != 0xEE)


def _unpacked(layout: str, content: bytes, start: int) -> tuple[Any, ...]:
    try:
        return struct.unpack_from(layout, content, start)
    except struct.error as error:
        raise _OddContainer from error


_WITHOUT_METADATA: Mapping[str, Callable[[bytes], bytes]] = {
    "png": _png_without_metadata,
    "jpeg": _jpeg_without_metadata,
    "webp": _webp_without_metadata,
}
