from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from batchgen.errors import BadFile
from batchgen.output.mp4 import Mp4Facts, read_mp4

MakeClip = Callable[..., bytes]

KINDS: dict[str, dict[str, str]] = {
    "index last": {},
    "index first": {"movflags": "faststart"},
    "fragments": {"movflags": "frag_keyframe+empty_moov"},
    "fragments with own durations": {"movflags": "frag_every_frame+empty_moov+default_base_moof"},
}


def read(tmp_path: Path, content: bytes) -> Mp4Facts:
    """Write the content to a file and check it."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    return read_mp4(path)


def box(kind: bytes, payload: bytes = b"") -> bytes:
    """Build one box."""
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_facts_of_a_whole_clip(
    tmp_path: Path, make_clip: MakeClip, options: dict[str, str]
) -> None:
    """Size, duration and codec are read from every common layout."""
    facts = read(tmp_path, make_clip(**options))
    assert facts == Mp4Facts(width=64, height=48, duration_s=4.0, codec="avc1")


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_every_truncation_is_noticed(
    tmp_path: Path, make_clip: MakeClip, options: dict[str, str]
) -> None:
    """A clip cut anywhere is refused; a fragmented one may end between whole fragments only."""
    content = make_clip(**options)
    accepted = []
    for length in range(0, len(content), 7):
        try:
            accepted.append(read(tmp_path, content[:length]))
        except BadFile:
            continue
    assert len(accepted) <= (8 if "frag" in str(options) else 0)


def test_an_open_ended_clip_is_measured_by_its_samples(tmp_path: Path, make_clip: MakeClip) -> None:
    """A last box without a length is taken only when every sample has its bytes."""
    content = make_clip(movflags="faststart")
    start = content.index(b"mdat") - 4
    content = content[:start] + b"\0\0\0\0" + content[start + 4 :]
    assert read(tmp_path, content).duration_s == 4.0
    with pytest.raises(BadFile, match="pictures are missing"):
        read(tmp_path, content[:-40])


def test_64_bit_box_sizes_are_read(tmp_path: Path, make_clip: MakeClip) -> None:
    """A box may give its length in 64 bits."""
    content = make_clip()
    free = struct.pack(">I4sQ", 1, b"free", 24) + b"12345678"
    assert read(tmp_path, content + free).width == 64


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<!doctype html><title>Error</title>", id="page"),
        pytest.param(b'{"error": {"code": "1234"}}', id="JSON"),
        pytest.param(box(b"ftyp", b"isom"), id="only a head"),
        pytest.param(box(b"ftyp") + box(b"mdat", b"x"), id="no index"),
        pytest.param(box(b"ftyp") + box(b"moov"), id="no pictures"),
        pytest.param(box(b"ftyp") + box(b"moov") + box(b"mdat"), id="empty index"),
        pytest.param(box(b"moov") + box(b"ftyp") + box(b"mdat"), id="wrong order"),
        pytest.param(box(b"ftyp") + struct.pack(">I4sQ", 1, b"mdat", 2**63), id="huge box"),
        pytest.param(box(b"ftyp") + struct.pack(">I4sQ", 1, b"mdat", 3), id="box within its head"),
        pytest.param(box(b"ftyp") + struct.pack(">I4s", 7, b"mdat"), id="too small a box"),
        pytest.param(box(b"ftyp") + box(b"free") * 20_000, id="endless boxes"),
        pytest.param(
            box(b"ftyp") + box(b"moov", box(b"trak", box(b"trak") * 9)) + box(b"mdat"), id="nested"
        ),
        pytest.param(
            box(b"ftyp") + box(b"moov", box(b"trak", box(b"mdia", box(b"hdlr")))) + box(b"mdat"),
            id="short fields",
        ),
    ],
)
def test_what_is_no_clip_is_refused(tmp_path: Path, content: bytes) -> None:
    """Anything that is not a whole clip is a BadFile, never another error."""
    with pytest.raises(BadFile):
        read(tmp_path, content)


def test_every_damaged_index_is_refused_or_read(tmp_path: Path, make_clip: MakeClip) -> None:
    """A flipped byte anywhere in the index never raises anything but BadFile."""
    content = bytearray(make_clip("red", "red"))
    for at in range(content.index(b"moov"), len(content)):
        content[at] ^= 0xFF
        with contextlib.suppress(BadFile):
            assert read(tmp_path, bytes(content)).width > 0
        content[at] ^= 0xFF


def test_a_clip_without_duration_is_refused(tmp_path: Path, make_clip: MakeClip) -> None:
    """A clip that lasts no time is no clip."""
    content = bytearray(make_clip())
    at = content.index(b"mvhd") + 4 + 16
    content[at : at + 4] = b"\0\0\0\0"
    with pytest.raises(BadFile, match="no duration"):
        read(tmp_path, bytes(content))
