"""Download one file from a result link, as if the link and its server were hostile.

    check the link ─► connect to a checked address ─► follow redirects by hand ─► check the answer
    ─► stream to disk, counting, hashing and watching the speed ─► fsync

What is cut goes on where it stopped if that is proven to be safe (see `resuming`); every hop is
checked again. Knows nothing of clips, of the API or of its key: no header but the usual ones is
ever sent. Links are signed, so they never enter a message, and library errors, which may quote
them, are not chained.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from yarl import URL

from batchgen.addresses import is_public
from batchgen.errors import BadFile, DownloadError, LinkDead
from batchgen.messages import Message, msg
from batchgen.output.resuming import PartFile, Promise, Received

_T = TypeVar("_T")

_DEAD = frozenset({403, 404, 410})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Answers to a request for the rest of a file that are not the whole file.
_OF_A_RANGE = frozenset({206, 416})
_MOST_REDIRECTS = 3
#: Further requests for a file that was cut, in one download.
_MOST_RESUMES = 3
#: Bytes of one file that may have come and not yet been looked at.
_WAITING_BYTES = 1024 * 1024
#: Steps on the disk at once: each may wait for a sync.
_THREADS = 16
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/xhtml")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how slowly a server may send, and in what pieces that goes to the disk."""

    most_bytes: int = 512 * 1024 * 1024
    #: Longest silence, also while connecting.
    silence_s: float = 30.0
    #: Fewer bytes than this in `speed_window_s` are given up.
    least_bytes_per_s: float = 8 * 1024
    speed_window_s: float = 60.0
    #: Gathered before it is hashed and written.
    block_bytes: int = 1024 * 1024


class AddressRefused(OSError):
    """A name leads to an address that may not be connected to."""


