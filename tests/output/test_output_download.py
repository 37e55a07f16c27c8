from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from batchgen.errors import BadFile, DownloadError, LinkDead
from batchgen.output.download import Downloader, Limits, SpeedFloor

Serve = Callable[..., Awaitable[str]]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n"
BODY = bytes(range(256)) * 40


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Build a whole HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
async def downloader() -> AsyncIterator[Downloader]:
    """A downloader that may reach loopback, with small limits."""
    limits = Limits(most_bytes=100_000, silence_s=5)
    async with Downloader(allow_loopback=True, limits=limits) as downloader:
        yield downloader


async def test_a_file_arrives_whole(downloader: Downloader, tmp_path: Path) -> None:
    """The bytes on disk are the server's, with their hash and length."""
    (tmp_path / "served").write_bytes(BODY)

    async def reply(_: web.Request) -> web.FileResponse:
        return web.FileResponse(tmp_path / "served")

    app = web.Application()
    app.router.add_get("/clip.mp4", reply)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    received = await downloader.download(f"http://localhost:{port}/clip.mp4", tmp_path / "x.part")
    await runner.cleanup()
    assert (tmp_path / "x.part").read_bytes() == BODY
    assert received.sha256 == hashlib.sha256(BODY).hexdigest()
    assert received.size_bytes == len(BODY)


async def test_an_old_part_is_replaced_not_followed(
    downloader: Downloader, serve: Serve, tmp_path: Path
) -> None:
    """A link planted under the temporary name is removed, and its target stays as it was."""
    (tmp_path / "precious").write_bytes(b"keep")
    (tmp_path / "x.part").symlink_to(tmp_path / "precious")
    await downloader.download(await serve(answer("200 OK", BODY)), tmp_path / "x.part")
    assert (tmp_path / "precious").read_bytes() == b"keep"
    assert (tmp_path / "x.part").read_bytes() == BODY


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        pytest.param(answer("404 Not Found"), LinkDead, id="404"),
        pytest.param(answer("403 Forbidden"), LinkDead, id="403"),
        pytest.param(answer("410 Gone"), LinkDead, id="410"),
        pytest.param(answer("500 Oops"), DownloadError, id="500"),
        pytest.param(answer("206 Partial Content", BODY), DownloadError, id="unasked part"),
        pytest.param(OK + b"Content-Length: 20000\r\n\r\n" + BODY, DownloadError, id="cut short"),
        pytest.param(
            OK + b"Transfer-Encoding: chunked\r\n\r\n2800\r\n" + BODY, DownloadError, id="cut chunk"
        ),
        pytest.param(OK + b"Content-Length: 100001\r\n\r\n", BadFile, id="announced too large"),
        pytest.param(answer("200 OK", b"<p>", "Content-Type: text/html"), BadFile, id="HTML"),
        pytest.param(answer("200 OK", b"{}", "Content-Type: application/json"), BadFile, id="JSON"),
        pytest.param(answer("200 OK", b"<a/>", "Content-Type: application/xml"), BadFile, id="XML"),
        pytest.param(
            answer("200 OK", gzip.compress(BODY), "Content-Encoding: gzip"), BadFile, id="gzip"
        ),
        pytest.param(answer("302 Found", b"", "Location: /again"), DownloadError, id="circle"),
        pytest.param(answer("302 Found"), DownloadError, id="redirect to nowhere"),
        pytest.param(answer("302 Found", b"", "Location: //[x"), DownloadError, id="bad redirect"),
        pytest.param(b"SSH-2.0-hello\r\n\r\n", DownloadError, id="not HTTP"),
        pytest.param(b"", DownloadError, id="hang up"),
    ],
)
async def test_a_bad_answer_leaves_no_file(
    downloader: Downloader, serve: Serve, tmp_path: Path, reply: bytes, error: type[DownloadError]
) -> None:
    """Every bad answer is told apart, leaves nothing on disk, and never quotes the signed link."""
    link = await serve(reply)
    with pytest.raises(error) as raised:
        await downloader.download(link, tmp_path / "x.part")
    assert type(raised.value) is error
    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert list(tmp_path.iterdir()) == []


async def test_an_endless_answer_is_cut_at_the_limit(
    downloader: Downloader, serve: Serve, tmp_path: Path
) -> None:
    """The size limit counts what comes, not what was announced."""
    link = await serve(OK + b"\r\n", endless=bytes(4096))
    with pytest.raises(BadFile, match="larger than"):
        await downloader.download(link, tmp_path / "x.part")
    assert list(tmp_path.iterdir()) == []


