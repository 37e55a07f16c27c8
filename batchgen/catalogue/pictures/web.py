"""Asks servers for pictures, as if the catalogue and the servers were hostile.

    take a turn at the host ─► connect to a checked address ─► follow redirects by hand ─► take
    the answer in, within the time

A catalogue must not make this machine ask its own network: only public addresses are connected
to, save those of the hosts that the job itself names (`manifest.picture_base`). No key, cookie or
referrer is ever sent. Knows neither rows nor what a picture is.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from batchgen.addresses import is_public
from batchgen.catalogue.pictures.facts import PictureProblem
from batchgen.messages import Message, msg

_T = TypeVar("_T")

#: Errors of aiohttp, the special ones before the general -> what they say.
_REASONS = (
    (TimeoutError, msg("no answer in time")),
    (aiohttp.ClientConnectorDNSError, msg("nobody knows its host")),
    (aiohttp.ClientSSLError, msg("its host has no valid certificate")),
    (aiohttp.ClientConnectorError, msg("its host takes no connection")),
)
_GONE = frozenset({404, 410})
_REFUSED = frozenset({401, 402, 403, 407, 451})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
#: Pictures that are asked for at once, in all and of one host.
AT_ONCE = 16
AT_ONCE_A_HOST = 4
#: A host that was not reached so often in a row is not asked again.
_GIVE_UP = 8
#: Bytes of one answer that may have come and not yet been looked at.
_WAITING_BYTES = 64 * 1024
#: Codes of problems that may be over soon, or that only this machine has.
PASSING = frozenset(
    {"picture-remote-refused", "picture-remote-unreachable", "picture-remote-private"}
)


class PictureRefused(Exception):
    """A picture on the web cannot be used."""

    def __init__(self, problem: PictureProblem) -> None:
        super().__init__(str(problem.message))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, in seconds."""

    #: Longest silence, also while connecting.
    silence_s: float = 15.0
    #: For one answer in all.
    answer_s: float = 60.0


class PictureWeb:
    """Asks over HTTP: `async with PictureWeb(...) as web`.

    `trusted_hosts` may have any address; all others must be public.
    """

    def __init__(
        self, trusted_hosts: frozenset[str] = frozenset(), patience: Patience | None = None
    ) -> None:
        self._trusted_hosts = trusted_hosts
        self._patience = patience or Patience()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._turns_of = defaultdict[str, asyncio.Semaphore](
            lambda: asyncio.Semaphore(AT_ONCE_A_HOST)
        )
        #: Host -> how often in a row it was not reached.
        self._missed = Counter[str]()

    async def __aenter__(self) -> Self:
        self._public = self._session(_public_socket)
        self._any = self._session(None)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._public.close()
        await self._any.close()

    async def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        take: Callable[[aiohttp.ClientResponse], Awaitable[_T]],
    ) -> _T:
        """Ask for a picture and give what `take` makes of the answer. May be cancelled.

        `take` sees any answer but a redirect, and need not read it to its end.

        Raises:
            PictureRefused: there is no answer, or `take` raised it.
        """
        target = _parsed(url)
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                async with self._turn(target), asyncio.timeout(self._patience.answer_s):
                    answer = await self._session_for(target).request(
                        method, target, headers=headers, allow_redirects=False
                    )
                    try:
                        self._missed.pop(target.host or "", None)
                        if answer.status not in _REDIRECTS:
                            return await take(answer)
                        target = _redirected(target, answer)
                    finally:
                        answer.close()  # one that was read to its end keeps its connection
        except (aiohttp.ClientError, HttpProcessingError, OSError, UnicodeError) as error:
            self._missed[target.host or ""] += 1
            raise _unreached(url, error) from None
        raise _unreachable(url, msg("it leads in circles"))

    @asynccontextmanager
    async def _turn(self, target: URL) -> AsyncIterator[None]:
        host = target.host or ""
        async with self._turns_of[host], self._turns:
            if self._missed[host] >= _GIVE_UP:
                raise _unreachable(str(target), msg("its host could not be reached several times"))
            yield

    def _session(
        self, open_socket: Callable[[tuple[Any, ...]], socket.socket] | None
    ) -> aiohttp.ClientSession:
        silence_s = self._patience.silence_s
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, socket_factory=open_socket),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=silence_s, sock_read=silence_s),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                # What guards pictures against other sites lets browsers pass that tell no referrer.
                "User-Agent": f"Mozilla/5.0 (compatible; batchgen/{version('batchgen')})",
                # Servers that choose a format by it shall choose one that the API takes.
                "Accept": "image/jpeg,image/png,image/webp,*/*;q=0.1",
                "Accept-Encoding": "identity",
            },
            read_bufsize=_WAITING_BYTES,
        )

    def _session_for(self, target: URL) -> aiohttp.ClientSession:
        return self._any if target.host in self._trusted_hosts else self._public


