"""Asking for pictures: whom, how often at once, how long, and with what in hand."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from batchgen.catalogue.pictures.facts import PictureFacts, RemoteFacts
from batchgen.catalogue.pictures.probe import PictureProbe
from batchgen.catalogue.pictures.web import (
    AT_ONCE_A_HOST,
    PictureWeb,
    name_of,
    trusted_hosts,
)
from tests.catalogue.picture_server import HERE, SHORT, asking, code, hang, picture, picture_server

JPEG = picture()


async def test_no_answer_in_time_is_told(facts: PictureFacts) -> None:
    """Nothing waits for ever."""
    async with asking() as (server, asker):
        server.answers["/p"] = hang
        found = await PictureProbe(asker, facts, whole=True).look_at(server.url("/p"))
    assert found.problem is not None
    assert "no answer in time" in str(found.problem.message)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:1/p", "takes no connection"),
        ("https://127.0.0.1:{port}/p", "no valid certificate"),
    ],
)
async def test_what_keeps_a_host_away_is_told_in_words(
    facts: PictureFacts, url: str, words: str
) -> None:
    """A closed port, and a server that cannot speak TLS."""
    async with asking() as (server, asker):
        port = server.base.rpartition(":")[2]
        found = await PictureProbe(asker, facts).look_at(url.format(port=port))
    assert words in str(found.problem and found.problem.message)


async def test_redirects_are_followed_some_times(facts: PictureFacts) -> None:
    """Five are; a circle is not."""
    async with asking() as (server, asker):
        for hop in range(5):
            server.say(f"/{hop}", 302, Location=f"/{hop + 1}")
        server.serve("/5", JPEG)
        server.say("/circle", 301, Location="/circle")
        probe = PictureProbe(asker, facts)
        assert (await probe.look_at(server.url("/0"))).width == 640
        lost = await probe.look_at(server.url("/circle"))
    assert "leads in circles" in str(lost.problem and lost.problem.message)


@pytest.mark.parametrize("onward", ["file:///etc/passwd", "ftp://h/p", "http://[", "data:,x"])
async def test_a_redirect_out_of_the_web_is_not_followed(facts: PictureFacts, onward: str) -> None:
    """Only http and https lead to pictures."""
    async with asking() as (server, asker):
        url = server.say("/p", 302, Location=onward)
        found = await PictureProbe(asker, facts).look_at(url)
    assert "leads nowhere" in str(found.problem and found.problem.message)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "[::ffff:127.0.0.1]"]
)
async def test_this_machine_is_not_asked(facts: PictureFacts, host: str) -> None:
    """A catalogue must not reach what only this machine can."""
    async with picture_server() as server, PictureWeb(patience=SHORT) as asker:
        server.serve("/p", JPEG)
        port = server.base.rpartition(":")[2]
        found = await PictureProbe(asker, facts).look_at(f"http://{host}:{port}/p")
    assert (code(found), server.asked) == ("picture-remote-private", [])


async def test_a_redirect_to_this_machine_is_not_followed(facts: PictureFacts) -> None:
    """The host that the job names may not lead to others."""
    async with asking() as (server, asker):
        port = server.base.rpartition(":")[2]
        url = server.say("/p", 302, Location=f"http://localhost:{port}/secret")
        found = await PictureProbe(asker, facts).look_at(url)
    assert (code(found), ("GET", "/secret") in server.asked) == ("picture-remote-private", False)


async def test_a_question_carries_nothing_of_ours(facts: PictureFacts) -> None:
    """No cookie, no referrer, no key; and who asks is said."""
    async with asking() as (server, asker):
        probe = PictureProbe(asker, facts)
        await probe.look_at(server.serve("/p", JPEG, Set_Cookie="a=b"))
        await probe.look_at(server.serve("/q", JPEG))
    for headers in server.headers:
        assert not {"Cookie", "Referer", "Authorization"} & set(headers)
        assert "compatible; batchgen/" in headers["User-Agent"]


async def test_a_host_is_asked_for_few_pictures_at_once(facts: PictureFacts) -> None:
    """Forty pictures of one shop never meet more than four questions at a time."""
    found: list[str] = []
    four = asyncio.Barrier(AT_ONCE_A_HOST)

    async def answer(request: web.Request) -> web.StreamResponse:
        await four.wait()
        return web.Response(body=JPEG)

    async with asking() as (server, asker):
        urls = [server.url(f"/{number}") for number in range(40)]
        server.answers = dict.fromkeys((f"/{number}" for number in range(40)), answer)
        probe = PictureProbe(asker, facts, whole=True)
        await probe.look_at_all(urls, lambda url, facts: found.append(url))
    assert (sorted(found), server.most_alive) == (sorted(urls), AT_ONCE_A_HOST)


async def test_a_host_that_never_answers_is_given_up(facts: PictureFacts) -> None:
    """A hundred pictures of a dead shop do not cost a hundred waits."""
    problems: list[RemoteFacts] = []
    async with asking() as (server, asker):
        for number in range(100):
            server.answers[f"/{number}"] = hang
        probe = PictureProbe(asker, facts)
        await asyncio.wait_for(
            probe.look_at_all(
                (server.url(f"/{number}") for number in range(100)),
                lambda url, found: problems.append(found),
            ),
            timeout=20,
        )
    assert {code(found) for found in problems} == {"picture-remote-unreachable"}
    assert (len(problems), len(server.asked) < 20) == (100, True)


def test_a_name_holds_no_signature() -> None:
    """What stands behind the question mark may be a key."""
    assert name_of("https://cdn.example/a/b/cup.jpg?sign=secret#x") == "cdn.example/.../cup.jpg"
    assert name_of("https://cdn.example/cup.jpg") == "cdn.example/cup.jpg"


@pytest.mark.parametrize(
    ("base", "hosts"),
    [("http://10.0.0.5:8080/media/", {"10.0.0.5"}), ("photos/", set()), (None, set())],
)
def test_the_job_names_a_host(base: str | None, hosts: set[str]) -> None:
    """Only the host of `manifest.picture_base` may have a private address."""
    assert trusted_hosts(base) == hosts


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, id="a head without end"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n", id="no length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", id="bad chunks"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx", id="cut off"),
    ],
)
async def test_a_broken_server_is_a_trouble(facts: PictureFacts, answer: bytes) -> None:
    """Whatever it sends, the other pictures are looked at."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with PictureWeb(HERE, SHORT) as asker:
            found = await PictureProbe(asker, facts).look_at(f"http://127.0.0.1:{port}/p")
    assert code(found) == "picture-remote-unreachable"
