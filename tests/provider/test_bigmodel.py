"""The client over real loopback connections: what is bought, what is not, what is in doubt."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import hashlib
import json
import re
import socket
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from batchgen.clip import LocalPicture, TaskId
from batchgen.errors import PictureMoved, SettingsError
from batchgen.provider.base_urls import API_PATH
from batchgen.provider.bigmodel import Timeouts
from batchgen.provider.port import (
    Accepted,
    NotSent,
    PollTrouble,
    Prepared,
    Reaction,
    Refused,
    StopReason,
    SubmitReply,
    TaskSucceeded,
    TaskUnknown,
    Uncertain,
    VideoProvider,
)
from tests.provider.provider_server import (
    CANARY,
    PREPARED,
    Answering,
    a_request,
    always,
    client_for,
    raw_serving,
    serving,
)

SHORT = Timeouts(connect_s=0.3, submit_s=0.3, poll_s=0.3)
TASK = TaskId("7")
ACCEPTED = {"id": "7", "request_id": "req-1", "model": "vidu2-image", "task_status": "PROCESSING"}


def closed_port() -> int:
    """Find a port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def submit_to(base_url: str, timeouts: Timeouts | None = None) -> SubmitReply:
    """Submit once with a client of its own."""
    async with client_for(base_url, timeouts=timeouts) as client:
        provider: VideoProvider = client
        return await provider.submit(PREPARED)


async def test_accepted_submit_gives_the_task_id() -> None:
    """One POST with our body, our key and JSON headers buys one task."""
    async with serving(always(ACCEPTED)) as api:
        assert await submit_to(api.base_url) == Accepted(TASK)
    (sent,) = api.received
    assert (sent.method, sent.path) == ("POST", f"{API_PATH}/videos/generations")
    assert sent.body == json.loads(PREPARED.body)
    assert sent.headers["Authorization"] == f"Bearer {CANARY}"
    assert "Accept-Language" not in sent.headers


@pytest.mark.parametrize(
    ("status", "code", "reply"),
    [
        (429, "1302", Refused("1302", "wait", Reaction.HOLD, None, 7.0)),
        (429, "1113", Refused("1113", "wait", Reaction.STOP_RUN, StopReason.BALANCE, 7.0)),
        (200, "1305", Refused("1305", "wait", Reaction.RETRY, None, 7.0)),
        (500, "1230", Uncertain("HTTP 500: wait", "1230")),
    ],
)
async def test_coded_answer_is_judged_by_its_code(
    status: int, code: str, reply: SubmitReply
) -> None:
    """The body's code and the Retry-After header arrive in the reply, after a single POST."""
    body = {"error": {"code": code, "message": "wait"}}
    async with serving(always(body, status=status, headers={"Retry-After": "7"})) as api:
        assert await submit_to(api.base_url) == reply
    assert len(api.received) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirected_submit_is_not_followed(status: int) -> None:
    """A redirect is never followed with a paid request: it leaves doubt and stops the run."""
    answering = always({}, status=status, headers={"Location": "/elsewhere"})
    async with serving(answering) as api:
        reply = await submit_to(api.base_url)
    assert isinstance(reply, Uncertain)
    assert reply.stop is StopReason.ACCOUNT
    assert [sent.path for sent in api.received] == [f"{API_PATH}/videos/generations"]


@pytest.mark.parametrize(
    "answering",
    [
        always(b"<html>Log in</html>", headers={"Content-Type": "text/html"}),
        always(b"{garbage"),
        always({**ACCEPTED, "request_id": "another"}),
        always(gzip.compress(b" " * 32 * 1024 * 1024), headers={"Content-Encoding": "gzip"}),
        always(b"{}", headers={"Content-Encoding": "br"}),
        always(json.dumps(ACCEPTED).encode() + b" " * 2 * 1024 * 1024),
    ],
    ids=["html", "garbage", "echo", "bomb", "packed", "endless"],
)
async def test_complete_but_senseless_answer_is_doubt(answering: Answering) -> None:
    """An answer that cannot be believed leaves the purchase in doubt."""
    async with serving(answering) as api:
        assert isinstance(await submit_to(api.base_url), Uncertain)
    assert len(api.received) == 1


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Ty",
        b"\x16\x03\x01 not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "half-head", "no-http", "half-body", "length", "chunk", "long-head"],
)
@pytest.mark.parametrize("reset", [False, True])
async def test_broken_exchange_is_doubt(reply: bytes, reset: bool) -> None:
    """However the answer breaks off: one connection, and the purchase is in doubt."""
    async with raw_serving(reply, reset=reset) as raw:
        outcome = await submit_to(f"http://127.0.0.1:{raw.port}{API_PATH}")
    assert isinstance(outcome, Uncertain)
    assert re.fullmatch(r"the (answer|connection|exchange) [a-z ]+( HTTP)?", outcome.text)
    assert raw.connections == 1


