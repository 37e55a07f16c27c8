from __future__ import annotations

import hashlib
import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from batchgen.catalogue.pictures.finder import PictureFinder
from batchgen.clip import LocalPicture, RemotePicture
from batchgen.errors import ManifestError
from batchgen.video_models import PICTURE_BYTES_LIMIT
from tests.catalogue.examples import Draw, Read, places


def row_of(picture: str | Path) -> str:
    """Write a manifest of one row with one picture."""
    return f"sku\tPhoto\nA1\t{picture}\n"


PHOTO = {"image": "Photo"}


def chunk(kind: bytes, body: bytes) -> bytes:
    """Write one chunk of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(width: int, height: int) -> bytes:
    """Write a tiny PNG file that claims many pixels."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + rows + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "png"), ("a.jpg", "jpeg"), ("a.webp", "webp"), ("a.txt", "png")]
)
def test_local_picture_is_measured(read: Read, draw: Draw, name: str, kind: str) -> None:
    """A picture is opened whatever its name says, measured and hashed."""
    path = draw(f"photos/{name}", format=kind)
    content = path.read_bytes()

    found = read("c.csv", row_of(f"photos/{name}"), columns=PHOTO)

    assert found.items[0].pictures == (
        LocalPicture(
            name=f"photos/{name}",
            path=str(path),
            sha256=hashlib.sha256(content).hexdigest(),
            format=kind,
            width=64,
            height=48,
            size_bytes=len(content),
        ),
    )


def test_size_is_that_of_the_turned_picture(read: Read, draw: Draw) -> None:
    """A phone's picture on its side is measured as a viewer shows it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    draw("a.jpg", exif=exif)

    (picture,) = read("c.csv", row_of("a.jpg"), columns=PHOTO).items[0].pictures

    assert isinstance(picture, LocalPicture)
    assert (picture.width, picture.height) == (48, 64)


def test_picture_of_several_frames_is_a_jpeg(read: Read, draw: Draw) -> None:
    """A phone's JPEG with further pictures behind the first counts as JPEG."""
    draw("a.jpg", format="MPO", save_all=True, append_images=[Image.new("RGB", (64, 48))])

    (picture,) = read("c.csv", row_of("a.jpg"), columns=PHOTO).items[0].pictures

    assert isinstance(picture, LocalPicture)
    assert picture.format == "jpeg"


def test_backslashes_separate_folders(read: Read, draw: Draw) -> None:
    """A catalogue written on Windows finds its pictures anywhere."""
    draw("photos/a.png")

    assert read("c.csv", row_of("photos\\a.png"), columns=PHOTO).faults == ()


@pytest.mark.parametrize(
    ("cell", "url"),
    [
        ("https://cdn.example/a%20b.jpg", "https://cdn.example/a%20b.jpg"),
        ("https://cdn.example/a b.jpg", "https://cdn.example/a%20b.jpg"),
        ("HTTP://cdn.example/图.jpg?w=1", "HTTP://cdn.example/图.jpg?w=1"),
        ("HTTP://cdn.example/图 1.jpg?w=1", "http://cdn.example/%E5%9B%BE%201.jpg?w=1"),
        ("//cdn.example/a.jpg", "https://cdn.example/a.jpg"),
    ],
)
def test_url_is_passed_on(read: Read, cell: str, url: str) -> None:
    """A URL is kept as it is written, but for blanks; without a scheme it gets https."""
    found = read("c.csv", row_of(cell), columns=PHOTO)

    assert found.items[0].pictures == (RemotePicture(url),)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("ftp://cdn.example/a.jpg", "picture-scheme"),
        ("data:image/png;base64,AAAA", "picture-scheme"),
        ("file:///etc/hostname", "picture-scheme"),
        ("https:///a.jpg", "picture-url"),
        ("https://me:secret@cdn.example/a.jpg", "picture-url"),
        ("//me@cdn.example/a.jpg", "picture-url"),
        ("https://cdn example/a.jpg", "picture-url"),
        ("https://[cdn/a.jpg", "picture-url"),
        ("gone.png", "picture-not-found"),
        ("photos", "picture-not-found"),
        ("photos/pipe", "picture-not-found"),
        ("photos/loop", "picture-not-found"),
        ("x" * 5000, "picture-not-found"),
        ("photos/page.jpg", "picture-format"),
        ("photos/empty.jpg", "picture-format"),
        ("photos/drawing.gif", "picture-format"),
        ("photos/cut.jpg", "picture-broken"),
        ("photos/cut.png", "picture-broken"),
        ("photos/bomb.png", "picture-too-big"),
        ("photos/wide.png", "picture-too-big"),
        ("photos/heavy.jpg", "picture-too-big"),
    ],
)
def test_bad_picture_is_a_fault(
    read: Read, draw: Draw, tmp_path: Path, cell: str, code: str
) -> None:
    """Every picture that cannot be sent is a fault of its cell before anything is sent."""
    draw("photos/drawing.gif")
    photos = tmp_path / "photos"
    for name in ("cut.jpg", "cut.png"):
        path = draw(f"photos/{name}", (640, 480))
        path.write_bytes(path.read_bytes()[:-400])
    os.mkfifo(photos / "pipe")
    (photos / "loop").symlink_to("loop")
    (photos / "page.jpg").write_text("<html>403</html>")
    (photos / "empty.jpg").touch()
    (photos / "bomb.png").write_bytes(bomb(60_000, 60_000))
    (photos / "wide.png").write_bytes(bomb(8_000, 6_000))
    with (photos / "heavy.jpg").open("wb") as file:
        file.truncate(PICTURE_BYTES_LIMIT + 1)

    found = read("c.csv", row_of(cell), columns=PHOTO)

    assert places(found) == [("c.csv", 2, "Photo", code)]
    assert found.faults[0].sku == "A1"