async def test_silence_ends_a_download(serve: Serve, tmp_path: Path) -> None:
    """A server that connects and then says nothing more is given up."""
    hang = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Content-Length: 9\r\n\r\nabc")
        await hang.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    link = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, Downloader(allow_loopback=True, limits=Limits(silence_s=0.05)) as downloader:
        with pytest.raises(DownloadError, match="failed"):
            await downloader.download(link, tmp_path / "x.part")
        hang.set()


async def test_a_dripping_server_is_given_up(serve: Serve, tmp_path: Path) -> None:
    """Too few bytes in a window end the download."""
    limits = Limits(least_bytes_per_s=1e12, speed_window_s=1e-6)
    link = await serve(OK + b"\r\n", endless=bytes(4096))
    async with Downloader(allow_loopback=True, limits=limits) as downloader:
        with pytest.raises(DownloadError, match="too slowly"):
            await downloader.download(link, tmp_path / "x.part")


def test_the_speed_floor_judges_whole_windows() -> None:
    """Only at the end of each window does its sum count."""
    floor = SpeedFloor(Limits(least_bytes_per_s=10, speed_window_s=60), now=0)
    assert floor.is_kept(1, now=59)
    assert floor.is_kept(599, now=60)
    assert not floor.is_kept(599, now=120)


async def test_redirects_are_followed_three_times(
    downloader: Downloader, serve: Serve, tmp_path: Path
) -> None:
    """Three hops reach the file, a fourth is refused."""
    link = await serve(answer("200 OK", BODY))
    for _ in range(3):
        link = await serve(answer("307 Temporary Redirect", b"", f"Location: {link}"))
    assert (await downloader.download(link, tmp_path / "x.part")).size_bytes == len(BODY)
    link = await serve(answer("301 Moved", b"", f"Location: {link}"))
    with pytest.raises(DownloadError, match="circles"):
        await downloader.download(link, tmp_path / "y.part")


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("https://10.0.0.1/clip.mp4", "not a public address"),
        ("https://169.254.169.254/latest", "not a public address"),
        ("https://[::ffff:10.0.0.1]/", "not a public address"),
        ("http://example.com/clip.mp4", "not https"),
        ("file:///etc/passwd", "not https"),
    ],
)
async def test_a_redirect_is_checked_like_the_link(
    downloader: Downloader, serve: Serve, tmp_path: Path, target: str, text: str
) -> None:
    """A redirect leads neither into the inner network nor off https."""
    link = await serve(answer("302 Found", b"", f"Location: {target}"))
    with pytest.raises(DownloadError, match=text):
        await downloader.download(link, tmp_path / "x.part")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001"])
async def test_loopback_is_closed_unless_the_api_is_there(host: str, tmp_path: Path) -> None:
    """However it is spelled, this machine is not connected to."""
    async with Downloader() as downloader:
        with pytest.raises(DownloadError, match="not a public address"):
            await downloader.download(f"https://{host}:9/clip.mp4", tmp_path / "x.part")
        with pytest.raises(DownloadError, match="not https"):
            await downloader.download(f"http://{host}:9/clip.mp4", tmp_path / "x.part")


@pytest.mark.parametrize(
    "link", ["", "clip.mp4", "https://", "https://[", "https://127.1/", "https://2130706433/"]
)
async def test_a_broken_link_is_a_download_error(link: str, tmp_path: Path) -> None:
    """A link that is none is an error of the download, not of the program."""
    async with Downloader() as downloader:
        with pytest.raises(DownloadError):
            await downloader.download(link, tmp_path / "x.part")


async def test_no_key_and_no_wish_for_compression_is_sent(
    downloader: Downloader, serve: Serve, tmp_path: Path
) -> None:
    """The request carries the usual headers only."""
    heads: list[bytes] = []
    await downloader.download(await serve(answer("200 OK", BODY), heads=heads), tmp_path / "x")
    names = {line.split(b":")[0].lower() for line in heads[0].split(b"\r\n")[1:] if line}
    assert names == {b"host", b"accept", b"accept-encoding", b"user-agent"}
    assert b"Accept-Encoding: identity" in heads[0]


@pytest.mark.parametrize("turns", [20, 60, 100, 300, 1000])
async def test_cancelling_leaves_no_file(serve: Serve, tmp_path: Path, turns: int) -> None:
    """A download that is cancelled at any moment removes what it wrote."""
    link = await serve(OK + b"\r\n", endless=bytes(1024))
    async with Downloader(allow_loopback=True) as downloader:
        download = asyncio.create_task(downloader.download(link, tmp_path / "x.part"))
        for _ in range(turns):
            await asyncio.sleep(0)
        download.cancel()
        with pytest.raises(asyncio.CancelledError):
            await download
    assert list(tmp_path.iterdir()) == []