async def test_silent_server_is_doubt() -> None:
    """No answer in time leaves the purchase in doubt."""
    async with raw_serving(None) as raw:
        outcome = await submit_to(f"http://127.0.0.1:{raw.port}{API_PATH}", SHORT)
    assert outcome == Uncertain("no answer in time")


async def test_refused_connection_is_not_sent() -> None:
    """Where nobody listens nothing was bought."""
    reply = await submit_to(f"http://127.0.0.1:{closed_port()}{API_PATH}")
    assert reply == NotSent("no connection to the API")


async def test_server_without_tls_is_not_sent() -> None:
    """A handshake that fails comes before the request."""
    async with serving(always(ACCEPTED)) as api:
        reply = await submit_to(api.base_url.replace("http:", "https:"))
    assert isinstance(reply, NotSent)
    assert reply.stop is None


async def test_handshake_that_hangs_is_not_sent() -> None:
    """A connection that is not usable in time carried no request."""
    async with raw_serving(None) as raw:
        reply = await submit_to(f"https://127.0.0.1:{raw.port}{API_PATH}", SHORT)
    assert isinstance(reply, NotSent)
    assert not raw.asked.is_set()


async def test_bad_certificate_is_not_sent_and_stops() -> None:
    """A certificate that nobody vouches for gets no key and ends the run."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(Path(__file__).with_name("self_signed.pem"))
    async with raw_serving(b"", tls=tls) as raw:
        base_url = f"https://localhost:{raw.port}{API_PATH}"
        reply = await submit_to(base_url)
        async with client_for(base_url) as client:
            trouble = await client.poll(TASK, "req-1")
    words = "the certificate of the API is not valid"
    assert reply == NotSent(words, StopReason.ACCOUNT)
    assert trouble == PollTrouble(words, StopReason.ACCOUNT)
    assert not raw.asked.is_set()


async def test_each_submit_has_its_own_connection() -> None:
    """A stale kept connection can never be what loses a paid request."""
    ports = set()

    async def answering(request: web.Request) -> web.Response:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername")[1])
        return web.json_response(ACCEPTED)

    async with serving(answering) as api, client_for(api.base_url) as client:
        for _ in range(3):
            await client.submit(PREPARED)
    assert len(ports) == 3


async def test_cancelled_submit_is_cancelled() -> None:
    """Cancelling is the runner's business and is not turned into a reply."""
    async with (
        raw_serving(None) as raw,
        client_for(f"http://127.0.0.1:{raw.port}{API_PATH}") as client,
    ):
        submitting = asyncio.create_task(client.submit(PREPARED))
        await raw.asked.wait()
        submitting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await submitting


async def test_big_body_gets_its_upload_time() -> None:
    """The time for a submit grows with its body, so that a slow line causes no doubt."""
    release = asyncio.Event()

    async def answering(request: web.Request) -> web.Response:
        await release.wait()
        return web.json_response(ACCEPTED)

    body = json.dumps({"image_url": "a" * 1024 * 1024}).encode()
    async with serving(answering) as api, client_for(api.base_url, timeouts=SHORT) as client:
        small = await client.submit(PREPARED)
        submitting = asyncio.create_task(client.submit(Prepared("req-1", body)))
        another_small = await client.submit(PREPARED)
        release.set()
        assert isinstance(small, Uncertain)
        assert isinstance(another_small, Uncertain)
        assert await submitting == Accepted(TASK)


async def test_poll_tells_the_state() -> None:
    """A poll is a GET with the id in the path."""
    link = "https://files.example/7.mp4"
    body = {"task_status": "SUCCESS", "video_result": [{"url": link}], "request_id": "req-1"}
    async with serving(always(body)) as api, client_for(api.base_url) as client:
        assert await client.poll(TASK, "req-1") == TaskSucceeded(link)
    assert [(sent.method, sent.path) for sent in api.received] == [
        ("GET", f"{API_PATH}/async-result/7")
    ]


async def test_poll_of_an_impossible_id_is_not_sent() -> None:
    """An id that a person typed cannot reach another address."""
    async with serving(always({})) as api, client_for(api.base_url) as client:
        assert isinstance(await client.poll(TaskId("../files/7"), "r"), TaskUnknown)
    assert api.received == []


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\n", None])
async def test_poll_without_an_answer_is_trouble(reply: bytes | None) -> None:
    """A poll that breaks off changes nothing."""
    async with (
        raw_serving(reply) as raw,
        client_for(f"http://127.0.0.1:{raw.port}{API_PATH}", timeouts=SHORT) as client,
    ):
        outcome = await client.poll(TASK, "req-1")
    assert isinstance(outcome, PollTrouble)
    assert outcome.stop is None


