"""Pictures that come in calls, are fetched, or are not there."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from batchgen.clip import LocalPicture, RemotePicture
from batchgen.simulator.limits import Refused
from batchgen.simulator.pictures import Fetcher, open_upright, placeholder, receive
from tests.simulator.simulated_api import data_url, picture


def turned_jpeg() -> bytes:
    """Make a lying picture, red left and blue right, marked to be shown turned clockwise."""
    image = Image.new("RGB", (400, 200), "red")
    image.paste("blue", (200, 0, 400, 200))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif, quality=95)
    return buffer.getvalue()


@asynccontextmanager
async def shop(status: int = 200) -> AsyncIterator[str]:
    """Serve one picture; give its URL."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=picture(), status=status)

    app = web.Application()
    app.router.add_get("/mug.png", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/mug.png"))


def test_calls_with_the_same_new_picture_do_not_meet(tmp_path: Path) -> None:
    """What another call is still writing is left to it."""
    content = picture()
    others = tmp_path / f"{hashlib.sha256(content).hexdigest()}.part"
    others.write_bytes(b"half")
    receive(data_url(content), "image_url[0]", tmp_path)
    assert others.read_bytes() == b"half"
    assert others.with_suffix("").read_bytes() == content


def test_a_picture_in_the_call_is_measured_and_kept(tmp_path: Path) -> None:
    """Its size, format and bytes are known, and its file is named by its hash."""
    content = picture(size=(300, 200))
    seen = receive(data_url(content), "image_url[0]", tmp_path)
    assert isinstance(seen, LocalPicture)
    assert (seen.width, seen.height, seen.format) == (300, 200, "png")
    assert (tmp_path / seen.sha256).read_bytes() == content


def test_a_space_after_the_comma_is_taken(tmp_path: Path) -> None:
    """The API's own example has one."""
    text = data_url(picture()).replace(",", ", ")
    assert isinstance(receive(text, "image_url", tmp_path), LocalPicture)


def test_a_turned_picture_is_measured_as_it_is_shown(tmp_path: Path) -> None:
    """The EXIF mark swaps width and height."""
    seen = receive(data_url(turned_jpeg()), "image_url", tmp_path)
    assert isinstance(seen, LocalPicture)
    assert (seen.width, seen.height) == (200, 400)


def test_a_remote_picture_is_only_named(tmp_path: Path) -> None:
    """Nothing is fetched while the call is answered."""
    url = "https://shop.example/mug.png"
    assert receive(url, "image_url", tmp_path) == RemotePicture(url)


def test_a_picture_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    """A small file that would unfold to more than 40 million pixels is not decoded."""
    with pytest.raises(Refused, match="1210"):
        receive(data_url(picture(size=(8000, 6000))), "image_url", tmp_path)


def test_a_turned_picture_is_opened_upright() -> None:
    """Turned clockwise, what was left is above."""
    image = open_upright(turned_jpeg(), (1280, 720))
    top, bottom = image.getpixel((100, 50)), image.getpixel((100, 350))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > 50 > top[2]
    assert bottom[2] > 200 > 50 > bottom[0]


def test_transparent_parts_are_white() -> None:
    """Cut-out products stand on white, not on black."""
    buffer = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(buffer, "PNG")
    assert open_upright(buffer.getvalue(), (50, 50)).getpixel((25, 25)) == (255, 255, 255)


async def test_a_remote_picture_is_fetched() -> None:
    """The bytes behind the URL are given."""
    async with shop() as url:
        assert await Fetcher().fetch(url) == picture()


async def test_a_picture_that_is_not_there_gives_none() -> None:
    """An error answer is no picture, and the host may still have others."""
    fetcher = Fetcher()
    async with shop(status=404) as url:
        assert await fetcher.fetch(url) is None
        assert await fetcher.fetch(url) is None


async def test_a_host_without_connection_is_asked_once() -> None:
    """After a refused connection the host is given up, even when it comes back."""
    fetcher = Fetcher()
    async with shop() as url:
        dead = url
    assert await fetcher.fetch(dead) is None
    app = web.Application()
    async with TestServer(app, port=int(dead.split(":")[2].split("/")[0])) as server:
        assert str(server.make_url("/mug.png")) == dead
        assert await fetcher.fetch(dead) is None


def test_placeholders_tell_pictures_apart() -> None:
    """Two missing pictures give two different cards."""
    cards = [placeholder(f"https://shop.example/{name}.jpg").tobytes() for name in ("mug", "cup")]
    assert cards[0] != cards[1]
