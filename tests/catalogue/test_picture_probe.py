"""Looking at pictures on the web: what is told of each, what is asked for it, and what is not."""

from __future__ import annotations

import gzip
import hashlib
import io
import sqlite3
from pathlib import Path

import pytest
from aiohttp import web
from PIL import Image

from batchgen.catalogue.pictures.facts import PictureFacts
from batchgen.catalogue.pictures.probe import FIRST_BYTES, PictureProbe
from batchgen.catalogue.pictures.web import (
    PictureWeb,
)
from tests.catalogue.picture_server import (
    HERE,
    asking,
    code,
    picture,
    picture_server,
)

JPEG = picture()


def turned() -> bytes:
    """Draw a picture that lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture(size=(640, 480), exif=exif)


@pytest.mark.parametrize(
    ("content", "kind", "size"),
    [
        pytest.param(JPEG, "jpeg", (640, 480), id="JPEG"),
        pytest.param(turned(), "jpeg", (480, 640), id="JPEG on its side"),
        pytest.param(picture("png", (900, 30)), "png", (900, 30), id="PNG"),
        pytest.param(picture("webp"), "webp", (640, 480), id="WebP"),
        pytest.param(picture("webp", lossless=True), "webp", (640, 480), id="WebP lossless"),
        pytest.param(picture("webp", exif=b"Exif\0\0"), "webp", (640, 480), id="WebP extended"),
    ],
)
async def test_a_picture_is_told_by_its_first_bytes(
    facts: PictureFacts, content: bytes, kind: str, size: tuple[int, int]
) -> None:
    """Format, upright size and length come from 64 KiB, whatever the server calls it."""
    assert len(content) > FIRST_BYTES / 8
    async with asking() as (server, asker):
        url = server.serve("/p", content, Content_Type="text/html")
        found = await PictureProbe(asker, facts).look_at(url)
    assert (found.format, found.width, found.height) == (kind, *size)
    assert (found.size_bytes, found.problem, found.sha256) == (len(content), None, None)
    assert server.asked == [("HEAD", "/p"), ("GET", "/p")]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, "picture-remote-gone"),
        (410, "picture-remote-gone"),
        (401, "picture-remote-refused"),
        (403, "picture-remote-refused"),
        (429, "picture-remote-unreachable"),
        (503, "picture-remote-unreachable"),
    ],
)
async def test_a_status_says_why_there_is_no_picture(
    facts: PictureFacts, status: int, expected: str
) -> None:
    """Gone, guarded and out of order are told apart."""
    async with asking() as (server, asker):
        found = await PictureProbe(asker, facts).look_at(server.say("/p", status))
    assert code(found) == expected


def gif() -> bytes:
    """Draw a GIF."""
    target = io.BytesIO()
    Image.new("RGB", (30, 30)).save(target, "gif")
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><title>Sold out</title>", "a web page"),
        (b"\n <html>", "a web page"),
        (b'<?xml version="1.0"?><!-- drawn --><svg xmlns="x">', "SVG"),
        (gif(), "GIF"),
        (b"\0\0\0\x20ftypavif\0\0\0\0", "AVIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"%PDF-1.7", "PDF"),
        (b"no picture at all", "something unknown"),
        (b"", "an empty file"),
    ],
)
async def test_what_is_no_picture_is_named(facts: PictureFacts, content: bytes, words: str) -> None:
    """A page with status 200 is the usual answer for a product that is no more."""
    async with asking() as (server, asker):
        found = await PictureProbe(asker, facts).look_at(server.serve("/p", content))
    assert code(found) == "picture-remote-format"
    assert found.problem is not None
    assert f"but {words}:" in str(found.problem.message)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (picture("png", (1, 1)), "picture-remote-too-small"),
        (picture("png", (640, 480))[:16] + b"\0\0\xff\xff\0\0\xff\xff" + b"\0" * 99, None),
    ],
)
async def test_pixels_are_held_to_limits(
    facts: PictureFacts, content: bytes, expected: str | None
) -> None:
    """A counting pixel is no product; a header that cannot be read is left to the provider."""
    async with asking() as (server, asker):
        found = await PictureProbe(asker, facts).look_at(server.serve("/p", content))
    assert code(found) == expected


async def test_a_file_of_many_pixels_is_too_big(facts: PictureFacts) -> None:
    """A plain picture of 64 million pixels has few bytes."""
    target = io.BytesIO()
    Image.new("1", (8000, 8000)).save(target, "png")
    async with asking() as (server, asker):
        url = server.serve("/p", target.getvalue())
        assert code(await PictureProbe(asker, facts).look_at(url)) == "picture-remote-too-big"


async def test_three_gigabytes_are_not_asked_for(facts: PictureFacts) -> None:
    """HEAD says enough."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(headers={"Content-Length": str(3 * 10**9)})

    async with asking() as (server, asker):
        server.answers["/p"] = answer
        assert code(await PictureProbe(asker, facts).look_at(server.url("/p"))) == (
            "picture-remote-too-big"
        )
    assert server.asked == [("HEAD", "/p")]


async def test_a_server_that_refuses_head_is_asked_on(facts: PictureFacts) -> None:
    """Addresses that are signed for GET alone are common."""
    async with asking() as (server, asker):
        url = server.serve("/p", JPEG)
        whole = server.answers["/p"]

        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(status=405) if request.method == "HEAD" else await whole(request)

        server.answers["/p"] = answer
        assert (await PictureProbe(asker, facts).look_at(url)).width == 640


