"""Transfers that are cut: what goes on, what starts again, and that the file is the source's."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web

from batchgen.errors import BadFile, DownloadError, LinkDead
from batchgen.output.download import Downloader, Limits
from batchgen.output.resuming import PartFile, Promise

BODY = bytes(range(256)) * 400
OTHER = BODY[::-1]
LONG = BODY * 100
LENGTH = len(BODY)
CUT_AT = 40_000
TAG = '"one"'
#: More than the bytes that a file object keeps to itself.
UNFLUSHED = 9000


@dataclass
class Reply:
    """One answer of the server; `{start}` in a header is the first byte that was asked for."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"ETag": TAG})
    #: The body is what of this follows the byte that was asked for, and so many bytes more.
    of: bytes = BODY
    shift: int = 0
    #: The connection breaks after so many bytes of the body.
    cut_at: int | None = None


def rest_of(body: bytes, shift: int = 0, cut_at: int | None = None, **headers: str) -> Reply:
    """Answer with the rest of a body, from the byte that was asked for, shifted."""
    told = {"Content-Range": f"bytes {{start}}-{len(body) - 1}/{len(body)}", "ETag": TAG}
    told |= {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(206, told, body, shift, cut_at)


#: The usual beginning: a whole file with a strong tag, cut on its way.
CUT = Reply(cut_at=CUT_AT)


@dataclass
class Store:
    """A server that gives one answer after the other; the last one stands."""

    replies: list[Reply]
    #: Where the client writes.
    part: Path
    asked: list[Mapping[str, str]] = field(default_factory=list)
    #: The byte that each request asked for first.
    starts: list[int] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Give the next answer."""
        self.asked.append(request.headers)
        start = int(request.headers.get("Range", "bytes=0-")[len("bytes=") : -1])
        self.starts.append(start)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        first = start + reply.shift if reply.status != 200 else 0
        headers = {name: text.format(start=first) for name, text in reply.headers.items()}
        body = reply.of[first:]
        response = web.StreamResponse(status=reply.status, headers=headers)
        response.content_type = "video/mp4"
        response.content_length = len(body)
        await response.prepare(request)
        await response.write(body[: reply.cut_at])
        if reply.cut_at is not None and request.transport is not None:
            while reply.cut_at and not self._has(reply, first):  # noqa: ASYNC110 - a thread writes
                await asyncio.sleep(0)
            request.transport.close()
        return response

    def _has(self, reply: Reply, first: int) -> bool:
        """Tell whether nearly all of a cut body is on disk: what was not read is lost then."""
        content = self.part.read_bytes() if self.part.exists() else b""
        last = first + (reply.cut_at or 0) - UNFLUSHED
        return len(content) > last and content[first] == reply.of[first]


@asynccontextmanager
async def serving(folder: Path, *replies: Reply) -> AsyncIterator[tuple[Store, str]]:
    """Serve the answers on loopback to a client that writes into a folder; give the link, too."""
    store = Store(list(replies), folder / "x.part")
    app = web.Application()
    app.router.add_get("/clip.mp4", store.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield store, f"http://127.0.0.1:{runner.addresses[0][1]}/clip.mp4?signature=canary"
    finally:
        await runner.cleanup()


async def download(link: str, folder: Path, limits: Limits | None = None) -> bytes:
    """Download, and give the bytes on disk; their hash and length are those that were told."""
    limits = limits or Limits(block_bytes=1)
    async with Downloader(allow_loopback=True, limits=limits) as downloader:
        received = await downloader.download(link, folder / "x.part")
    content = (folder / "x.part").read_bytes()
    assert received.sha256 == hashlib.sha256(content).hexdigest()
    assert received.size_bytes == len(content)
    return content


async def test_a_cut_file_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Only the rest is asked for, under the condition that the file is still the same."""
    async with serving(tmp_path, CUT, rest_of(BODY)) as (store, link):
        assert await download(link, tmp_path) == BODY
    assert store.starts[0] == 0 < store.starts[1] <= CUT_AT
    assert (len(store.asked), store.asked[1]["If-Range"]) == (2, TAG)


async def test_a_file_is_resumed_three_times_at_most(tmp_path: Path) -> None:
    """Each answer brings a little more; the fourth is the last, and its cut is an error."""
    async with serving(tmp_path, CUT, rest_of(BODY, cut_at=10_000)) as (store, link):
        with pytest.raises(DownloadError):
            await download(link, tmp_path)
    assert (len(store.starts), store.starts) == (4, sorted(set(store.starts)))
    assert list(tmp_path.iterdir()) == []


async def test_a_rest_that_does_not_come_is_not_asked_for_again(tmp_path: Path) -> None:
    """Without progress the next try is the caller's, after a wait."""
    async with serving(tmp_path, CUT, rest_of(BODY, cut_at=0)) as (store, link):
        with pytest.raises(DownloadError):
            await download(link, tmp_path)
    assert len(store.asked) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no tag"),
        pytest.param({"ETag": 'W/"one"'}, id="a weak tag"),
        pytest.param({"ETag": "one"}, id="a tag without quotes"),
        pytest.param({"ETag": '""'}, id="an empty tag"),
    ],
)
async def test_without_a_strong_tag_nothing_is_resumed(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    """A server that cannot say which bytes these are is asked for them all by the next try."""
    cut = Reply(headers=headers, cut_at=CUT_AT)
    async with serving(tmp_path, cut, Reply(headers=headers)) as (store, link):
        with pytest.raises(DownloadError, match="without paying"):
            await download(link, tmp_path)
        assert list(tmp_path.iterdir()) == []
        assert await download(link, tmp_path) == BODY
    assert store.starts == [0, 0]


def test_bytes_go_to_the_disk_in_blocks(tmp_path: Path) -> None:
    """What was taken counts at once; it is told when a block of it waits, and what is left."""
    part = PartFile(tmp_path / "x.part", block_bytes=4)
    part.start(Promise())
    assert [part.take(b"abc"), part.take(b"d")] == [False, True]
    part.flush()
    assert [part.take(b"e"), part.size_bytes] == [False, 5]
    received = part.finish()
    assert (tmp_path / "x.part").read_bytes() == b"abcde"
    assert received.sha256 == hashlib.sha256(b"abcde").hexdigest()


def test_a_file_of_unknown_length_is_not_resumed() -> None:
    """Chunks without a whole length: what is missing cannot be known."""
    promise = Promise.of({"ETag": TAG, "Transfer-Encoding": "chunked"})
    assert promise == Promise(size_bytes=None, etag=TAG)
    assert not promise.is_kept_by({"ETag": TAG, "Content-Range": "bytes 4-9/10"}, 4)


RANGE = "bytes {start}-" + str(LENGTH - 1)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(rest_of(BODY, ETag='"two"'), id="another tag"),
        pytest.param(rest_of(BODY, ETag='W/"one"'), id="a weak tag"),
        pytest.param(Reply(206, {"Content-Range": f"{RANGE}/{LENGTH}"}), id="no tag"),
        pytest.param(rest_of(BODY, -1), id="a start before what is here"),
        pytest.param(rest_of(BODY, 1), id="a start after what is here"),
        pytest.param(rest_of(BODY + b"x"), id="another length"),
        pytest.param(rest_of(BODY, Content_Range=f"{RANGE}/*"), id="no length"),
        pytest.param(rest_of(BODY, Content_Range="bytes x"), id="no range"),
        pytest.param(rest_of(BODY, Content_Range=f"bytes {'9' * 5000}-9/9"), id="absurd numbers"),
        pytest.param(Reply(206), id="nothing about the range"),
        pytest.param(rest_of(OTHER, ETag='"two"'), id="other bytes"),
        pytest.param(Reply(416, {"Content-Range": f"bytes */{LENGTH}"}, b""), id="416"),
        pytest.param(replace(rest_of(BODY), status=416), id="416 with a rest"),
    ],
)
async def test_a_rest_that_is_not_proven_starts_the_file_again(
    tmp_path: Path, second: Reply
) -> None:
    """Nothing of such an answer is kept: the whole file is asked for, and is the source's."""
    async with serving(tmp_path, CUT, second, Reply()) as (store, link):
        assert await download(link, tmp_path) == BODY
    assert [start > 0 for start in store.starts] == [False, True, False]


