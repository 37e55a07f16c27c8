"""The client of the BigModel video API over HTTP: sends a request once, asks for a task's state.

How one paid request travels: a fresh connection of its own, no redirect, no proxy from the
environment, no second try by any layer. What an answer means is decided in `provider.codes`;
here is only decided what a missing answer means: before a connection was handed over nothing
can have been bought, after that everything can.

It never raises for the network. Errors of aiohttp are told by their type alone, because their
texts hold the key and signed addresses.
"""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace, TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from aiolimiter import AsyncLimiter

from batchgen.clip import ClipRequest, TaskId
from batchgen.provider.base_urls import check_base_url
from batchgen.provider.codes import decide_poll, decide_submit
from batchgen.provider.key import Key
from batchgen.provider.parsing import (
    BODY_LIMIT_BYTES,
    Answer,
    Unreadable,
    http_date_s,
    is_task_id,
    unpacked,
)
from batchgen.provider.pictures.sending import sent_pictures
from batchgen.provider.port import (
    NotSent,
    PollReply,
    PollTrouble,
    Prepared,
    StopReason,
    SubmitReply,
    TaskUnknown,
    Uncertain,
)
from batchgen.provider.requests import encoded, submit_body
from batchgen.provider.tls import tls_context

#: The address of the API's name is kept for so long, and looked up anew when it does not answer.
_DNS_S = 600
#: The slowest upload that is still waited for; ours.
_UPLOAD_BYTES_PER_S = 64 * 1024
#: A timeout that comes later than this after its time was held up; then so long to read.
_HELD_S = 2.0
_TO_READ_S = 1.0
#: Everything by which an exchange can end without an answer.
_NO_ANSWER = (aiohttp.ClientError, HttpProcessingError, OSError, Unreadable)
#: Error type -> safe words for it; the first that fits is taken.
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (Unreadable, "the answer cannot be read"),
    (aiohttp.ClientConnectorDNSError, "the host name of the API was not found"),
    (aiohttp.ClientConnectorCertificateError, "the certificate of the API is not valid"),
    (aiohttp.ClientSSLError, "no secure connection to the API"),
    (aiohttp.ClientConnectorError, "no connection to the API"),
    (TimeoutError, "no answer in time"),
    (aiohttp.ServerDisconnectedError, "the connection was closed before the answer"),
    (aiohttp.ClientPayloadError, "the answer broke off"),
    (aiohttp.ClientResponseError, "the answer is no proper HTTP"),
    (HttpProcessingError, "the answer is no proper HTTP"),
    (OSError, "the connection broke off"),
)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long is waited, in seconds."""

    #: From nothing to a usable connection.
    connect_s: float = 10.0
    #: One submit in all, besides the time its body needs at 64 KiB/s.
    submit_s: float = 60.0
    #: One poll in all.
    poll_s: float = 20.0


_TIMEOUTS = Timeouts()


@dataclass(slots=True)
class _Sending:
    """What is known of one submit while it is under way."""

    connected: bool = False


class BigModelClient:
    """One account at BigModel, Z.ai or the simulator; use it with `async with`.

    `now` gives local UTC seconds. `max_per_second` is a ceiling for submits and polls together,
    without a burst at the start. Submits keep their distance from one another, but do not wait
    behind polls: the polls that follow do.

    Raises:
        SettingsError: the key may not be sent to `base_url`.
    """

    def __init__(
        self,
        base_url: str,
        key: Key,
        *,
        provider: str,
        max_per_second: float,
        now: Callable[[], float],
        timeouts: Timeouts = _TIMEOUTS,
    ) -> None:
        self._base_url = check_base_url(base_url, provider)
        self._key = key
        self._provider = provider
        self._pause_s = 1 / max_per_second
        self._now = now
        self._timeouts = timeouts
        self._clock_offset_s: float | None = None

    def __repr__(self) -> str:
        return f"BigModelClient({self._base_url})"

    async def __aenter__(self) -> Self:
        self._calls = AsyncLimiter(1, self._pause_s)
        self._turns = AsyncLimiter(1, self._pause_s)
        #: Submits that went ahead and have not yet been counted as calls.
        self._ahead = set[asyncio.Task[None]]()
        tls = tls_context() if self._base_url.startswith("https:") else True
        self._connectors = [_connector(tls, force_close=True), _connector(tls)]
        self._submits = self._session(self._connectors[0], trace_configs=[_connection_trace()])
        self._polls = self._session(self._connectors[1])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for counting in self._ahead:
            counting.cancel()
        await self._submits.close()
        await self._polls.close()

    @property
    def clock_offset_s(self) -> float | None:
        """The API's clock minus ours, in seconds, to the second; None before the first answer."""
        return self._clock_offset_s

    async def prepare(self, request: ClipRequest, request_id: str) -> Prepared:
        """Build the body; see `VideoProvider`."""
        return await asyncio.to_thread(_prepared, request, request_id)

    async def turn(self) -> None:
        """Wait for the turn of a submit; see `VideoProvider`."""
        await self._turns.acquire()
        counting = asyncio.create_task(self._calls.acquire())
        self._ahead.add(counting)
        counting.add_done_callback(self._ahead.discard)

    async def submit(self, prepared: Prepared) -> SubmitReply:
        """Send one paid request, once; see `VideoProvider`."""
        sending = _Sending()
        try:
            answer = await self._post(prepared.body, sending)
        except _NO_ANSWER as error:
            self._look_up_anew(error)
            return _unanswered(error, sending)
        reply: SubmitReply = self._without_key(decide_submit(answer, prepared.request_id))
        return reply

    async def poll(self, task_id: TaskId, request_id: str) -> PollReply:
        """Ask for a task's state; see `VideoProvider`."""
        if not is_task_id(task_id):
            return TaskUnknown("this cannot be a task id of the API")
        await self._calls.acquire()
        try:
            answer = await self._get(f"/async-result/{task_id}")
        except _NO_ANSWER as error:
            self._look_up_anew(error)
            return PollTrouble(_words_for(error), _stop_for(error))
        reply: PollReply = self._without_key(decide_poll(answer, request_id))
        return reply

    def _look_up_anew(self, error: Exception) -> None:
        """Forget the API's address when nobody can be reached there: it may have moved."""
        if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            for connector in self._connectors:
                connector.clear_dns_cache()

    def _without_key(self, reply: Any) -> Any:
        """Mask the key in the words that a reply took over from the answer."""
        text = getattr(reply, "text", None)
        return replace(reply, text=self._key.hide_in_text(text)) if text else reply

    async def _post(self, body: bytes, sending: _Sending) -> Answer:
        total_s = self._timeouts.submit_s + len(body) / _UPLOAD_BYTES_PER_S
        exchange = asyncio.ensure_future(self._exchange(body, sending))
        try:
            if not await _in_time(exchange, total_s):
                raise TimeoutError
            return exchange.result()
        finally:
            exchange.cancel()

    async def _exchange(self, body: bytes, sending: _Sending) -> Answer:
        response = await self._submits.post(
            f"{self._base_url}/videos/generations",
            # A file, so that a big body goes out in pieces and the loop is not held up.
            data=io.BytesIO(body),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, connect=self._timeouts.connect_s),
            trace_request_ctx=sending,
        )
        return await self._answer(response)

    async def _get(self, path: str) -> Answer:
        response = await self._polls.get(
            f"{self._base_url}{path}",
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                total=self._timeouts.poll_s, connect=self._timeouts.connect_s
            ),
        )
        return await self._answer(response)

    async def _answer(self, response: aiohttp.ClientResponse) -> Answer:
        try:
            body = unpacked(
                await _read_capped(response), response.headers.get("Content-Encoding", "")
            )
        finally:
            # Gives a fully read connection back and cuts any other.
            response.close()
        self._note_clock(response.headers.get("Date", ""))
        return Answer(
            status=response.status,
            body=self._key.hide_in(body),
            content_type=response.headers.get("Content-Type", ""),
            retry_after=response.headers.get("Retry-After", ""),
        )

    def _note_clock(self, date: str) -> None:
        if self._clock_offset_s is not None:
            return
        server_s = http_date_s(date)
        if server_s is not None:
            self._clock_offset_s = server_s - self._now()

    def _session(
        self,
        connector: aiohttp.TCPConnector,
        trace_configs: list[aiohttp.TraceConfig] | None = None,
    ) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            headers=self._headers(),
            # `unpacked` does it with a limit.
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            trace_configs=trace_configs,
        )

    def _headers(self) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {self._key.reveal()}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            # Word for word the official client's, on GET too.
            "Content-Type": "application/json; charset=UTF-8",
            "User-Agent": "batchgen",
        }
        if self._provider == "zai":
            # Sets the language of its messages (docs.z.ai API reference, read 2026-11-23).
            headers["Accept-Language"] = "en-US,en"
        return headers


