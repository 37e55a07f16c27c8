"""What is sent of a local picture."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path

import pytest
from PIL import ExifTags, Image, ImageOps, PngImagePlugin

from batchgen.clip import ClipRequest, LocalPicture, RemotePicture
from batchgen.errors import InputError, PictureMoved
from batchgen.provider.pictures.sending import data_url, sent_pictures

CANARY = "TakenAtHome"
FORMATS = ("png", "jpeg", "webp")


def private_exif(orientation: int = 1) -> Image.Exif:
    """Make EXIF with a place and a name in it."""
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = CANARY
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSMapDatum] = CANARY
    return exif


def picture_bytes(kind: str, orientation: int = 1, **options: object) -> bytes:
    """Draw a picture, left half red and right half blue, full of private metadata."""
    image = Image.new("RGB", (64, 32), "blue")
    image.paste("red", (0, 0, 32, 32))
    if kind == "png":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", CANARY)
        text.add_itxt("XML:com.adobe.xmp", CANARY, zip=True)
        options["pnginfo"] = text
    else:
        options["xmp"] = CANARY.encode()
    if kind == "jpeg":
        options["comment"] = CANARY
    target = io.BytesIO()
    image.save(target, kind, exif=private_exif(orientation), **options)
    return target.getvalue()


def planned(tmp_path: Path, content: bytes, kind: str) -> LocalPicture:
    """Write a picture file and plan it."""
    path = tmp_path / f"cup.{kind}"
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return LocalPicture(f"cup.{kind}", str(path), digest, kind, 64, 32, len(content))


def sent(picture: LocalPicture) -> bytes:
    """Give the bytes that the data URL carries."""
    head, _, text = data_url(picture).partition(",")
    assert head == f"data:image/{picture.format};base64"
    return base64.b64decode(text, validate=True)


@pytest.mark.parametrize("kind", FORMATS)
def test_metadata_is_cut_out_and_pixels_stay(tmp_path: Path, kind: str) -> None:
    """Place, names and comments do not leave the house; not one pixel changes."""
    content = picture_bytes(kind)
    out = sent(planned(tmp_path, content, kind))
    assert CANARY.encode() in content
    assert CANARY.encode() not in out
    with Image.open(io.BytesIO(out)) as clean, Image.open(io.BytesIO(content)) as before:
        assert not clean.getexif()
        assert clean.tobytes() == before.tobytes()


@pytest.mark.parametrize("kind", FORMATS)
def test_turned_picture_is_sent_upright(tmp_path: Path, kind: str) -> None:
    """A picture that a viewer turns by its EXIF arrives turned: red, left, becomes the top."""
    out = sent(planned(tmp_path, picture_bytes(kind, orientation=6), kind))
    assert CANARY.encode() not in out
    with Image.open(io.BytesIO(out)) as upright:
        assert upright.size == (32, 64)
        assert upright.format == kind.upper()
        top, bottom = (upright.convert("RGB").getpixel((16, y)) for y in (4, 60))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > top[2]
    assert bottom[2] > 200 > bottom[0]


@pytest.mark.parametrize("kind", FORMATS)
def test_plain_picture_is_sent_byte_for_byte(tmp_path: Path, kind: str) -> None:
    """A picture without metadata is not touched."""
    target = io.BytesIO()
    Image.new("RGB", (64, 32), "teal").save(target, kind)
    assert sent(planned(tmp_path, target.getvalue(), kind)) == target.getvalue()


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("kind", FORMATS)
def test_colour_profile_is_kept(tmp_path: Path, kind: str, orientation: int) -> None:
    """The colours of the product mean the same before and after."""
    content = picture_bytes(kind, orientation, icc_profile=b"a colour profile")
    with Image.open(io.BytesIO(sent(planned(tmp_path, content, kind)))) as clean:
        assert clean.info["icc_profile"] == b"a colour profile"


def test_progressive_jpeg_stays_whole(tmp_path: Path) -> None:
    """A picture of many scans is walked to its end."""
    content = picture_bytes("jpeg", progressive=True)
    out = sent(planned(tmp_path, content, "jpeg"))
    with Image.open(io.BytesIO(out)) as clean, Image.open(io.BytesIO(content)) as before:
        assert clean.tobytes() == before.tobytes()


def test_palette_with_transparency_survives_turning(tmp_path: Path) -> None:
    """A cut-out product keeps its clear ground."""
    image = Image.new("P", (64, 32), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    target = io.BytesIO()
    image.save(target, "png", transparency=1, exif=private_exif(6))
    with Image.open(io.BytesIO(sent(planned(tmp_path, target.getvalue(), "png")))) as upright:
        assert upright.convert("RGBA").getpixel((0, 0)) == (0, 0, 255, 0)


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_what_hangs_behind_the_picture_is_not_sent(tmp_path: Path, kind: str) -> None:
    """Phones append films and second pictures, with metadata of their own."""
    content = picture_bytes(kind) + CANARY.encode()
    assert CANARY.encode() not in sent(planned(tmp_path, content, kind))


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"\xff\xd9", b""), (b"\xff\xdb", b"\xff\xff\xdb"), (b"\xff\xfe", b"\0\xff\xfe")],
    ids=["no-end", "filled", "gap"],
)
def test_odd_container_is_encoded_anew(tmp_path: Path, old: bytes, new: bytes) -> None:
    """A JPEG that only decoders understand is still sent, and without its metadata."""
    content = picture_bytes("jpeg").replace(old, new, 1)
    out = sent(planned(tmp_path, content, "jpeg"))
    assert out.endswith(b"\xff\xd9")
    assert CANARY.encode() not in out


@pytest.mark.parametrize("kind", FORMATS)
def test_cut_off_picture_is_mended_or_refused(tmp_path: Path, kind: str) -> None:
    """Wherever a file ends: clean bytes, or our error, never a traceback or metadata."""
    content = picture_bytes(kind)
    refused = 0
    for length in range(0, len(content), 3):
        try:
            out = sent(planned(tmp_path, content[:length], kind))
        except InputError:
            refused += 1
        else:
            assert CANARY.encode() not in out
    assert refused > len(content) // 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_put_upright(tmp_path: Path, orientation: int) -> None:
    """The pixels arrive as a viewer that obeys EXIF shows them."""
    content = picture_bytes("png", orientation)
    with Image.open(io.BytesIO(sent(planned(tmp_path, content, "png")))) as upright:
        pixels = upright.tobytes()
    with Image.open(io.BytesIO(content)) as before:
        assert pixels == ImageOps.exif_transpose(before).tobytes()


def test_changed_picture_is_refused(tmp_path: Path) -> None:
    """One other byte is another picture than was planned."""
    picture = planned(tmp_path, picture_bytes("png"), "png")
    Path(picture.path).write_bytes(picture_bytes("png") + b"!")
    with pytest.raises(PictureMoved, match="changed since it was planned"):
        data_url(picture)


def test_lost_picture_is_refused(tmp_path: Path) -> None:
    """A file that is gone is named."""
    picture = planned(tmp_path, b"", "png")
    Path(picture.path).unlink()
    with pytest.raises(PictureMoved, match=r"cup\.png cannot be read any more"):
        data_url(picture)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://cdn.example/图.jpg?w=1&s=a%2Fb", "https://cdn.example/%E5%9B%BE.jpg?w=1&s=a%2Fb"),
        ("https://cdn.example/a%20b.jpg", "https://cdn.example/a%20b.jpg"),
    ],
)
def test_urls_are_sent_as_browsers_write_them(url: str, expected: str) -> None:
    """What the catalogue wrote is what a picture is known by, not what every server reads."""
    pictures = (RemotePicture(url),)
    request = ClipRequest("vidu2-image", "p", pictures, "1280x720", 4, "auto", with_audio=False)
    assert sent_pictures(request) == [expected]
