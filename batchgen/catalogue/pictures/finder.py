"""Finds the pictures that cells name: local files are opened and measured, URLs are passed on.

Of a URL is told what an earlier probe found there; nothing is asked here.

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from PIL import ExifTags, Image, UnidentifiedImageError

from batchgen.catalogue.pictures.facts import PictureFacts, PictureProblem
from batchgen.catalogue.pictures.first_bytes import TURNED
from batchgen.clip import LocalPicture, Picture, RemotePicture
from batchgen.messages import msg
from batchgen.video_models import PICTURE_BYTES_LIMIT, PICTURE_FORMATS, PICTURE_PIXELS_LIMIT

#: A scheme has two letters at least, so that `C:\photos` is none.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
#: A URL in which nothing can be wrong; others are looked at part by part.
_PLAIN_URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?/[!-?A-~]*")
#: Signs that mean something in a path or a query as they stand.
_IN_URLS = "!#$%&'()*+,/:;=?@[]~"
#: Pictures that are kept in memory, so that a file is opened once however many rows name it.
_REMEMBERED = 100_000
#: Characters of a name that people are told.
_SHOWN = 200
#: Pillow's name of the JPEG of several pictures that phones write; the first one counts.
_OTHER_NAMES = {"mpo": "jpeg"}
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


@dataclass(slots=True)
class PictureFinder:
    """Looks pictures up in some folders and remembers what it opened."""

    #: Absolute, links resolved; the first that has the file wins.
    folders: Sequence[Path]
    #: What earlier commands found in the files.
    facts: PictureFacts = field(default_factory=PictureFacts)
    #: Address in front of names that are in none of them.
    base: str | None = None
    #: Pictures that stood in a workbook, by the name that was given to them.
    taken_out: Mapping[str, Path] = field(default_factory=dict)
    #: Pictures on the web are known again by their bytes, where those were read.
    by_bytes: bool = False
    #: What was wrong with pictures on the web counts; else they are about to be asked for again.
    believes: bool = True
    #: Pictures on the web, as often as they are named, whose bytes should be known and are not.
    unread: int = 0
    _opened: dict[Path, LocalPicture | PictureProblem] = field(default_factory=dict)

    def find(self, name: str) -> Picture | PictureProblem:
        """Find what a cell names: an http(s) URL, or a path from one of the folders."""
        if _PLAIN_URL.fullmatch(name):
            return self._remote(name)
        if name in self.taken_out:
            return self._opened_at(self.taken_out[name], name)
        if name.startswith("//"):
            return self._checked_remote(f"https:{name}")
        scheme = _SCHEME.match(name)
        if scheme and scheme[1].lower() in {"http", "https"}:
            return self._checked_remote(name)
        if scheme:
            return PictureProblem(
                "picture-scheme",
                msg(
                    "{scheme}: is not taken: give an http(s) URL or a file",
                    scheme=scheme[1].lower(),
                ),
            )
        return self._local(name)

    def _checked_remote(self, url: str) -> RemotePicture | PictureProblem:
        url = _encoded(url)
        return _url_problem(url) or self._remote(url)

    def _remote(self, url: str) -> RemotePicture | PictureProblem:
        """Give a picture on the web as the last probe saw it; what is wrong, for a day only."""
        seen = self.facts.seen(url) if self.facts.knows_remote else None
        if seen is not None and seen.problem is not None:
            if seen.is_fresh and self.believes:
                told = msg("{reason}; `check --probe` looks again", reason=seen.problem.message)
                return PictureProblem(seen.problem.code, told)
            seen = None
        if self.by_bytes and (seen is None or seen.sha256 is None):
            self.unread += 1
        if seen is None:
            return RemotePicture(url)
        return RemotePicture(url, seen.sha256 if self.by_bytes else None, seen.width, seen.height)

    def _local(self, name: str) -> Picture | PictureProblem:
        existing = [path for folder in self.folders if (path := _existing(folder, name))]
        allowed = [path for path in existing if self._may_open(path)]
        if not existing and self.base is not None:
            return self._checked_remote(f"{self.base.rstrip('/')}/{name.lstrip('./')}")
        if not existing:
            return PictureProblem(
                "picture-not-found",
                msg(
                    "{name} is not in {folders}: put it there (capitals count), name its folder in"
                    " manifest.picture_folders, or the address where such names lie in"
                    " manifest.picture_base",
                    name=_shown(name),
                    folders=self._folder_names(),
                ),
            )
        if not allowed:
            return PictureProblem(
                "picture-outside",
                msg(
                    "{name} lies outside of {folders}: add its folder to manifest.picture_folders",
                    name=_shown(name),
                    folders=self._folder_names(),
                ),
            )
        return self._opened_at(allowed[0], name)

    def _opened_at(self, path: Path, name: str) -> LocalPicture | PictureProblem:
        """Open a file, or remember what was found there; people are told of it by `name`."""
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


def _encoded(url: str) -> str:
    """Write a URL that has blanks in its path or query as browsers do.

    Others stay as they are written, for by that they are known; the sender writes their letters.
    """
    if not any(sign.isspace() for sign in url):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    path, query = (quote(part, safe=_IN_URLS) for part in (parts.path, parts.query))
    return urlunsplit(parts._replace(path=path, query=query))


def _url_problem(url: str) -> PictureProblem | None:
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
    return None


def _no_whole_url(url: str) -> PictureProblem:
    return PictureProblem(
        "picture-url",
        msg("{url} is no whole URL: write it as a browser shows it", url=_shown(url)),
    )


def _shown(name: str) -> str:
    """Give the beginning of what a cell names: a description in the wrong column has no end."""
    return name if len(name) <= _SHOWN else f"{name[: _SHOWN - 1]}…"


def _existing(folder: Path, name: str) -> Path | None:
    """Give the regular file, links followed, that a name means in a folder."""
    try:
        path = (folder / name.replace("\\", "/")).resolve()
        return path if path.is_file() else None
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name no disk takes
        return None


def _open_picture(path: Path) -> LocalPicture | PictureProblem:
    try:
        with path.open("rb") as file:
            content = file.read(PICTURE_BYTES_LIMIT + 1)
    except OSError as error:
        return _broken(path.name, error)
    return measured(content, path.name, path)


def measured(content: bytes, name: str, path: Path) -> LocalPicture | PictureProblem:
    """Decode and measure what lies, or will lie, in a file; people are told of it by `name`.

    Width and height are those a viewer shows.
    """
    if len(content) > PICTURE_BYTES_LIMIT:
        return PictureProblem(
            "picture-too-big",
            msg(
                "{name} has more than {limit} MB: save it smaller",
                name=name,
                limit=PICTURE_BYTES_LIMIT // 1_000_000,
            ),
        )
    # A picture with odd metadata is still a picture: only bombs are refused.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return _measure(content, name, path)


def _measure(content: bytes, name: str, path: Path) -> LocalPicture | PictureProblem:
    formats = [kind.upper() for kind in PICTURE_FORMATS]
    try:
        with Image.open(io.BytesIO(content), formats=formats) as image:
            if image.width * image.height > PICTURE_PIXELS_LIMIT:
                return _too_many_pixels(name)
            image.load()
            kind = (image.format or "").lower()
            turned = image.getexif().get(ExifTags.Base.Orientation) in TURNED
            width, height = reversed(image.size) if turned else image.size
    except UnidentifiedImageError:
        return PictureProblem(
            "picture-format",
            msg("{name} is no PNG, JPEG or WebP picture: save it as one", name=name),
        )
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _too_many_pixels(name)
    except _DECODER_ERRORS as error:
        return _broken(name, error)
    return LocalPicture(
        name=name,
        path=str(path),
        sha256=hashlib.sha256(content).hexdigest(),
        format=_OTHER_NAMES.get(kind, kind),
        width=width,
        height=height,
        size_bytes=len(content),
    )


def _too_many_pixels(name: str) -> PictureProblem:
    return PictureProblem(
        "picture-too-big",
        msg(
            "{name} has more than {limit} million pixels: save it smaller",
            name=name,
            limit=PICTURE_PIXELS_LIMIT // 1_000_000,
        ),
    )


def _broken(name: str, error: Exception) -> PictureProblem:
    return PictureProblem(
        "picture-broken",
        msg("{name} cannot be read ({reason}): save it again", name=name, reason=str(error)),
    )
