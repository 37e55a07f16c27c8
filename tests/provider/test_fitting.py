"""Pictures that are brought to another shape: what is cut, what is added, what stays."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageChops

from batchgen.clip import LocalPicture
from batchgen.errors import InputError
from batchgen.picture_fit import FitWay, PictureFit
from batchgen.provider.pictures.fitting import MOST_BYTES, fitted
from batchgen.provider.pictures.sending import sent_pictures
from tests.provider.provider_server import a_request

FORMATS = ("png", "jpeg", "webp")
WAYS: tuple[FitWay, ...] = ("crop", "pad", "blur")
CREAM = (240, 230, 210)
RED = (200, 30, 20)
WHITE = (255, 255, 255)


def drawn(
    size: tuple[int, int] = (400, 200), mode: str = "RGB", ground: Any = CREAM
) -> Image.Image:
    """Draw a red square in the middle of a plain ground."""
    picture = Image.new("RGB", size, ground)
    picture.paste(RED, (size[0] // 2 - 40, size[1] // 2 - 40, size[0] // 2 + 40, size[1] // 2 + 40))
    return picture.convert(mode)


def encoded(picture: Image.Image, kind: str = "png", **options: Any) -> bytes:
    """Encode a picture as a file."""
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def shaped(content: bytes, kind: str, way: FitWay, ratio: str = "1:1") -> Image.Image:
    """Shape a picture and decode the result."""
    with Image.open(io.BytesIO(fitted(content, kind, PictureFit(way, ratio)))) as image:
        assert image.format == kind.upper()
        image.load()
        return image


def near(picture: Image.Image, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    """Tell whether a pixel has a colour, but for what JPEG and WebP do to it."""
    pixel = picture.convert("RGB").getpixel(place)
    assert isinstance(pixel, tuple)
    return all(abs(ours - theirs) <= 8 for ours, theirs in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("kind", FORMATS)
def test_cropping_keeps_the_middle(kind: str) -> None:
    """What is left is as it was, and nothing is added."""
    square = shaped(encoded(drawn(), kind), kind, "crop")
    assert square.size == (200, 200)
    assert near(square, (100, 100), RED)
    assert near(square, (2, 2), CREAM)


@pytest.mark.parametrize("kind", FORMATS)
def test_padding_goes_on_with_a_plain_ground(kind: str) -> None:
    """A studio picture gets more of its own ground, so that no edge shows."""
    square = shaped(encoded(drawn(), kind), kind, "pad")
    assert square.size == (400, 400)
    assert near(square, (200, 200), RED)
    assert all(near(square, (200, y), CREAM) for y in (2, 98, 101, 298, 301, 397))


def test_padding_is_white_beside_a_lively_edge() -> None:
    """A ground of several colours has no colour to go on with."""
    lively = drawn()
    lively.paste((10, 60, 20), (150, 0, 250, 20))
    square = shaped(encoded(lively), "png", "pad")
    assert near(square, (200, 2), WHITE)
    assert near(square, (200, 105), (10, 60, 20))


def test_padding_goes_on_with_soft_shades() -> None:
    """A studio's ground that grows darker to one side goes on so above and below, without seam."""
    shades = Image.linear_gradient("L").rotate(90).resize((400, 200))
    grey = shades.point([120 + value // 4 for value in range(256)])
    square = shaped(encoded(grey.convert("RGB")), "png", "pad")
    assert square.size == (400, 400)
    for x in (10, 200, 390):
        colour = grey.convert("RGB").getpixel((x, 100))
        assert isinstance(colour, tuple)
        assert all(
            near(square, (x, y), (colour[0], colour[1], colour[2]))
            for y in (2, 98, 102, 298, 302, 397)
        )


def test_only_the_edges_that_meet_the_ground_count() -> None:
    """A belt that runs off to both sides does not hinder a ground above and below."""
    belt = drawn()
    belt.paste(RED, (0, 80, 400, 120))
    assert near(shaped(encoded(belt), "png", "pad"), (200, 2), CREAM)


@pytest.mark.parametrize("kind", FORMATS)
def test_blur_shows_the_picture_whole_on_itself(kind: str) -> None:
    """The ground is neither white nor sharp: it has the picture's colours, mixed."""
    striped = drawn((400, 200), ground="navy")
    square = shaped(encoded(striped, kind), kind, "blur")
    assert square.size == (400, 400)
    assert near(square, (200, 200), RED)
    above = square.convert("RGB").getpixel((200, 95))
    assert isinstance(above, tuple)
    assert RED[0] > above[0] > 10


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("kind", "mode"),
    [("jpeg", "L"), ("jpeg", "CMYK"), ("png", "1"), ("png", "LA"), ("png", "P"), ("png", "I;16")],
)
def test_every_kind_of_pixel_can_be_shaped(way: FitWay, kind: str, mode: str) -> None:
    """Grey, print colours, palettes and 16 bits come out in their shape."""
    picture = Image.new("I;16", (400, 200), 60_000) if mode == "I;16" else drawn(mode=mode)
    image = shaped(encoded(picture, kind), kind, way)
    assert image.width == image.height
    assert image.mode == {"CMYK": "CMYK", "P": "RGB"}.get(mode, "L")


def test_sixteen_bits_stay_as_bright_as_they_are() -> None:
    """Light grey does not become white."""
    grey = Image.new("I;16", (400, 200), 0x8000)
    assert shaped(encoded(grey), "png", "crop").getpixel((50, 50)) == 128


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["png", "webp"])
def test_what_is_clear_is_put_on_white(kind: str, way: FitWay) -> None:
    """A product that was cut out stands on white, not on the black of some decoder."""
    clear = Image.new("RGBA", (400, 200), (0, 0, 0, 0))
    clear.paste((*RED, 255), (160, 60, 240, 140))
    square = shaped(encoded(clear, kind), kind, way)
    assert square.mode == "RGB"
    middle = square.width // 2
    assert near(square, (middle, middle), RED)
    assert near(square, (5, middle), WHITE)