class SpeedFloor:
    """Notices a server that drips; times are seconds that never go back."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._window_s = limits.speed_window_s
        self._least_bytes = limits.least_bytes_per_s * limits.speed_window_s
        self._since = now
        self._bytes = 0

    def is_kept(self, size_bytes: int, now: float) -> bool:
        """Count bytes that came; tell False when the window that now ends had too few."""
        self._bytes += size_bytes
        if now - self._since < self._window_s:
            return True
        kept = self._bytes >= self._least_bytes
        self._since, self._bytes = now, 0
        return kept


class Downloader:
    """Downloads over one HTTP session: `async with Downloader(...) as downloader`.

    With `allow_loopback` (the API itself is on loopback) plain http to this machine is taken too;
    otherwise only https to public addresses.
    """

    def __init__(self, *, allow_loopback: bool = False, limits: Limits | None = None) -> None:
        self._allow_loopback = allow_loopback
        self._limits = limits or Limits()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        silence_s = self._limits.silence_s
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(socket_factory=self._open_socket),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=silence_s, sock_read=silence_s),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity", "User-Agent": "batchgen"},
            read_bufsize=_WAITING_BYTES,
        )
        self._threads = ThreadPoolExecutor(_THREADS, "disk")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._threads.shutdown(wait=False)

    async def download(self, link: str, target: Path) -> Received:
        """Stream the link's file to `target` (replacing it) and fsync it. May be cancelled.

        Whatever goes wrong, no file is left.

        Raises:
            LinkDead: 403, 404 or 410.
            BadFile: the answer is a page, compressed, too large, or not what was announced.
            DownloadError: the link is not allowed, or the network failed; again may help.
            OSError: the disk.
        """
        url = _parsed(link)
        part = PartFile(target, self._limits.block_bytes)
        try:
            await self._receive(url, part)
            return await self.on_disk(part.finish)
        finally:
            if part.is_open:
                await self.on_disk(part.close)

    async def on_disk(self, step: Callable[..., _T], *args: object) -> _T:
        """Run a step that blocks; when cancelled, wait for its end first, so that none overlap."""
        work = asyncio.get_running_loop().run_in_executor(self._threads, step, *args)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            raise

    async def _receive(self, url: URL, part: PartFile) -> None:
        """Receive the whole file; where it is cut, ask for the rest as long as more of it comes."""
        for _ in range(_MOST_RESUMES):
            had_bytes = part.size_bytes
            try:
                await self._ask(url, part)
            except (LinkDead, BadFile):
                raise
            except DownloadError:
                if part.size_bytes <= had_bytes or not part.rest:
                    raise
            if part.is_whole:
                return
        await self._ask(url, part)
        if not part.is_whole:
            raise _failed(url, msg("cut off"))

    async def _ask(self, url: URL, part: PartFile) -> None:
        """Ask once for what is missing, and take in what comes."""
        rest = part.rest
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                self._check_link(url)
                async with self._get(url, rest) as answer:
                    if answer.status not in _REDIRECTS:
                        await self._take_in(answer, part)
                        return
                    url = _redirected(url, answer)
        except (aiohttp.ClientError, TimeoutError, UnicodeError) as error:
            raise _failed(url, _reason(error)) from None
        raise DownloadError(msg("the result link of {host} leads in circles", host=url.host or "?"))

    def _get(
        self, url: URL, headers: dict[str, str]
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        if self._session is None:
            message = "Downloader is used outside of `async with`"
            raise RuntimeError(message)
        return self._session.get(url, headers=headers, allow_redirects=False)

    def _check_link(self, url: URL) -> None:
        is_local = self._allow_loopback and _names_loopback(url.host or "")
        if url.scheme != "https" and not (url.scheme == "http" and is_local):
            raise DownloadError(
                msg(
                    "the result link of {host} is not https: it is not followed",
                    host=url.host or "?",
                )
            )

    def _open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """Make the socket for one resolved address, after checking that very address."""
        family, kind, protocol, _, address = info
        host = str(address[0])
        if not (is_public(host) or (self._allow_loopback and _names_loopback(host))):
            message = f"{host} is not a public address"
            raise AddressRefused(message)
        return socket.socket(family=family, type=kind, proto=protocol)

    async def _take_in(self, answer: aiohttp.ClientResponse, part: PartFile) -> None:
        """Write what an answer holds: the missing rest, or the file from its start.

        A rest that is not proven to be of the same file is not read: all is forgotten.
        """
        if part.rest and answer.status in _OF_A_RANGE:
            if answer.status == 416 or not part.goes_on_with(answer.headers):
                part.forget()
                return
            self._check_kind(answer)
        else:
            self._check_status(answer)
            self._check_kind(answer)
            await self.on_disk(part.start, Promise.of(answer.headers))
        await self._fill(answer, part)

    @staticmethod
    def _check_status(answer: aiohttp.ClientResponse) -> None:
        host = answer.url.host or "?"
        if answer.status in _DEAD:
            raise LinkDead(
                msg("{host} says that the clip is gone ({status})", host=host, status=answer.status)
            )
        if answer.status != 200:
            raise DownloadError(
                msg(
                    "{host} answered {status}; `batchgen run` fetches the clip again, without"
                    " paying",
                    host=host,
                    status=answer.status,
                )
            )

    def _check_kind(self, answer: aiohttp.ClientResponse) -> None:
        """Judge by an answer's head whether it can be a clip."""
        host = answer.url.host or "?"
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise BadFile(msg("{host} sent a compressed file instead of a clip", host=host))
        if answer.content_type.startswith(_TEXT_TYPES):
            raise BadFile(
                msg("{host} sent a page ({kind})", host=host, kind=answer.content_type[:60])
            )
        self._check_size(answer.content_length or 0)

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > self._limits.most_bytes:
            limit = self._limits.most_bytes // (1024 * 1024)
            raise BadFile(msg("the file is larger than {limit} MiB", limit=limit))

    async def _fill(self, answer: aiohttp.ClientResponse, part: PartFile) -> None:
        now = asyncio.get_running_loop().time
        floor = SpeedFloor(self._limits, now())
        async for chunk in answer.content.iter_any():
            self._check_size(part.size_bytes + len(chunk))
            if part.take(chunk):
                await self.on_disk(part.flush)
            if not floor.is_kept(len(chunk), now()):
                raise DownloadError(
                    msg(
                        "{host} sends too slowly; `batchgen run` fetches the clip again,"
                        " without paying",
                        host=answer.url.host or "?",
                    )
                )


def _parsed(link: str) -> URL:
    try:
        return URL(link)
    except ValueError:
        raise DownloadError(msg("the provider's answer carries no usable link")) from None


def _redirected(url: URL, answer: aiohttp.ClientResponse) -> URL:
    try:
        return url.join(URL(answer.headers.get("Location", "")))
    except ValueError:
        raise DownloadError(msg("the provider's answer carries no usable link")) from None


def _failed(url: URL, reason: Message | str) -> DownloadError:
    return DownloadError(
        msg(
            "the download from {host} failed ({reason}); `batchgen run` fetches it again,"
            " without paying",
            host=url.host or "?",
            reason=reason,
        )
    )


def _names_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _reason(error: Exception) -> str:
    """Name an error without its text, which may quote the signed link."""
    cause = getattr(error, "os_error", None)
    return str(cause) if isinstance(cause, AddressRefused) else type(error).__name__