def trusted_hosts(picture_base: str | None) -> frozenset[str]:
    """Give the host that a job names as the place of its pictures."""
    host = urlsplit(picture_base or "").hostname
    return frozenset({host} if host else ())


def name_of(url: str) -> str:
    """Name a picture for people: host and file, without what may be a signature."""
    parts = urlsplit(url)
    *folders, file = parts.path.split("/")
    between = "/.../" if len(folders) > 1 else "/"
    return f"{parts.hostname or '?'}{between}{file}"


def require_answer(url: str, status: int, allowed: frozenset[int]) -> None:
    """Refuse an answer that is no picture by its status.

    Raises:
        PictureRefused: it is none of the allowed.
    """
    if status in allowed:
        return
    name = name_of(url)
    if status in _GONE:
        raise PictureRefused(
            PictureProblem(
                "picture-remote-gone",
                msg("{name} is not there ({status}): correct the link", name=name, status=status),
            )
        )
    if status in _REFUSED:
        raise PictureRefused(
            PictureProblem(
                "picture-remote-refused",
                msg(
                    "the server of {name} does not give it to strangers ({status}):"
                    " with manifest.fetch: true it is downloaded here; if that is refused too, save"
                    " it in a folder and name the file",
                    name=name,
                    status=status,
                ),
            )
        )
    raise _unreachable(url, msg("its server answered {status}", status=status))


class _AddressRefused(OSError):
    """A name leads to an address that may not be connected to."""


def _public_socket(info: tuple[Any, ...]) -> socket.socket:
    """Make the socket for one resolved address, after checking that very address."""
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        # The same words for every address, so that several of them are still this one error.
        message = "not a public address"
        raise _AddressRefused(message)
    return socket.socket(family=family, type=kind, proto=protocol)


def _parsed(url: str) -> URL:
    try:
        return URL(url)
    except ValueError:
        raise _unreachable(url, msg("it is no whole URL")) from None


def _redirected(target: URL, answer: aiohttp.ClientResponse) -> URL:
    """Give where a redirect leads; a name and password in it are dropped."""
    try:
        onward = target.join(URL(answer.headers.get("Location", ""))).with_user(None)
    except ValueError:
        raise _unreachable(str(target), msg("it leads nowhere")) from None
    if onward.scheme not in {"http", "https"} or not onward.host:
        raise _unreachable(str(target), msg("it leads nowhere"))
    return onward


def _unreached(url: str, error: Exception) -> PictureRefused:
    """Word an error without its text, which may quote a signed link."""
    if isinstance(getattr(error, "os_error", None), _AddressRefused):
        return PictureRefused(
            PictureProblem(
                "picture-remote-private",
                msg(
                    "{name} leads to an address inside a private network, which is not asked:"
                    " save the picture in a folder and name the file, or name its host in"
                    " manifest.picture_base",
                    name=name_of(url),
                ),
            )
        )
    reason = next((words for kind, words in _REASONS if isinstance(error, kind)), None)
    return _unreachable(url, reason or type(error).__name__)


def _unreachable(url: str, reason: Message | str) -> PictureRefused:
    return PictureRefused(
        PictureProblem(
            "picture-remote-unreachable",
            msg(
                "{name} cannot be had now ({reason}): try again later, or correct the link",
                name=name_of(url),
                reason=reason,
            ),
        )
    )
