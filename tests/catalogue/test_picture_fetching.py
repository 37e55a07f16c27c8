"""Downloading pictures that only this machine may have: once, whole, and held to their limits."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from batchgen.catalogue.pictures.facts import PictureFacts
from batchgen.catalogue.pictures.fetching import PictureFetcher
from batchgen.catalogue.pictures.probe import PictureProbe
from batchgen.catalogue.pictures.store import PictureStore
from batchgen.clip import LocalPicture, RemotePicture
from batchgen.errors import InputError, PictureMoved
from tests.catalogue.picture_server import PictureServer, asking, picture

JPEG = picture()


@asynccontextmanager
async def fetching(
    facts: PictureFacts, folder: Path
) -> AsyncIterator[tuple[PictureServer, PictureFetcher]]:
    """Run a server, and who downloads from it into a folder."""
    async with asking() as (server, asker):
        yield server, PictureFetcher(asker, facts, PictureStore(folder / "kept"))


async def test_a_picture_becomes_a_file(facts: PictureFacts, tmp_path: Path) -> None:
    """It is measured and hashed as a local one, and keeps its name for people."""
    async with fetching(facts, tmp_path) as (server, fetcher):
        url = server.serve("/shop/red%20cup.jpg", JPEG)
        file = await fetcher.fetch(RemotePicture(url))
    sha256 = hashlib.sha256(JPEG).hexdigest()
    assert file == LocalPicture("red cup.jpg", file.path, sha256, "jpeg", 640, 480, len(JPEG))
    assert Path(file.path).read_bytes() == JPEG


async def test_many_clips_of_one_picture_download_it_once(
    facts: PictureFacts, tmp_path: Path
) -> None:
    """Those that ask meanwhile wait for the first."""
    async with fetching(facts, tmp_path) as (server, fetcher):
        remote = RemotePicture(server.serve("/p", JPEG))
        files = await asyncio.gather(*(fetcher.fetch(remote) for _ in range(8)))
        assert server.asked == [("GET", "/p")]
    assert len(set(files)) == 1


@pytest.mark.parametrize("etag", ['"1"', ""])
async def test_after_a_day_a_picture_is_asked_for_again(
    facts: PictureFacts, tmp_path: Path, etag: str
) -> None:
    """What the server knows to be the same is not sent again."""
    async with fetching(facts, tmp_path) as (server, fetcher):
        remote = RemotePicture(server.serve("/p", JPEG, ETag=etag))
        first = await fetcher.fetch(remote)
        with sqlite3.connect(tmp_path / "pictures.db") as connection:
            connection.execute("UPDATE remote_picture SET asked_at = asked_at - 172800")
        connection.close()
        assert await fetcher.fetch(remote) == first
        assert len(server.asked) == 2
        assert ("If-None-Match" in server.headers[-1]) is bool(etag)
        await fetcher.fetch(remote)
        assert len(server.asked) == 2


async def test_a_file_that_was_deleted_is_downloaded_anew(
    facts: PictureFacts, tmp_path: Path
) -> None:
    """The cache folder may be emptied at any time."""
    async with fetching(facts, tmp_path) as (server, fetcher):
        remote = RemotePicture(server.serve("/p", JPEG, ETag='"1"'))
        Path((await fetcher.fetch(remote)).path).unlink()
        assert Path((await fetcher.fetch(remote)).path).read_bytes() == JPEG


async def test_bytes_that_were_not_planned_are_not_sent(
    facts: PictureFacts, tmp_path: Path
) -> None:
    """Where pictures count by their bytes, others are another request."""
    async with fetching(facts, tmp_path) as (server, fetcher):
        url = server.serve("/p", JPEG)
        with pytest.raises(PictureMoved, match="changed since it was planned"):
            await fetcher.fetch(RemotePicture(url, sha256="ab" * 32))


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 404, r"is not there \(404\)"),
        (b"", 403, r"does not give it to strangers \(403\)"),
        (b"", 500, "its server answered 500"),
        (b"<html>Sold out</html>", 200, "is no PNG, JPEG or WebP picture"),
        (JPEG[: len(JPEG) // 2], 200, "cannot be read"),
        (picture("png")[:5000], 200, "cannot be read"),
    ],
)
async def test_what_cannot_be_sent_is_refused(
    facts: PictureFacts, tmp_path: Path, content: bytes, status: int, words: str
) -> None:
    """The reason is that of a probe, or that of a local picture."""
    async with fetching(facts, tmp_path) as (server, fetcher):
        url = server.serve("/p", content, status=status)
        with pytest.raises(InputError, match=words):
            await fetcher.fetch(RemotePicture(url))
    assert not list(tmp_path.glob("kept/*"))


async def test_a_download_that_is_cut_off_is_refused(facts: PictureFacts, tmp_path: Path) -> None:
    """A beginning is no picture, whatever its length was said to be."""

    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(JPEG))})
        await response.prepare(request)
        await response.write(JPEG[:1000])
        assert request.transport
        request.transport.close()
        return response

    async with fetching(facts, tmp_path) as (server, fetcher):
        server.answers["/p"] = cut
        with pytest.raises(InputError, match="cannot be had now"):
            await fetcher.fetch(RemotePicture(server.url("/p")))


async def test_what_lasts_is_asked_for_once(facts: PictureFacts, tmp_path: Path) -> None:
    """Ten variants of a product that is gone are one question; the next run asks again."""
    async with fetching(facts, tmp_path) as (server, fetcher):
        remote = RemotePicture(server.say("/p", 410))
        for _ in range(10):
            with pytest.raises(InputError, match="is not there"):
                await fetcher.fetch(remote)
        assert len(server.asked) == 1
    assert facts.seen(remote.url) is None


async def test_a_probe_knows_what_was_downloaded(facts: PictureFacts, tmp_path: Path) -> None:
    """Nothing is asked twice."""
    async with fetching(facts, tmp_path) as (server, fetcher):
        url = server.serve("/p", JPEG)
        file = await fetcher.fetch(RemotePicture(url))
        found = await PictureProbe(fetcher.web, facts, whole=True).look_at(url)
        assert (found.sha256, len(server.asked)) == (file.sha256, 1)


async def test_a_cache_that_takes_nothing_is_told(facts: PictureFacts, tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "kept").write_text("in the way")
    async with fetching(facts, tmp_path) as (server, fetcher):
        with pytest.raises(InputError, match="cannot be kept"):
            await fetcher.fetch(RemotePicture(server.serve("/p", JPEG)))
