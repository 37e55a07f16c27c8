"""Second files made of real clips: length, shape, stream, size, sound, and when they are made."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from batchgen.job.schema import Finish
from batchgen.output.finishing.film import Abandoned, FilmFacts, read_film
from batchgen.output.finishing.making import make_second
from batchgen.output.finishing.record import Original, stands
from batchgen.output.finishing.shape import NotFinished

RATE = 8
FILE = "clips/A/main.mp4"
Pixels = NDArray[np.uint8]


def scene(number: int, width: int = 128, height: int = 72) -> Pixels:
    """Draw a picture: a ground that is dark left and light right, with a bar that moves down."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:] = np.linspace(40, 200, width, dtype=np.uint8)[None, :, None]
    pixels[number * 4 : number * 4 + 16, :, 0] = 250
    return pixels


def film(path: Path, *, frames: int = 8, sound: str | None = None, noise: bool = False) -> Path:
    """Encode a clip of a second, eight pictures a second, as a provider might."""
    path.parent.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(7)
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=RATE, options={"profile": "baseline"})
        video.width, video.height, video.pix_fmt = 128, 72, "yuv420p"
        audio = container.add_stream("aac", rate=44_100, layout="mono") if sound else None
        if audio is not None:
            tone = np.sin(np.arange(44_100) / 20).astype(np.float32).reshape(1, -1) / 4
            heard = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            heard.sample_rate, heard.pts = 44_100, 0
            container.mux(audio.encode(heard))
            container.mux(audio.encode(None))
        for number in range(frames):
            pixels = chance.integers(0, 255, (72, 128, 3)).astype(np.uint8)
            pixels = pixels if noise else scene(number)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(video.encode(None))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give an output folder with one clip and what is told of it."""
    path = film(tmp_path / FILE)
    path.with_suffix(".json").write_text(json.dumps({"sku": "A", "sha256": "ab"}))
    return tmp_path


def finish(**said: Any) -> Finish:
    """Read settings as from a job file."""
    return Finish.model_validate(said)


def made(root: Path, settings: Finish, sha256: str = "ab") -> bool:
    """Make the second file; tell whether anything was to be made."""
    return make_second(root, Original(FILE, sha256, "A / main"), settings, lambda: True)


def second(root: Path) -> Path:
    """Give where the second file lies."""
    return root / "clips/A/main.finished.mp4"


def facts(root: Path) -> FilmFacts:
    """Read the second file."""
    return read_film(second(root))


def pictures(path: Path) -> list[Pixels]:
    """Decode all pictures."""
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [frame.to_ndarray(format="rgb24").astype(np.uint8) for frame in frames]


def difference(one: Pixels, other: Pixels) -> float:
    """Give how far two pictures are apart on average, of 255."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


# ------------------------------------------------------------------ what it is


@pytest.mark.parametrize(("hold_to", "frames"), [("3s", 24), ("2.5s", 20), ("2.01s", 17)])
def test_the_last_picture_is_held(root: Path, hold_to: str, frames: int) -> None:
    """The film is never shorter than asked for; what is held is the clip's last picture."""
    made(root, finish(hold_to=hold_to))
    shown = pictures(second(root))
    assert len(shown) == frames
    assert facts(root).duration_s == pytest.approx(frames / RATE)
    last = pictures(root / FILE)[-1]
    assert max(difference(picture, last) for picture in shown[8:]) < 6
    assert difference(shown[0], last) > 20


def test_a_clip_that_is_long_enough_keeps_its_length(root: Path) -> None:
    """Nothing is ever cut off in time."""
    made(root, finish(hold_to="0.5s"))
    assert facts(root).duration_s == pytest.approx(1.0)


def test_crop_shows_the_middle(root: Path) -> None:
    """The picture is cut left and right, not squeezed."""
    made(root, finish(ratio="3:4", fill="crop"))
    assert facts(root).size == (54, 72)
    expected = pictures(root / FILE)[3][:, 36:90]  # chroma is cut at even places
    assert difference(pictures(second(root))[3], expected) < 6


