from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from batchgen.output.poster import draw_poster

MakeClip = Callable[..., bytes]


@pytest.mark.parametrize(
    ("colours", "expected"),
    [
        pytest.param(("red", "blue"), (255, 0, 0), id="first picture"),
        pytest.param(("black", "black", "blue"), (0, 0, 255), id="black ones are skipped"),
        pytest.param(("black", "black"), (0, 0, 0), id="all black"),
    ],
)
def test_the_poster_shows_the_first_visible_picture(
    tmp_path: Path, make_clip: MakeClip, colours: tuple[str, ...], expected: tuple[int, int, int]
) -> None:
    """A clip that fades in does not get a black poster."""
    (tmp_path / "clip.mp4").write_bytes(make_clip(*colours))
    jpeg = draw_poster(tmp_path / "clip.mp4")
    assert jpeg is not None
    with Image.open(io.BytesIO(jpeg)) as picture:
        pixel = picture.convert("RGB").getpixel((32, 24))
    assert isinstance(pixel, tuple)
    assert all(abs(a - b) < 30 for a, b in zip(pixel, expected, strict=True))


@pytest.mark.parametrize("content", [b"", b"no clip at all", None])
def test_what_cannot_be_decoded_has_no_poster(tmp_path: Path, content: bytes | None) -> None:
    """A missing or broken clip gives None instead of an error."""
    if content is not None:
        (tmp_path / "clip.mp4").write_bytes(content)
    assert draw_poster(tmp_path / "clip.mp4") is None
