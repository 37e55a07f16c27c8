"""Clips: what they are made of, and that they show the pictures."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageChops, ImageStat

from batchgen.clip import ClipRequest, LocalPicture, RemotePicture
from batchgen.simulator.renderer import Film, Studio, draw, frame_size, on_canvas, position
from tests.simulator.simulated_api import picture

RED, BLUE, GREEN = (picture(colour, (640, 480)) for colour in ("red", "blue", "green"))


@dataclass(frozen=True)
class Seen:
    """What a player finds in a clip."""

    codec: str
    pixels: str
    size: tuple[int, int]
    seconds: float
    sounds: int
    frames: list[Image.Image]


def request(
    model: str, pictures: int, ratio: str | None = None, sound: bool = False
) -> ClipRequest:
    """Ask for a clip of remote pictures."""
    urls = tuple(RemotePicture(f"https://shop.example/{n}.png") for n in range(pictures))
    return ClipRequest(model, "turns", urls, "1280x720", 4, "auto", sound, ratio)


def drawn(folder: Path, asked: ClipRequest, *contents: bytes | None) -> Film:
    """Draw a clip into a folder."""
    film = Film(folder / "clip.mp4", folder / "clip.jpg")
    draw(asked, contents, film)
    return film


def play(path: Path) -> Seen:
    """Decode a whole clip."""
    with av.open(path) as container:
        video = container.streams.video[0]
        frames = [
            Image.fromarray(frame.to_ndarray(format="rgb24")) for frame in container.decode(video)
        ]
        return Seen(
            video.codec_context.name,
            str(video.codec_context.pix_fmt),
            (video.width, video.height),
            (container.duration or 0) / 1e6,
            len(container.streams.audio),
            frames,
        )


def difference(frame: Image.Image, wanted: Image.Image) -> float:
    """Give the mean difference of two pictures, 0 to 255."""
    return max(ImageStat.Stat(ImageChops.difference(frame, wanted)).mean)


def whole(content: bytes, size: tuple[int, int] = (1280, 720)) -> Image.Image:
    """Show a picture whole on a frame."""
    return on_canvas(Image.open(io.BytesIO(content)), size)


def test_an_image_clip_pushes_in_on_its_picture(tmp_path: Path) -> None:
    """H.264, 1280x720, 4 s; it begins with the whole picture and ends nearer, smoothly."""
    film = drawn(tmp_path, request("vidu2-image", 1), RED)
    seen = play(film.video)
    assert (seen.codec, seen.pixels, seen.size) == ("h264", "yuv420p", (1280, 720))
    assert seen.seconds == pytest.approx(4.0, abs=0.1)
    assert (len(seen.frames), seen.sounds) == (96, 0)
    assert difference(seen.frames[0], whole(RED)) < 3
    assert difference(Image.open(film.cover), whole(RED)) < 3
    red = [int((np.asarray(frame)[:, :, 1] < 100).sum()) for frame in seen.frames[::8]]
    steps = [later / earlier for earlier, later in pairwise(red)]
    assert all(1.005 < step < 1.05 for step in steps)


def test_a_start_end_clip_goes_from_the_first_to_the_last_frame(tmp_path: Path) -> None:
    """The first frame shows the first picture, the last one the last; sound when asked for."""
    asked = request("vidu2-start-end", 2, sound=True)
    seen = play(drawn(tmp_path, asked, RED, BLUE).video)
    assert difference(seen.frames[0], whole(RED)) < 3
    assert difference(seen.frames[-1], whole(BLUE)) < 3
    assert difference(seen.frames[48], whole(RED)) > 5 < difference(seen.frames[48], whole(BLUE))
    assert seen.sounds == 1
    assert seen.seconds == pytest.approx(4.0, abs=0.1)


def test_a_reference_clip_shows_its_pictures_in_turn(tmp_path: Path) -> None:
    """In the asked shape, each picture has its third; what is missing is a card."""
    asked = request("vidu2-reference", 3, ratio="9:16")
    seen = play(drawn(tmp_path, asked, RED, BLUE, None).video)
    assert seen.size == (720, 1280)
    middles = [np.asarray(seen.frames[index])[640, 360].argmax() for index in (8, 48)]
    assert middles == [0, 2]
    corners = [seen.frames[index].getpixel((20, 20)) for index in (48, 88)]
    assert corners[0] != corners[1]


def test_the_file_plays_before_it_is_whole(tmp_path: Path) -> None:
    """The index stands before the pictures (faststart)."""
    content = drawn(tmp_path, request("vidu2-image", 1), RED).video.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(
    ("ratio", "size", "wanted"),
    [
        ("16:9", "1280x720", (1280, 720)),
        ("9:16", "1280x720", (720, 1280)),
        ("1:1", "1280x720", (960, 960)),
        (None, "480x360", (480, 360)),
        (None, "1x99999", (64, 1920)),
        (None, "big", (1280, 720)),
    ],
)
def test_frame_sizes(ratio: str | None, size: str, wanted: tuple[int, int]) -> None:
    """The ratio decides where there is one, else the size, within sane bounds."""
    asked = ClipRequest("vidu2-image", "", (), size, 4, "auto", False, ratio)
    assert frame_size(asked) == wanted


def test_a_plain_ground_is_continued() -> None:
    """A product on a plain ground gets more of the same ground, undistorted."""
    canvas = whole(picture(size=(400, 400)))
    assert canvas.getpixel((5, 360)) == canvas.getpixel((640, 5)) == (244, 244, 240)
    across, down = (
        int((np.asarray(canvas)[:, :, 1] < 100).any(axis=axis).sum()) for axis in (0, 1)
    )
    assert across == pytest.approx(down, abs=2)


def test_a_busy_picture_is_continued_blurred() -> None:
    """Where the edge has many colours, the sides show the picture itself, blurred."""
    busy = Image.effect_noise((400, 400), 90).convert("RGB")
    sides = np.asarray(on_canvas(busy, (1280, 720)))[:, :200]
    assert 0 < sides.std() < np.asarray(busy).std() / 3


@pytest.mark.parametrize(
    ("time", "shots", "wanted"),
    [
        (0.0, 1, (0, 0.0)),
        (1.0, 1, (0, 0.0)),
        (0.0, 2, (0, 0.0)),
        (0.5, 2, (0, 0.5)),
        (1.0, 2, (1, 0.0)),
        (0.5, 3, (1, 0.0)),
        (2 / 3, 3, (1, 0.5)),
        (1.0, 3, (2, 0.0)),
    ],
)
def test_which_shot_is_seen(time: float, shots: int, wanted: tuple[int, float]) -> None:
    """Shots share the time evenly and cross at their borders."""
    shot, weight = position(time, shots, 0.5)
    assert shot == wanted[0]
    assert weight == pytest.approx(wanted[1])


async def test_the_same_film_is_drawn_once(tmp_path: Path) -> None:
    """Another prompt for the same picture gives the file that is there, without its picture."""
    (tmp_path / "hash").write_bytes(GREEN)
    local = LocalPicture("image_url[0]", "hash", "hash", "png", 640, 480, len(GREEN))
    asked = ClipRequest("vidu2-image", "turns", (local,), "480x360", 4, "auto", False)
    first = await Studio(tmp_path, tmp_path).film(asked)
    (tmp_path / "hash").unlink()
    other = ClipRequest("vidu2-image", "falls", (local,), "480x360", 4, "auto", False)
    assert await Studio(tmp_path, tmp_path).film(other) == first


async def test_a_sketch_has_few_frames_and_fetches_nothing(tmp_path: Path) -> None:
    """It lasts as long as a clip and shows a card in the place of a remote picture."""
    asked = request("vidu2-start-end", 2, sound=True)
    film = await Studio(tmp_path, tmp_path, is_sketch=True).film(asked)
    seen = play(film.video)
    assert (len(seen.frames), seen.size) == (4, (1280, 720))
    assert seen.seconds == pytest.approx(4, abs=0.1)
    assert ImageStat.Stat(seen.frames[0]).mean != ImageStat.Stat(seen.frames[-1]).mean