@pytest.mark.parametrize("first", ["poll", "turn"])
@pytest.mark.parametrize("second", ["poll", "turn"])
async def test_calls_do_not_start_in_a_burst(first: str, second: str) -> None:
    """At one call in 1,000 s the second one waits; only a submit goes ahead of a poll, once."""
    async with (
        serving(always({"task_status": "PROCESSING"})) as api,
        client_for(api.base_url, max_per_second=0.001) as client,
    ):
        calls = {"poll": lambda: client.poll(TASK, "req-1"), "turn": client.turn}
        await calls[first]()
        is_ahead = (first, second) == ("poll", "turn")
        with contextlib.nullcontext() if is_ahead else pytest.raises(TimeoutError):
            await asyncio.wait_for(calls[second](), 0.05)
    assert len(api.received) == (first == "poll")


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Note each host name that is looked up."""
    hosts: list[Any] = []
    look_up = socket.getaddrinfo

    def noted(host: Any, *args: Any, **kwargs: Any) -> Any:
        hosts.append(host)
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    return hosts


async def test_the_api_is_looked_up_once(looked_up: list[Any]) -> None:
    """Once for submits and once for polls, and anew when nobody can be reached."""
    async with serving(always(ACCEPTED)) as api:
        looked_up.clear()
        async with client_for(api.base_url.replace("127.0.0.1", "localhost")) as client:
            for _ in range(3):
                await client.submit(PREPARED)
                await client.poll(TASK, "req-1")
    assert looked_up == ["localhost"] * 2


async def test_an_api_that_is_not_reached_is_looked_up_anew(looked_up: list[Any]) -> None:
    """Its address may have changed: each refused connection is followed by a fresh look-up."""
    async with client_for(f"http://localhost:{closed_port()}{API_PATH}") as client:
        for _ in range(3):
            await client.submit(PREPARED)
    assert looked_up == ["localhost"] * 3


async def test_clock_offset_is_that_of_the_first_answer() -> None:
    """The Date header tells how far our clock is off; our clock stands at 1,000,000."""
    headers = {"Date": "Mon, 12 Jan 1970 13:47:40 GMT"}  # 1,000,060
    async with (
        serving(always(ACCEPTED, headers=headers)) as api,
        client_for(api.base_url) as client,
    ):
        assert client.clock_offset_s is None
        await client.poll(TASK, "req-1")
        assert client.clock_offset_s == 60.0


async def test_zai_is_asked_for_english_words() -> None:
    """Z.ai chooses the language of its messages by a header."""
    async with (
        serving(always(ACCEPTED)) as api,
        client_for(api.base_url, provider="zai") as client,
    ):
        await client.submit(PREPARED)
    assert api.received[0].headers["Accept-Language"] == "en-US,en"


async def test_environment_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key never goes to a proxy that a variable names."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    async with serving(always(ACCEPTED)) as api:
        assert await submit_to(api.base_url) == Accepted(TASK)


async def test_key_is_in_no_reply() -> None:
    """Neither quoted by the server, nor in the text of an error, nor in the client's repr."""
    quoting = always({"error": {"code": "1002", "message": f"bad {CANARY}"}}, status=401)
    async with serving(quoting) as api, client_for(api.base_url) as client:
        shown = [repr(client), str(client)]
        shown += [repr(await client.submit(PREPARED)), repr(await client.poll(TASK, "r"))]
    for reply in (b"", b"garbage", b"HTTP/1.1 200 OK\r\n"):
        async with raw_serving(reply) as raw:
            shown.append(repr(await submit_to(f"http://127.0.0.1:{raw.port}{API_PATH}")))
    assert CANARY not in " ".join(shown)


def test_client_refuses_an_address_that_may_not_get_the_key() -> None:
    """The address is checked before anything could be sent there."""
    with pytest.raises(SettingsError):
        client_for("http://api.example/api/paas/v4")


async def test_prepare_encodes_local_pictures(tmp_path: Path) -> None:
    """A file goes out as a data URL, an address as it is."""
    path = tmp_path / "cup.png"
    Image.new("RGB", (40, 30), "teal").save(path)
    content = path.read_bytes()
    picture = LocalPicture(
        "cup.png",
        str(path),
        hashlib.sha256(content).hexdigest(),
        "png",
        40,
        30,
        len(content),
    )
    request = a_request("vidu2-start-end", 1)
    request = replace(request, pictures=(picture, *request.pictures))
    async with client_for(f"http://127.0.0.1:9{API_PATH}") as client:
        prepared = await client.prepare(request, "req-1")
    body = json.loads(prepared.body)
    url = "data:image/png;base64," + base64.b64encode(content).decode()
    assert body["image_url"] == [url, "https://shop.example/0.jpg"]
    assert prepared.request_id == body["request_id"] == "req-1"


async def test_prepare_refuses_a_picture_that_moved(tmp_path: Path) -> None:
    """Nothing is sent for a picture that is not the planned one."""
    picture = LocalPicture("cup.png", str(tmp_path / "cup.png"), "0" * 64, "png", 1, 1, 1)
    async with client_for(f"http://127.0.0.1:9{API_PATH}") as client:
        with pytest.raises(PictureMoved):
            await client.prepare(replace(a_request(), pictures=(picture,)), "req-1")