async def test_a_whole_answer_to_a_resume_is_taken_from_its_start(tmp_path: Path) -> None:
    """The server ignores the range, or has other bytes now: 200 is a new file."""
    shorter = Reply(headers={"ETag": '"two"'}, of=OTHER[:-7])
    async with serving(tmp_path, CUT, shorter) as (store, link):
        assert await download(link, tmp_path) == OTHER[:-7]
    assert len(store.asked) == 2


async def test_a_new_file_is_resumed_by_its_own_tag(tmp_path: Path) -> None:
    """The content changed on the way and was cut again: the rest is asked for of the new one."""
    changed = Reply(headers={"ETag": '"two"'}, of=OTHER, cut_at=LENGTH - 100)
    async with serving(tmp_path, CUT, changed, rest_of(OTHER, ETag='"two"')) as (store, link):
        assert await download(link, tmp_path) == OTHER
    assert store.asked[2]["If-Range"] == '"two"'


async def test_a_shorter_rest_is_gone_on_with(tmp_path: Path) -> None:
    """A server may give less than was asked for, and say so: the rest of the rest follows."""
    piece = rest_of(BODY[:-5000], Content_Range=f"bytes {{start}}-{LENGTH - 5001}/{LENGTH}")
    async with serving(tmp_path, CUT, piece, rest_of(BODY)) as (store, link):
        assert await download(link, tmp_path) == BODY
    assert store.starts[2] == LENGTH - 5000


