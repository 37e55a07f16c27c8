"""Downloads pictures that only this machine may have, so that they can be sent as data.

    fetched less than a day ago ─► its file          else ─► GET, only if it changed
    ─► decoded from the first byte to the last, measured, kept by its hash

Knows neither clips nor how a picture is sent.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit
from weakref import WeakValueDictionary

import aiohttp

from batchgen.catalogue.pictures.facts import PictureFacts, PictureProblem, RemoteFacts
from batchgen.catalogue.pictures.finder import measured
from batchgen.catalogue.pictures.probe import content_of, if_changed
from batchgen.catalogue.pictures.store import PictureStore
from batchgen.catalogue.pictures.web import PASSING, PictureRefused, PictureWeb, name_of
from batchgen.clip import LocalPicture, RemotePicture
from batchgen.errors import InputError, PictureMoved
from batchgen.messages import msg


@dataclass(frozen=True, slots=True)
class PictureFetcher:
    """Downloads pictures, each at most once a day, however many clips show it."""

    web: PictureWeb
    facts: PictureFacts
    store: PictureStore
    _under_way: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    #: What will not pass while this lasts. Only a probe remembers it: a run must not keep the next
    #: one from starting.
    _refused: dict[str, PictureProblem] = field(default_factory=dict)
    #: One at a time: a decoded picture is large, and warnings are those of the whole process.
    _measuring: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fetch(self, picture: RemotePicture) -> LocalPicture:
        """Give the file of a picture on the web. May be cancelled.

        Raises:
            PictureMoved: its bytes are not those that were planned.
            InputError: it cannot be had, or the API would refuse it.
        """
        lock = self._under_way.setdefault(picture.url, asyncio.Lock())
        try:
            async with lock:
                file = await self._file_of(picture.url)
        except PictureRefused as refusal:
            if refusal.problem.code not in PASSING:
                self._refused[picture.url] = refusal.problem
            raise InputError(refusal.problem.message) from None
        except OSError as error:
            raise InputError(
                msg(
                    "{name} cannot be kept ({reason}): free the disk of the cache folder",
                    name=name_of(picture.url),
                    reason=error.strerror or type(error).__name__,
                )
            ) from error
        if picture.sha256 not in {None, file.sha256}:
            raise PictureMoved(
                msg("{name} changed since it was planned: plan again", name=file.name)
            )
        return file

    async def _file_of(self, url: str) -> LocalPicture:
        if url in self._refused:
            raise PictureRefused(self._refused[url])
        known = self.facts.seen(url)
        file = None if known is None else await asyncio.to_thread(_kept_file, url, known)
        if known is not None and file is not None and known.is_fresh:
            return file
        asked_if = {} if known is None or file is None else if_changed(known)
        content = bytearray()

        async def take(answer: aiohttp.ClientResponse) -> RemoteFacts | None:
            if answer.status == 304 and asked_if:
                return None
            return await content_of(url, answer, content.extend)

        told = await self.web.ask("GET", url, asked_if, take)
        if told is None and known is not None and file is not None:
            self.facts.note(url, known)
            return file
        async with self._measuring:
            file = await asyncio.to_thread(self._keep, url, bytes(content))
        self.facts.note(url, _found(told or RemoteFacts(), file))
        return file

    def _keep(self, url: str, content: bytes) -> LocalPicture:
        """Put a picture into the store, if the API can take it."""
        found = measured(content, name_of(url), Path())
        if isinstance(found, PictureProblem):
            raise PictureRefused(found)
        path = self.store.keep(content, found.format)
        return replace(found, path=str(path), name=_file_name(url))


def _found(told: RemoteFacts, file: LocalPicture) -> RemoteFacts:
    return replace(
        told,
        format=file.format,
        width=file.width,
        height=file.height,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        kept=file.path,
    )


def _kept_file(url: str, known: RemoteFacts) -> LocalPicture | None:
    """Give the file that was kept of a picture, if it is still there; its sender hashes it."""
    whole = (known.kept, known.sha256, known.format, known.width, known.height, known.size_bytes)
    path, sha256, kind, width, height, size_bytes = whole
    if path is None or sha256 is None or kind is None:
        return None
    if width is None or height is None or size_bytes is None or not _has(Path(path), size_bytes):
        return None
    return LocalPicture(_file_name(url), path, sha256, kind, width, height, size_bytes)


def _has(path: Path, size_bytes: int) -> bool:
    try:
        return path.stat().st_size == size_bytes
    except OSError:
        return False


def _file_name(url: str) -> str:
    """Give a URL's last part for people, or the host where it has none."""
    parts = urlsplit(url)
    return unquote(parts.path.rpartition("/")[2]) or parts.hostname or url