@pytest.mark.parametrize("way", ["up", "absolute", "link", "linked folder"])
def test_picture_outside_is_a_fault(read: Read, draw: Draw, tmp_path: Path, way: str) -> None:
    """No way out of the allowed folders is followed; the fault says which they are."""
    inside = tmp_path / "shop"
    inside.mkdir()
    secret = draw("private/secret.png")
    (inside / "link.png").symlink_to(secret)
    (inside / "linked").symlink_to(secret.parent)
    cell = {
        "up": "../private/secret.png",
        "absolute": str(secret),
        "link": "link.png",
        "linked folder": "linked/secret.png",
    }[way]

    found = read("shop/c.csv", row_of(cell), columns=PHOTO)

    assert places(found) == [("shop/c.csv", 2, "Photo", "picture-outside")]
    assert str(inside) in str(found.faults[0].message)
    assert "manifest.picture_folders" in str(found.faults[0].message)


@pytest.mark.parametrize("cell", ["a.png", "../photos/a.png", "{photos}/a.png"])
def test_picture_folders_are_allowed(read: Read, draw: Draw, tmp_path: Path, cell: str) -> None:
    """Pictures of a named folder are found by name, by way and by absolute path."""
    (tmp_path / "shop").mkdir()
    path = draw("photos/a.png")
    cell = cell.format(photos=path.parent)

    found = read("shop/c.csv", row_of(cell), columns=PHOTO, picture_folders=["photos"])

    (picture,) = found.items[0].pictures
    assert isinstance(picture, LocalPicture)
    assert picture.path == str(path)


def test_missing_picture_folder_is_refused(read: Read) -> None:
    """A picture folder that is not there is a slip in the job, not a fault of every row."""
    with pytest.raises(ManifestError, match="picture_folders names fotos"):
        read("c.csv", "sku\nA1\n", picture_folders=["fotos"])


def test_same_file_under_two_names_is_one_picture(read: Read, draw: Draw) -> None:
    """A picture that a row names twice, in two ways, is sent once."""
    draw("a.png")

    found = read("c.csv", "sku;image;images\nA1;a.png;./a.png\n")

    assert len(found.items[0].pictures) == 1


def test_file_is_opened_once(draw: Draw, tmp_path: Path) -> None:
    """What was measured is remembered: a file that goes away meanwhile is not asked again."""
    path = draw("a.png")
    finder = PictureFinder([tmp_path])
    first = finder.find("a.png")
    path.write_bytes(b"something else")

    again = finder.find("./a.png")

    assert isinstance(first, LocalPicture)
    assert isinstance(again, LocalPicture)
    assert (again.sha256, again.name) == (first.sha256, "./a.png")


@pytest.mark.parametrize("base", ["https://cdn.example/shop", "https://cdn.example/shop/"])
def test_names_that_are_no_file_lie_at_the_base(read: Read, draw: Draw, base: str) -> None:
    """A name that is in no folder is looked for at the job's address; a file that is there wins."""
    draw("photos/here.png")
    rows = "sku,photo\nA,photos/here.png\nB,/photos/red cup.jpg\n"

    found = read("c.csv", rows, columns=PHOTO, picture_base=base)

    here, there = (item.pictures[0] for item in found.items)
    assert isinstance(here, LocalPicture)
    assert there == RemotePicture("https://cdn.example/shop/photos/red%20cup.jpg")


def test_description_in_the_picture_column_is_told_by_its_beginning(read: Read) -> None:
    """A cell without end is not repeated whole in the fault."""
    (fault,) = read("c.csv", f"sku,image\nA1,{'x' * 5000}\n").faults

    assert len(str(fault.message)) < 500