@pytest.mark.parametrize("status", [200, 416])
async def test_a_server_without_ranges_is_asked_for_all(facts: PictureFacts, status: int) -> None:
    """Its beginning is read, and no more."""
    async with asking() as (server, asker):
        url = server.serve("/p", JPEG, Accept_Ranges="none")
        whole = server.answers["/p"]

        async def answer(request: web.Request) -> web.StreamResponse:
            refused = status == 416 and "Range" in request.headers
            return web.Response(status=416) if refused else await whole(request)

        server.answers["/p"] = answer
        found = await PictureProbe(asker, facts).look_at(url)
    assert (found.width, found.size_bytes) == (640, len(JPEG))


@pytest.mark.parametrize("is_picture", [True, False])
async def test_a_server_that_never_ends_is_left(facts: PictureFacts, is_picture: bool) -> None:
    """64 KiB are enough of any answer."""
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(JPEG if is_picture else b"no picture")
        while sent < 10**9:
            await response.write(bytes(100_000))
            sent += 100_000
        return response

    async with asking() as (server, asker):
        server.answers["/p"] = endless
        found = await PictureProbe(asker, facts).look_at(server.url("/p"))
    assert code(found) == (None if is_picture else "picture-remote-format")
    assert sent < 10**8


async def test_a_whole_picture_that_never_ends_is_too_big(facts: PictureFacts) -> None:
    """Even the hash is not read for ever."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(JPEG)
        for _ in range(100):
            await response.write(bytes(1_000_000))
        return response

    async with picture_server() as server, PictureWeb(HERE) as asker:
        server.answers["/p"] = endless
        found = await PictureProbe(asker, facts, whole=True).look_at(server.url("/p"))
    assert code(found) == "picture-remote-too-big"


@pytest.mark.parametrize("encoding", ["gzip", "br"])
async def test_a_compressed_answer_is_not_unpacked(facts: PictureFacts, encoding: str) -> None:
    """A few kilobytes may be gigabytes unpacked."""
    bomb = gzip.compress(bytes(10_000_000))

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=bomb, headers={"Content-Encoding": encoding})

    async with asking() as (server, asker):
        server.answers["/p"] = answer
        found = await PictureProbe(asker, facts).look_at(server.url("/p"))
    assert code(found) == "picture-remote-format"
    assert {headers["Accept-Encoding"] for headers in server.headers} == {"identity"}


async def test_a_second_probe_within_a_day_asks_nothing(facts: PictureFacts) -> None:
    """What was found is told again."""
    async with asking() as (server, asker):
        probe = PictureProbe(asker, facts)
        url = server.serve("/p", JPEG)
        first = await probe.look_at(url)
        assert await probe.look_at(url) == first
    assert len(server.asked) == 2


async def test_what_was_wrong_is_asked_for_again(facts: PictureFacts) -> None:
    """The shop may have mended it."""
    async with asking() as (server, asker):
        probe = PictureProbe(asker, facts)
        url = server.say("/p", 404)
        assert code(await probe.look_at(url)) == "picture-remote-gone"
        server.serve("/p", JPEG)
        assert code(await probe.look_at(url)) is None


async def test_a_passing_trouble_leaves_what_is_known(facts: PictureFacts) -> None:
    """A server that is down tonight does not hold back what it had yesterday."""
    async with asking() as (server, asker):
        url = server.serve("/p", JPEG)
        await PictureProbe(asker, facts).look_at(url)
        server.say("/p", 503)
        assert code(await PictureProbe(asker, facts, whole=True).look_at(url))
    known = facts.seen(url)
    assert known is not None
    assert (known.width, known.problem) == (640, None)


def grown_old(place: Path) -> None:
    """Let two days go by since everything that is remembered was found."""
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE remote_picture SET asked_at = asked_at - 172800")
    connection.close()


@pytest.mark.parametrize(
    ("etag", "asked"), [('"1"', ["HEAD"]), ("", ["GET"])], ids=["ETag", "no ETag"]
)
async def test_after_a_day_only_what_changed_is_read(
    tmp_path: Path, facts: PictureFacts, etag: str, asked: list[str]
) -> None:
    """A server that knows its pictures again is asked one short question."""
    async with asking() as (server, asker):
        url = server.serve("/p", JPEG, ETag=etag)
        probe = PictureProbe(asker, facts)
        await probe.look_at(url)
        grown_old(tmp_path / "pictures.db")
        server.asked.clear()
        assert (await probe.look_at(url)).width == 640
        again = facts.seen(url)
    assert [method for method, _ in server.asked] == asked
    assert again is not None
    assert again.is_fresh


async def test_bytes_are_hashed_where_they_count(facts: PictureFacts) -> None:
    """A picture whose header alone was seen is read again, for its hash."""
    async with asking() as (server, asker):
        url = server.serve("/p", JPEG)
        assert (await PictureProbe(asker, facts).look_at(url)).sha256 is None
        found = await PictureProbe(asker, facts, whole=True).look_at(url)
    assert found.sha256 == hashlib.sha256(JPEG).hexdigest()
    assert (found.width, found.size_bytes) == (640, len(JPEG))