def test_a_clear_colour_does_not_come_back() -> None:
    """A PNG whose white is declared clear is flattened, and white stays white."""
    content = encoded(drawn(ground="white"), "png", transparency=WHITE)
    square = shaped(content, "png", "pad")
    assert "transparency" not in square.info
    assert near(square, (200, 2), WHITE)


def test_a_clear_palette_is_put_on_white() -> None:
    """A GIF-like picture with a clear entry has no black ground either."""
    picture = Image.new("P", (400, 200), 1)
    picture.putpalette([255, 0, 0, 0, 0, 255])
    square = shaped(encoded(picture, "png", transparency=1), "png", "crop")
    assert near(square, (0, 0), WHITE)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("way", WAYS)
def test_colour_profile_stays_and_metadata_does_not(kind: str, way: FitWay) -> None:
    """Colours mean the same as before; who took the picture is nobody's business."""
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "TakenAtHome"
    content = encoded(drawn(), kind, exif=exif, icc_profile=b"a colour profile")
    image = shaped(content, kind, way)
    assert image.info["icc_profile"] == b"a colour profile"
    assert not image.getexif()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_shaped_upright(orientation: int) -> None:
    """The shape is that of what a viewer shows, not of what lies in the file."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    image = shaped(encoded(drawn(), "png", exif=exif), "png", "crop", "1:4")
    assert image.size == ((50, 200) if orientation < 5 else (100, 400))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", FORMATS)
def test_shaping_is_repeatable(kind: str, way: FitWay) -> None:
    """A request that is sent again sends the same bytes."""
    content = encoded(drawn(), kind)
    fit = PictureFit(way, "9:16")
    assert fitted(content, kind, fit) == fitted(content, kind, fit)


def test_no_line_shows_where_rounding_falls_short() -> None:
    """A picture that has the shape but for a pixel fills the frame."""
    content = encoded(Image.new("RGB", (1001, 2000), "black"))
    image = shaped(content, "png", "pad", "1:2")
    black = Image.new("RGB", image.size, "black")
    assert ImageChops.difference(image, black).getbbox() is None


def test_a_picture_of_too_many_bytes_is_made_smaller() -> None:
    """It keeps its shape and its kind, and is not refused."""
    noise = Image.frombytes("RGB", (1920, 1920), Random(7).randbytes(3 * 1920 * 1920))
    content = fitted(encoded(noise, compress_level=0), "png", PictureFit("crop", "1:1"))
    with Image.open(io.BytesIO(content)) as image:
        assert (image.size, image.format) == ((1536, 1536), "PNG")
    assert len(content) <= MOST_BYTES


def test_a_broken_picture_is_refused() -> None:
    """Half a file is no picture; the caller words it."""
    content = encoded(Image.effect_noise((400, 200), 50))
    with pytest.raises(OSError, match="truncated"):
        fitted(content[: len(content) // 2], "png", PictureFit("pad", "1:1"))


def planned(folder: Path, name: str, picture: Image.Image) -> LocalPicture:
    """Write a picture file and plan it."""
    content = encoded(picture)
    (folder / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return LocalPicture(name, str(folder / name), digest, "png", *picture.size, len(content))


@pytest.mark.parametrize("way", WAYS)
def test_two_frames_get_one_size(tmp_path: Path, way: FitWay) -> None:
    """First and last frame of a clip are alike, as the API wants them: as large as the smaller."""
    frames = (planned(tmp_path, "a", drawn((900, 600))), planned(tmp_path, "b", drawn((300, 400))))
    fit = PictureFit(way, "1:1")
    urls = sent_pictures(replace(a_request("vidu2-start-end"), pictures=frames, fit=fit))
    sizes = []
    for url in urls:
        content = base64.b64decode(url.removeprefix("data:image/png;base64,"))
        with Image.open(io.BytesIO(content)) as image:
            sizes.append(image.size)
    assert sizes == [fit.size(300, 400)] * 2


def test_a_picture_on_the_web_is_not_sent_unshaped() -> None:
    """What would be bought is not what was asked for, so it is not sent at all."""
    with pytest.raises(InputError, match="cannot be shaped"):
        sent_pictures(a_request(fit=PictureFit("crop", "1:1")))
