"""The caller's pictures: received, measured, kept, fetched, opened; a placeholder where none is.

A picture that came in the call is kept by its hash and opened later; a remote one is fetched only
when a clip is drawn. Knows no task and no API call.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import uuid
import warnings
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from PIL import Image, ImageDraw, ImageFont, ImageOps

from batchgen.clip import LocalPicture, Picture, RemotePicture
from batchgen.simulator.limits import Code, Refused
from batchgen.video_models import PICTURE_BYTES_LIMIT, PICTURE_FORMATS, PICTURE_PIXELS_LIMIT

#: A catalogue of a thousand unreachable pictures must not stop the show.
_FETCH_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=3)
#: Pixels of a placeholder.
_PLACEHOLDER_SIZE = (960, 720)


def receive(text: str, name: str, folder: Path) -> Picture:
    """Take one entry of `image_url`; the bytes of a data URL are measured and kept in the folder.

    Raises:
        Refused: 1210 when it is no picture of a documented kind, 1214 when it is no address.
    """
    if text.startswith(("https://", "http://")):
        return RemotePicture(text)
    if not text.startswith("data:image/"):
        raise Refused(Code.INVALID, name)
    content = _decode(text, name)
    picture = _measure(content, name)
    target = folder / picture.sha256
    if not target.exists():
        # Two calls may bring the same picture at once: each has a name of its own for it.
        part = folder / f"{uuid.uuid4().hex}.part"
        part.write_bytes(content)
        part.replace(target)
    return picture


def _decode(text: str, name: str) -> bytes:
    head, _, payload = text.partition(",")
    if not head.endswith(";base64"):
        raise Refused(Code.BAD_CALL, name)
    try:
        content = base64.b64decode(payload.strip(), validate=True)
    except binascii.Error:
        raise Refused(Code.BAD_CALL, name) from None
    if len(content) >= PICTURE_BYTES_LIMIT:
        raise Refused(Code.BAD_CALL, name)
    return content


def _measure(content: bytes, name: str) -> LocalPicture:
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        with _opened(content) as image:
            is_turned = image.getexif().get(0x0112, 1) >= 5
            width, height = reversed(image.size) if is_turned else image.size
            kind = str(image.format).lower()
    except (OSError, ValueError, SyntaxError):
        raise Refused(Code.BAD_CALL, name) from None
    return LocalPicture(name, sha256, sha256, kind, width, height, len(content))


def _opened(content: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(io.BytesIO(content), formats=[kind.upper() for kind in PICTURE_FORMATS])
    if image.width * image.height > PICTURE_PIXELS_LIMIT:
        message = "too many pixels"
        raise ValueError(message)
    return image


def open_upright(content: bytes, size: tuple[int, int]) -> Image.Image:
    """Decode a picture as RGB, upright by its EXIF mark, transparent parts white.

    JPEG is decoded no larger than `size` needs.

    Raises:
        OSError: the bytes are no whole picture.
        ValueError: likewise, or it has too many pixels.
    """
    image = _opened(content)
    image.draft("RGB", size)
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image)
    return image.convert("RGB")


class Fetcher:
    """Fetches remote pictures, and asks a host that gave no connection only once."""

    def __init__(self) -> None:
        self._dead_hosts: set[str] = set()

    async def fetch(self, url: str) -> bytes | None:
        """Give the bytes behind a URL, or None when they cannot be had."""
        host = urlsplit(url).netloc
        if host in self._dead_hosts:
            return None
        try:
            async with aiohttp.ClientSession(timeout=_FETCH_TIMEOUT) as session:
                return await _read(session, url)
        except (aiohttp.ClientConnectionError, TimeoutError):
            self._dead_hosts.add(host)
        except (aiohttp.ClientError, ValueError):
            pass  # the host is there, the picture is not
        return None


async def _read(session: aiohttp.ClientSession, url: str) -> bytes | None:
    content = bytearray()
    async with session.get(url, raise_for_status=True) as response:
        async for chunk in response.content.iter_chunked(1 << 16):
            content += chunk
            if len(content) > PICTURE_BYTES_LIMIT:
                return None
    return bytes(content)


def placeholder(url: str) -> Image.Image:
    """Draw a card that says which picture is missing, in a colour of its own."""
    parts = urlsplit(url)
    hue = int(hashlib.sha256(url.encode()).hexdigest()[:4], 16) % 360
    card = Image.new("RGB", _PLACEHOLDER_SIZE, f"hsl({hue}, 35%, 88%)")
    pen = ImageDraw.Draw(card)
    width, height = card.size
    pen.rectangle((110, 110, width - 111, height - 111), outline=f"hsl({hue}, 35%, 55%)", width=4)
    lines = (
        ("picture not fetched", 56, 0.36),
        (parts.netloc, 40, 0.52),
        (parts.path.rpartition("/")[2], 40, 0.62),
    )
    for text, height_px, down in lines:
        font = ImageFont.load_default(height_px)
        place = (width / 2, height * down)
        pen.text(place, _printable(text), fill=f"hsl({hue}, 45%, 25%)", font=font, anchor="mm")
    return card


def _printable(text: str) -> str:
    """Keep what the built-in font has, and the end of what is too long."""
    plain = text.encode("ascii", "replace").decode()
    return plain if len(plain) <= 36 else f"...{plain[-33:]}"