def test_pad_stands_on_white(root: Path) -> None:
    """The whole clip is there, in the middle, on the white of a shop's page."""
    made(root, finish(ratio="1:1", fill="pad"))
    shown = pictures(second(root))[3]
    assert shown.shape == (128, 128, 3)
    assert shown[:24].min() > 235
    assert shown[106:].min() > 235
    assert difference(shown[28:100], pictures(root / FILE)[3]) < 6


def test_blur_stands_on_itself(root: Path) -> None:
    """Beside the clip is its own picture, dark left and light right, without its hard bar."""
    made(root, finish(ratio="1:1", fill="blur"))
    shown = pictures(second(root))[3].astype(int)
    assert shown.shape == (128, 128, 3)
    assert difference(shown[28:100].astype(np.uint8), pictures(root / FILE)[3]) < 6
    above = shown[4:24, :, 1]
    assert above[:, :16].mean() + 30 < above[:, -16:].mean() < 220


@pytest.mark.parametrize("level", ["3.1", "4.0", "4.2"])
def test_the_stream_is_what_platforms_take(root: Path, level: str) -> None:
    """H.264 High at the level, 4:2:0, index before pictures."""
    made(root, finish(level=level))
    film_facts = facts(root)
    assert film_facts.level == int(float(level) * 10)
    assert film_facts.is_high
    assert film_facts.is_fast_start


def test_silence_follows_the_sound(root: Path) -> None:
    """The sound is kept, and goes on silently as long as the picture is held."""
    film(root / FILE, sound="aac")
    made(root, finish(hold_to="2s"))
    with av.open(str(second(root))) as container:
        heard = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    assert len(heard) == pytest.approx(2 * 44_100, abs=2_048)
    assert np.abs(heard[4_000:40_000]).mean() > 0.05
    assert np.abs(heard[50_000:]).max() < 0.01