def _prepared(request: ClipRequest, request_id: str) -> Prepared:
    return Prepared(request_id, encoded(submit_body(request, sent_pictures(request), request_id)))


def _connector(tls: ssl.SSLContext | bool, *, force_close: bool = False) -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(limit=0, force_close=force_close, ssl=tls, ttl_dns_cache=_DNS_S)


async def _read_capped(response: aiohttp.ClientResponse) -> bytes:
    """Read the body, but not much more than `BODY_LIMIT_BYTES` of it."""
    body = bytearray()
    while len(body) <= BODY_LIMIT_BYTES:
        chunk = await response.content.read(BODY_LIMIT_BYTES + 1 - len(body))
        if not chunk:
            break
        body += chunk
    return bytes(body)


async def _in_time(exchange: asyncio.Future[Answer], total_s: float) -> bool:
    """Wait for an exchange to end; tell whether it did.

    A process that was held meanwhile (SIGSTOP, a sleeping laptop) wakes with the time over and
    the answer already here, unread: it then gets a moment to be read.
    """
    now = asyncio.get_running_loop().time
    began_s = now()
    await asyncio.wait([exchange], timeout=total_s)
    if not exchange.done() and now() - began_s > total_s + _HELD_S:
        await asyncio.wait([exchange], timeout=_TO_READ_S)
    return exchange.done()


def _connection_trace() -> aiohttp.TraceConfig:
    """Make the hook that notes when a request got its connection."""

    async def note(
        session: aiohttp.ClientSession, context: SimpleNamespace, params: object
    ) -> None:
        context.trace_request_ctx.connected = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(note)
    trace.on_connection_reuseconn.append(note)
    return trace


def _unanswered(error: Exception, sending: _Sending) -> NotSent | Uncertain:
    if sending.connected:
        return Uncertain(_words_for(error))
    return NotSent(_words_for(error), _stop_for(error))


def _stop_for(error: Exception) -> StopReason | None:
    """Stop for what does not mend itself: a bad certificate."""
    is_certificate = isinstance(error, aiohttp.ClientConnectorCertificateError)
    return StopReason.ACCOUNT if is_certificate else None


def _words_for(error: Exception) -> str:
    """Tell an error by its type; its own text may hold the key or a signed address."""
    fitting = (words for kind, words in _WORDS if isinstance(error, kind))
    return next(fitting, "the exchange broke off")
