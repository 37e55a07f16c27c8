"""Finds the pictures that cells name: URLs are passed on, local files are opened and measured.

A local file must lie, links followed, in the manifest's folder or one of `picture_folders`, and
must decode from the first byte to the last: a picture that the API would refuse costs a row here,
not a call there. Each file is opened once, however many rows name it. Knows no table.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from PIL import ExifTags, Image, UnidentifiedImageError

from batchgen.catalogue.pictures.facts import PictureFacts
from batchgen.clip import LocalPicture, Picture, RemotePicture
from batchgen.messages import Message, msg
from batchgen.video_models import PICTURE_BYTES_LIMIT, PICTURE_FORMATS, PICTURE_PIXELS_LIMIT

#: A scheme has two letters at least, so that `C:\photos` is none.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
#: A URL in which nothing can be wrong; others are looked at part by part.
_PLAIN_URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?/[!-?A-~]*")
#: Pictures that are kept in memory, so that a file is opened once however many rows name it.
_REMEMBERED = 100_000
#: Pillow's name of the JPEG of several pictures that phones write; the first one counts.
_OTHER_NAMES = {"mpo": "jpeg"}
#: Orientations of EXIF that lay the picture on its side.
_TURNED = frozenset({5, 6, 7, 8})
#: What Pillow's decoders raise on broken files.
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class PictureProblem:
    """Why a cell gives no picture."""

    #: Stable code of the fault.
    code: str
    message: Message


@dataclass(slots=True)
class PictureFinder:
    """Looks pictures up in some folders and remembers what it opened."""

    #: Absolute, links resolved; the first that has the file wins.
    folders: Sequence[Path]
    #: What earlier commands found in the files.
    facts: PictureFacts = field(default_factory=PictureFacts)
    _opened: dict[Path, LocalPicture | PictureProblem] = field(default_factory=dict)

    def find(self, name: str) -> Picture | PictureProblem:
        """Find what a cell names: an http(s) URL, or a path from one of the folders."""
        if _PLAIN_URL.fullmatch(name):
            return RemotePicture(name)
        if name.startswith("//"):
            return _remote(f"https:{name}")
        scheme = _SCHEME.match(name)
        if scheme and scheme[1].lower() in {"http", "https"}:
            return _remote(name)
        if scheme:
            return PictureProblem(
                "picture-scheme",
                msg(
                    "{scheme}: is not taken: give an http(s) URL or a file",
                    scheme=scheme[1].lower(),
                ),
            )
        return self._local(name)

    def _local(self, name: str) -> LocalPicture | PictureProblem:
        existing = [path for folder in self.folders if (path := _existing(folder, name))]
        allowed = [path for path in existing if self._may_open(path)]
        if not existing:
            return PictureProblem(
                "picture-not-found",
                msg(
                    "{name} is not in {folders}: put it there (capitals count), name its folder in"
                    " manifest.picture_folders, or write a link with https://",
                    name=name,
                    folders=self._folder_names(),
                ),
            )
        if not allowed:
            return PictureProblem(
                "picture-outside",
                msg(
                    "{name} lies outside of {folders}: add its folder to manifest.picture_folders",
                    name=name,
                    folders=self._folder_names(),
                ),
            )
        path = allowed[0]
        opened = self._opened.get(path)
        if opened is None:
            opened = self.facts.of(path, _open_picture)
            if len(self._opened) < _REMEMBERED:
                self._opened[path] = opened
        return replace(opened, name=name) if isinstance(opened, LocalPicture) else opened

    def _may_open(self, path: Path) -> bool:
        return any(path.is_relative_to(folder) for folder in self.folders)

    def _folder_names(self) -> str:
        return ", ".join(map(str, self.folders))


def _remote(url: str) -> RemotePicture | PictureProblem:
    try:
        parts = urlsplit(url)
    except ValueError:
        return _no_whole_url(url)
    if "@" in parts.netloc:
        return PictureProblem(
            "picture-url",
            msg(
                "the URL at {host} holds a user name or a password, which would be sent and"
                " written down: give one that needs none",
                host=parts.hostname or "?",
            ),
        )
    if not parts.hostname or any(sign.isspace() for sign in url):
        return _no_whole_url(url)
    return RemotePicture(url)


def _no_whole_url(url: str) -> PictureProblem:
    return PictureProblem(
        "picture-url", msg("{url} is no whole URL: write blanks in it as %20", url=url)
    )


def _existing(folder: Path, name: str) -> Path | None:
    """Give the regular file, links followed, that a name means in a folder."""
    try:
        path = (folder / name.replace("\\", "/")).resolve()
        return path if path.is_file() else None
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name no disk takes
        return None


def _open_picture(path: Path) -> LocalPicture | PictureProblem:
    """Read, decode and measure a file; width and height are those a viewer shows."""
    try:
        with path.open("rb") as file:
            content = file.read(PICTURE_BYTES_LIMIT + 1)
    except OSError as error:
        return _broken(path, error)
    if len(content) > PICTURE_BYTES_LIMIT:
        return PictureProblem(
            "picture-too-big",
            msg(
                "{name} has more than {limit} MB: save it smaller",
                name=path.name,
                limit=PICTURE_BYTES_LIMIT // 1_000_000,
            ),
        )
    # A picture with odd metadata is still a picture: only bombs are refused.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return _measure(path, content)


def _measure(path: Path, content: bytes) -> LocalPicture | PictureProblem:
    formats = [name.upper() for name in PICTURE_FORMATS]
    try:
        with Image.open(io.BytesIO(content), formats=formats) as image:
            if image.width * image.height > PICTURE_PIXELS_LIMIT:
                return _too_many_pixels(path)
            image.load()
            kind = (image.format or "").lower()
            turned = image.getexif().get(ExifTags.Base.Orientation) in _TURNED
            width, height = reversed(image.size) if turned else image.size
    except UnidentifiedImageError:
        return PictureProblem(
            "picture-format",
            msg("{name} is no PNG, JPEG or WebP picture: save it as one", name=path.name),
        )
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _too_many_pixels(path)
    except _DECODER_ERRORS as error:
        return _broken(path, error)
    return LocalPicture(
        name=path.name,
        path=str(path),
        sha256=hashlib.sha256(content).hexdigest(),
        format=_OTHER_NAMES.get(kind, kind),
        width=width,
        height=height,
        size_bytes=len(content),
    )


def _too_many_pixels(path: Path) -> PictureProblem:
    return PictureProblem(
        "picture-too-big",
        msg(
            "{name} has more than {limit} million pixels: save it smaller",
            name=path.name,
            limit=PICTURE_PIXELS_LIMIT // 1_000_000,
        ),
    )


def _broken(path: Path, error: Exception) -> PictureProblem:
    return PictureProblem(
        "picture-broken",
        msg("{name} cannot be read ({reason}): save it again", name=path.name, reason=str(error)),
    )