def test_an_uneven_pace_becomes_even(root: Path) -> None:
    """A picture that is shown for longer is shown again."""
    with av.open(str(root / FILE), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = 128, 72, "yuv420p"
        for number, at in enumerate((0, 1, 2, 6, 7)):
            frame = av.VideoFrame.from_ndarray(scene(number), format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, RATE)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    made(root, finish(hold_to="2s"))
    steps = itertools.pairwise(pictures(second(root)))
    assert sum(difference(a, b) > 5 for a, b in steps) == 4


# ------------------------------------------------------------------ how large it is


def test_bits_are_taken_away_until_it_fits(root: Path) -> None:
    """A noisy clip is made again with fewer bits."""
    film(root / FILE, noise=True)
    made(root, finish(hold_to="2s"))
    free = second(root).stat().st_size
    made(root, finish(hold_to="2s", max_mb=str(free / 2e6)))
    assert second(root).stat().st_size <= free / 2
    assert len(pictures(second(root))) == 16


def test_a_cap_that_cannot_hold_is_told(root: Path) -> None:
    """There is no second file then, also none of earlier settings."""
    film(root / FILE, noise=True)
    made(root, finish(hold_to="2s"))
    with pytest.raises(NotFinished, match=r"0\.001 MB are allowed: allow more with finish.max_mb"):
        made(root, finish(hold_to="2s", max_mb="0.001"))
    assert {path.name for path in second(root).parent.iterdir()} == {"main.mp4", "main.json"}


# ------------------------------------------------------------------ when it is made


def test_the_original_is_left_alone(root: Path) -> None:
    """Not a byte of the clip changes, and what was told of it stays told."""
    before = (root / FILE).read_bytes()
    made(root, finish(hold_to="2s", ratio="1:1", fill="crop"))
    assert (root / FILE).read_bytes() == before
    told = json.loads((root / FILE).with_suffix(".json").read_text())
    assert (told["sku"], told["sha256"]) == ("A", "ab")
    digest = hashlib.sha256(second(root).read_bytes()).hexdigest()
    assert told["finished"]["file"] == "clips/A/main.finished.mp4"
    assert (told["finished"]["of"], told["finished"]["sha256"]) == ("ab", digest)
    assert (told["finished"]["width"], told["finished"]["duration_s"]) == (72, 2.0)


def test_what_stands_is_not_made_again(root: Path) -> None:
    """The second time nothing is written."""
    settings = finish(hold_to="2s")
    assert made(root, settings)
    before = second(root).stat()
    assert not made(root, settings)
    assert second(root).stat() == before


@pytest.mark.parametrize("case", ["settings", "clip", "gone", "cut short", "nothing told"])
def test_what_does_not_fit_any_more_is_made_again(root: Path, case: str) -> None:
    """Other settings, another clip, a file that is gone or damaged: the second file is made."""
    made(root, finish(hold_to="2s"))
    settings = finish(hold_to="3s" if case == "settings" else "2s")
    sha256 = "cd" if case == "clip" else "ab"
    if case == "gone":
        second(root).unlink()
    elif case == "cut short":
        os.truncate(second(root), 100)
    elif case == "nothing told":
        (root / FILE).with_suffix(".json").unlink()
    assert made(root, settings, sha256)
    assert stands(root, Original(FILE, sha256, "A"), settings)


def test_a_clip_that_is_so_already_is_copied(root: Path) -> None:
    """The same bytes in a file of their own: a change of one leaves the other."""
    made(root, finish(hold_to="2s"))
    second(root).replace(root / FILE)
    made(root, finish(hold_to="2s", ratio="16:9", fill="crop", level="4.1"), sha256="cd")
    assert second(root).read_bytes() == (root / FILE).read_bytes()
    assert not second(root).samefile(root / FILE)


def test_who_is_not_wanted_leaves_nothing(root: Path) -> None:
    """A stop in the middle leaves the older file and no part of a new one."""
    made(root, finish(hold_to="2s"))
    wanted: Iterator[bool] = itertools.chain([True] * 5, itertools.repeat(False))
    with pytest.raises(Abandoned):
        make_second(root, Original(FILE, "ab", "A"), finish(hold_to="9s"), lambda: next(wanted))
    assert stands(root, Original(FILE, "ab", "A"), finish(hold_to="2s"))
    assert not list(root.rglob("*.part"))


# ------------------------------------------------------------------ what can be wrong


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"no film at all", "cannot be decoded", id="no film"),
        pytest.param(None, "is not there", id="gone"),
    ],
)
def test_a_clip_that_cannot_be_finished(root: Path, content: bytes | None, reason: str) -> None:
    """The reason is told; nothing is left behind."""
    (root / FILE).unlink()
    if content is not None:
        (root / FILE).write_bytes(content)
    with pytest.raises(NotFinished, match=reason):
        made(root, finish(hold_to="2s"))
    assert not list(root.rglob("*.finished*"))


def test_nothing_is_written_through_a_link(root: Path) -> None:
    """A link in the place of the part is removed; one in the way of the clip is refused."""
    kept = root / "kept.txt"
    kept.write_text("mine")
    (root / "clips/A/main.finished.mp4.part").symlink_to(kept)
    assert made(root, finish(hold_to="2s"))
    (root / "clips/A").rename(root / "elsewhere")
    (root / "clips/A").symlink_to(root / "elsewhere")
    with pytest.raises(NotFinished, match="is a link"):
        made(root, finish(hold_to="3s"))
    assert kept.read_text() == "mine"


def test_a_disk_that_takes_no_more_is_said_by_itself(root: Path) -> None:
    """What the system says of the disk is not taken for a fault of the clip."""
    resource = pytest.importorskip("resource", reason="POSIX limits")
    film(root / FILE, noise=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    try:
        with pytest.raises(OSError, match="File too large") as told:
            made(root, finish(hold_to="2s"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert told.value.errno == errno.EFBIG
    assert not list(root.rglob("*.part"))