async def test_a_rest_that_stays_short_is_an_error(tmp_path: Path) -> None:
    """The server says each time that the end is yet to come, and it never does."""
    piece = rest_of(BODY[:-5000], Content_Range=f"{RANGE}/{LENGTH}")
    async with serving(tmp_path, CUT, piece) as (store, link):
        with pytest.raises(DownloadError, match="cut off"):
            await download(link, tmp_path)
    assert len(store.asked) == 4
    assert list(tmp_path.iterdir()) == []


async def test_a_rest_that_is_longer_than_the_file_starts_it_again(tmp_path: Path) -> None:
    """More bytes come than the range says."""
    longer = rest_of(BODY + b"more", Content_Range=f"{RANGE}/{LENGTH}")
    async with serving(tmp_path, CUT, longer, Reply()) as (_, link):
        assert await download(link, tmp_path) == BODY


@pytest.mark.parametrize(
    ("second", "error"),
    [
        pytest.param(Reply(404, {}, b""), LinkDead, id="the link died meanwhile"),
        pytest.param(Reply(500, {}, b""), DownloadError, id="500"),
        pytest.param(rest_of(BODY, Content_Encoding="gzip"), BadFile, id="compressed"),
        pytest.param(
            Reply(302, {"Location": "https://10.0.0.1/clip.mp4"}, b""), DownloadError, id="inside"
        ),
        pytest.param(
            Reply(302, {"Location": "http://example.com/clip.mp4"}, b""), DownloadError, id="http"
        ),
    ],
)
async def test_a_resume_is_checked_like_any_request(
    tmp_path: Path, second: Reply, error: type[DownloadError]
) -> None:
    """Its status, its kind and each of its hops; nothing is left on disk, no link is quoted."""
    async with serving(tmp_path, CUT, second) as (store, link):
        with pytest.raises(error) as raised:
            await download(link, tmp_path)
    assert (type(raised.value), len(store.asked)) == (error, 2)
    assert "canary" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


async def test_a_redirected_resume_asks_for_the_rest(tmp_path: Path) -> None:
    """Every hop carries the range and its condition."""
    hop = Reply(302, {"Location": "/clip.mp4"}, b"")
    async with serving(tmp_path, hop, CUT, hop, rest_of(BODY)) as (store, link):
        assert await download(link, tmp_path) == BODY
    assert store.starts[:2] == [0, 0]
    assert store.starts[2] == store.starts[3] > 0


async def test_a_slow_file_is_resumed(tmp_path: Path) -> None:
    """Too few bytes in a window end a transfer; what came is kept, and the rest is asked for."""
    limits = Limits(least_bytes_per_s=1e12, speed_window_s=1e-6)
    async with serving(tmp_path, Reply(of=LONG), rest_of(LONG)) as (store, link):
        with pytest.raises(DownloadError, match="too slowly"):
            await download(link, tmp_path, limits)
    assert store.starts[1] > 0
    assert list(tmp_path.iterdir()) == []


def md5(body: bytes) -> dict[str, str]:
    """Give the headers an object store sends for a body."""
    return {"Content-MD5": base64.b64encode(hashlib.md5(body).digest()).decode(), "ETag": TAG}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(md5(BODY), id="right"),
        pytest.param({"Content-MD5": "not base64!"}, id="malformed"),
        pytest.param({"Content-MD5": "AAAA"}, id="too short"),
    ],
)
async def test_a_checksum_that_fits_or_says_nothing(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    """The file is taken."""
    async with serving(tmp_path, Reply(headers=headers)) as (_, link):
        assert await download(link, tmp_path) == BODY


@pytest.mark.parametrize(
    "replies",
    [
        pytest.param([Reply(headers=md5(OTHER))], id="in one answer"),
        pytest.param([Reply(headers=md5(OTHER), cut_at=CUT_AT), rest_of(BODY)], id="in two"),
    ],
)
async def test_a_checksum_that_does_not_fit_is_a_bad_file(
    tmp_path: Path, replies: list[Reply]
) -> None:
    """The MD5 of the whole file was announced, and the bytes have another."""
    async with serving(tmp_path, *replies) as (_, link):
        with pytest.raises(BadFile, match="MD5"):
            await download(link, tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_the_checksum_is_of_the_whole_file(tmp_path: Path) -> None:
    """A resumed file is checked against what its first answer announced; the rest's is not."""
    rest = rest_of(BODY, Content_MD5=md5(BODY[CUT_AT:])["Content-MD5"])
    async with serving(tmp_path, Reply(headers=md5(BODY), cut_at=CUT_AT), rest) as (_, link):
        assert await download(link, tmp_path) == BODY
