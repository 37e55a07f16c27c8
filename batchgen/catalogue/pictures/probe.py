"""Looks at pictures on the web without taking more of them than must be: head, then first bytes.

    known since less than a day ─► nothing is asked
    HEAD: is it as it was, or larger than the API takes? ─► that is all
    GET of the first 64 KiB, or of the whole where its hash is wanted ─► format, size, bytes

What was found is remembered (`facts`), save problems that may pass. Knows no row.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import aiohttp

from batchgen.catalogue.pictures.facts import PictureFacts, PictureProblem, RemoteFacts
from batchgen.catalogue.pictures.first_bytes import header_of, kind_of
from batchgen.catalogue.pictures.web import (
    PASSING,
    PictureRefused,
    PictureWeb,
    name_of,
    require_answer,
)
from batchgen.messages import msg
from batchgen.video_models import PICTURE_BYTES_LIMIT, PICTURE_PIXELS_LIMIT

#: Read of a picture when only its header is wanted: most have their size in it.
FIRST_BYTES = 64 * 1024
#: Pictures that wait for their turn; more would only hold memory.
_WAITING = 64
#: Neither side of a picture of a product has fewer pixels; counting pixels and placeholders have.
LEAST_SIDE = 8
_TOTAL = re.compile(r"bytes [0-9]+-[0-9]+/([0-9]{1,15})")
_LENGTH = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class PictureProbe:
    """Looks at pictures, each at most once a day."""

    web: PictureWeb
    facts: PictureFacts
    #: All bytes are read, for their hash.
    whole: bool = False

    async def look_at_all(
        self, urls: Iterable[str], on_found: Callable[[str, RemoteFacts], None]
    ) -> None:
        """Look at many pictures at once; `on_found` is told of each. May be cancelled."""
        source = iter(urls)
        async with asyncio.TaskGroup() as group:
            for _ in range(_WAITING):
                group.create_task(self._look_at_some(source, on_found))

    async def look_at(self, url: str) -> RemoteFacts:
        """Look at a picture, or tell what was found less than a day ago. May be cancelled.

        What is wrong with it is its `problem`; nothing is raised.
        """
        known = self.facts.seen(url)
        if known is not None and known.is_fresh and self._is_enough(known):
            return known
        try:
            found = await self._found(url, known)
        except PictureRefused as refusal:
            found = RemoteFacts(problem=refusal.problem)
            if refusal.problem.code in PASSING:
                return found
        self.facts.note(url, found)
        return found

    async def _look_at_some(
        self, source: Iterator[str], on_found: Callable[[str, RemoteFacts], None]
    ) -> None:
        for url in source:
            on_found(url, await self.look_at(url))

    def _is_enough(self, known: RemoteFacts) -> bool:
        """Tell whether nothing is left to ask; what was wrong may be mended by now."""
        return known.problem is None and (known.sha256 is not None or not self.whole)

    async def _found(self, url: str, known: RemoteFacts | None) -> RemoteFacts:
        is_enough = known is not None and self._is_enough(known)
        if known is not None and is_enough and await self._is_unchanged(url, known):
            return known
        if self.whole:
            return await self.web.ask("GET", url, {}, lambda answer: whole_of(url, answer))
        if not is_enough:
            await self._refuse_by_head(url)
        return await self._by_first_bytes(url)

    async def _is_unchanged(self, url: str, known: RemoteFacts) -> bool:
        """Ask whether a picture is as it was; without a sure answer, it is not."""
        if not (asked_if := if_changed(known)):
            return False

        async def is_same(answer: aiohttp.ClientResponse) -> bool:
            return answer.status == 304

        try:
            return await self.web.ask("HEAD", url, asked_if, is_same)
        except PictureRefused:
            return False

    async def _refuse_by_head(self, url: str) -> None:
        """Refuse what HEAD alone says is too large; a server that refuses HEAD is asked on."""

        async def look(answer: aiohttp.ClientResponse) -> None:
            if answer.status == 200:
                _require_size(url, _total_bytes(answer) or 0)

        try:
            await self.web.ask("HEAD", url, {}, look)
        except PictureRefused as refusal:
            if refusal.problem.code != "picture-remote-unreachable":
                raise

    async def _by_first_bytes(self, url: str) -> RemoteFacts:
        async def look(answer: aiohttp.ClientResponse) -> RemoteFacts | None:
            if answer.status == 416:
                return None
            return await _beginning_of(url, answer)

        asked_range = {"Range": f"bytes=0-{FIRST_BYTES - 1}"}
        found = await self.web.ask("GET", url, asked_range, look)
        if found is None:  # an empty file has no first byte; a few servers know no ranges
            found = await self.web.ask("GET", url, {}, lambda answer: _beginning_of(url, answer))
        return found


def if_changed(known: RemoteFacts) -> dict[str, str]:
    """Give the headers that ask for a picture only if it is not as it was; empty: none can."""
    if known.etag is not None:
        return {"If-None-Match": known.etag}
    return {} if known.modified is None else {"If-Modified-Since": known.modified}


async def content_of(
    url: str, answer: aiohttp.ClientResponse, take: Callable[[bytes], object]
) -> RemoteFacts:
    """Give `take` all bytes of an answer, piece by piece, and what its head tells.

    Raises:
        PictureRefused: it is no picture's answer, or larger than the API takes.
    """
    told = _head_of(url, answer, frozenset({200}))
    size_bytes = 0
    async for chunk in answer.content.iter_any():
        size_bytes += len(chunk)
        _require_size(url, size_bytes)
        take(chunk)
    return replace(told, size_bytes=size_bytes)


async def whole_of(url: str, answer: aiohttp.ClientResponse) -> RemoteFacts:
    """Read an answer to its end; only its first bytes are kept.

    Raises:
        PictureRefused: it cannot be used.
    """
    first, digest = bytearray(), hashlib.sha256()

    def take(chunk: bytes) -> None:
        digest.update(chunk)
        first.extend(chunk[: max(0, FIRST_BYTES - len(first))])

    told = await content_of(url, answer, take)
    return replace(_judged(url, bytes(first), told), sha256=digest.hexdigest())


async def _beginning_of(url: str, answer: aiohttp.ClientResponse) -> RemoteFacts:
    """Read the first bytes of an answer, however many it holds."""
    told = _head_of(url, answer, frozenset({200, 206}))
    first = bytearray()
    async for chunk in answer.content.iter_any():
        first += chunk
        if len(first) >= FIRST_BYTES:
            break
    return _judged(url, bytes(first[:FIRST_BYTES]), told)


def _head_of(url: str, answer: aiohttp.ClientResponse, allowed: frozenset[int]) -> RemoteFacts:
    require_answer(url, answer.status, allowed)
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise PictureRefused(
            PictureProblem(
                "picture-remote-format",
                msg(
                    "{name} is sent compressed, which no picture is: link to the picture itself",
                    name=name_of(url),
                ),
            )
        )
    total_bytes = _total_bytes(answer)
    _require_size(url, total_bytes or 0)
    return RemoteFacts(
        size_bytes=total_bytes,
        etag=answer.headers.get("ETag"),
        modified=answer.headers.get("Last-Modified"),
    )


def _total_bytes(answer: aiohttp.ClientResponse) -> int | None:
    """Read how long the whole picture is; None when that is not told."""
    if answer.status == 206:
        total = _TOTAL.fullmatch(answer.headers.get("Content-Range", ""))
        return int(total[1]) if total else None
    length = answer.headers.get("Content-Length", "")
    return int(length) if _LENGTH.fullmatch(length) else None


def _require_size(url: str, size_bytes: int) -> None:
    if size_bytes > PICTURE_BYTES_LIMIT:
        raise PictureRefused(
            PictureProblem(
                "picture-remote-too-big",
                msg(
                    "{name} has more than {limit} MB: link to a smaller one",
                    name=name_of(url),
                    limit=PICTURE_BYTES_LIMIT // 1_000_000,
                ),
            )
        )


def _judged(url: str, first: bytes, told: RemoteFacts) -> RemoteFacts:
    """Add what the first bytes say to what the head told."""
    header = header_of(first)
    if header is None:
        raise PictureRefused(
            PictureProblem(
                "picture-remote-format",
                msg(
                    "{name} is no PNG, JPEG or WebP picture, but {kind}: link to the picture"
                    " itself",
                    name=name_of(url),
                    kind=kind_of(first),
                ),
            )
        )
    if header.size is None:
        return replace(told, format=header.format)
    width, height = header.size
    _require_pixels(url, width, height)
    return replace(told, format=header.format, width=width, height=height)


def _require_pixels(url: str, width: int, height: int) -> None:
    if width * height > PICTURE_PIXELS_LIMIT:
        raise PictureRefused(
            PictureProblem(
                "picture-remote-too-big",
                msg(
                    "{name} has more than {limit} million pixels: link to a smaller one",
                    name=name_of(url),
                    limit=PICTURE_PIXELS_LIMIT // 1_000_000,
                ),
            )
        )
    if min(width, height) < LEAST_SIDE:
        raise PictureRefused(
            PictureProblem(
                "picture-remote-too-small",
                msg(
                    "{name} has {width}x{height} pixels, as a placeholder has: link to the picture"
                    " itself",
                    name=name_of(url),
                    width=width,
                    height=height,
                ),
            )
        )
