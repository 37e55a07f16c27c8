"""Check that a file is a whole MP4 clip, by walking its boxes. Knows no network and no decoder.

A download can end early without any error; the boxes tell, because each says how long it is, and
the sample table says how many bytes of `mdat` the clip needs. Only boxes and tables are read,
never pictures: damage inside the pictures is not seen. Layout: ISO/IEC 14496-12.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from batchgen.errors import BadFile
from batchgen.messages import Message, msg

#: Boxes side by side, and samples of one track: far beyond a clip, little enough to walk.
_MOST_BOXES = 10_000
_MOST_SAMPLES = 1_000_000


@dataclass(frozen=True, slots=True)
class Mp4Facts:
    """What the boxes say of a clip's picture."""

    width: int
    height: int
    duration_s: float
    #: Four characters, e.g. `avc1`.
    codec: str


class _Box(NamedTuple):
    kind: bytes
    #: Of the payload, in bytes from the start of the file.
    start: int
    end: int
    #: Its length is "to the end of the file".
    is_open: bool


def read_mp4(path: Path) -> Mp4Facts:
    """Check a file and read its facts; blocks, so call it in a thread.

    Raises:
        BadFile: it is not a complete clip; the message says why.
    """
    with path.open("rb") as file:
        size_bytes = file.seek(0, 2)
        try:
            return _facts(file, _top_level(file, size_bytes))
        except struct.error:
            raise _bad(msg("a box is shorter than it must be")) from None


def _bad(why: Message) -> BadFile:
    return BadFile(msg("the file is not a whole clip: {why}", why=why))


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[_Box]:
    """Yield the boxes that fill `start` to `end` exactly."""
    for _ in range(_MOST_BOXES):
        if start == end:
            return
        file.seek(start)
        head = file.read(min(16, end - start))
        size, kind = struct.unpack_from(">I4s", head)
        head_bytes = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", head, 8)
            head_bytes = 16
        is_open = size == 0
        stop = end if is_open else start + size
        if stop < start + head_bytes or stop > end:
            name = kind.decode("ascii", "replace")
            raise _bad(
                msg("box {name} ends at byte {stop} of {end}", name=name, stop=stop, end=end)
            )
        yield _Box(kind, start + head_bytes, stop, is_open)
        start = stop
    raise _bad(msg("it has too many boxes"))


def _top_level(file: BinaryIO, size_bytes: int) -> list[_Box]:
    """List the outermost boxes; refuse a file that cannot be a whole clip."""
    boxes: list[_Box] = []
    for box in _boxes(file, 0, size_bytes):
        if not boxes and box.kind != b"ftyp":
            break
        boxes.append(box)
    if not boxes:
        raise _bad(msg("it does not begin like an MP4 file"))
    kinds = [box.kind for box in boxes]
    if kinds.count(b"moov") != 1 or b"mdat" not in kinds:
        raise _bad(msg("its index or its pictures are missing"))
    fragments = kinds.count(b"moof")
    if kinds.count(b"mdat") < fragments or any(
        box.is_open and (fragments or box.kind != b"mdat") for box in boxes
    ):
        raise _bad(msg("its end is missing"))
    return boxes


def _facts(file: BinaryIO, top: list[_Box]) -> Mp4Facts:
    moov = next(box for box in top if box.kind == b"moov")
    tracks = _children(file, moov, b"trak")
    payload_bytes = sum(box.end - box.start for box in top if box.kind == b"mdat")
    if sum(_sample_bytes(file, track) for track in tracks) > payload_bytes:
        raise _bad(msg("some of its pictures are missing"))
    video = next((track for track in tracks if _is_video(file, track)), None)
    if video is None:
        raise _bad(msg("it has no picture track"))
    width, height = _size(file, video)
    moofs = [box for box in top if box.kind == b"moof"]
    duration_s = _fragments_s(file, moov, video, moofs) if moofs else _length_s(file, moov)
    if not (width and height and duration_s > 0):
        raise _bad(msg("it has no picture size or no duration"))
    entry = _payload(file, _only(file, video, b"mdia", b"minf", b"stbl", b"stsd"), 16)
    codec = struct.unpack_from("4s", entry, 12)[0].decode("ascii", "replace")
    return Mp4Facts(width, height, duration_s, codec)


def _children(file: BinaryIO, parent: _Box, kind: bytes) -> list[_Box]:
    return [box for box in _boxes(file, parent.start, parent.end) if box.kind == kind]


def _only(file: BinaryIO, parent: _Box, *path: bytes) -> _Box:
    """Go down a path of boxes, taking the first of each kind."""
    for kind in path:
        found = _children(file, parent, kind)
        if not found:
            raise _bad(msg("box {name} is missing", name=kind.decode("ascii")))
        parent = found[0]
    return parent


def _payload(file: BinaryIO, box: _Box, most_bytes: int) -> bytes:
    file.seek(box.start)
    return file.read(min(most_bytes, box.end - box.start))


def _is_video(file: BinaryIO, track: _Box) -> bool:
    handler = _payload(file, _only(file, track, b"mdia", b"hdlr"), 12)
    return handler[8:12] == b"vide"


def _size(file: BinaryIO, track: _Box) -> tuple[int, int]:
    """Read width and height in pixels (16.16 fixed point at the end of `tkhd`)."""
    header = _payload(file, _only(file, track, b"tkhd"), 96)
    width, height = struct.unpack_from(">II", header, 88 if header[:1] == b"\x01" else 76)
    return width >> 16, height >> 16


def _clock(file: BinaryIO, box: _Box) -> tuple[int, int]:
    """Read ticks a second and duration in ticks of `mvhd` or `mdhd`."""
    header = _payload(file, box, 32)
    if header[:1] == b"\x01":
        rate, ticks = struct.unpack_from(">IQ", header, 20)
    else:
        rate, ticks = struct.unpack_from(">II", header, 12)
    if not rate:
        raise _bad(msg("it has no picture size or no duration"))
    return rate, ticks


def _length_s(file: BinaryIO, moov: _Box) -> float:
    rate, ticks = _clock(file, _only(file, moov, b"mvhd"))
    return float(ticks / rate)


def _sample_bytes(file: BinaryIO, track: _Box) -> int:
    """Sum the bytes of `mdat` that a track's sample table asks for (0 in a fragmented file)."""
    tables = _children(file, _only(file, track, b"mdia", b"minf", b"stbl"), b"stsz")
    if not tables:
        return 0
    table = _payload(file, tables[0], 12 + 4 * _MOST_SAMPLES)
    same_bytes, count = struct.unpack_from(">II", table, 4)
    if same_bytes or not count:
        return int(same_bytes * count)
    if count > _MOST_SAMPLES:
        raise _bad(msg("it has too many pictures"))
    return sum(struct.unpack_from(f">{count}I", table, 12))


def _fragments_s(file: BinaryIO, moov: _Box, video: _Box, moofs: list[_Box]) -> float:
    """Add up how long the fragments of one track last."""
    rate, _ = _clock(file, _only(file, video, b"mdia", b"mdhd"))
    header = _payload(file, _only(file, video, b"tkhd"), 24)
    (track_id,) = struct.unpack_from(">I", header, 20 if header[:1] == b"\x01" else 12)
    usual = 0
    for box in _children(file, _only(file, moov, b"mvex"), b"trex"):
        trex_id, _, ticks = struct.unpack_from(">III", _payload(file, box, 16), 4)
        usual = ticks if trex_id == track_id else usual
    parts = [traf for moof in moofs for traf in _children(file, moof, b"traf")]
    return float(sum(_part_ticks(file, traf, track_id, usual) for traf in parts) / rate)


def _part_ticks(file: BinaryIO, traf: _Box, track_id: int, usual: int) -> int:
    """Give the ticks of one `traf`; 0 when it is of another track."""
    header = _payload(file, _only(file, traf, b"tfhd"), 24)
    flags, part_id = struct.unpack_from(">II", header)
    if part_id != track_id:
        return 0
    if flags & 0x8:
        skipped_bytes = (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
        (usual,) = struct.unpack_from(">I", header, 8 + skipped_bytes)
    return sum(_run_ticks(file, run, usual) for run in _children(file, traf, b"trun"))


def _run_ticks(file: BinaryIO, run: _Box, usual: int) -> int:
    """Give the ticks of one `trun`: each sample's own duration, else the usual one."""
    content = _payload(file, run, 16 + 16 * _MOST_SAMPLES)
    flags, count = struct.unpack_from(">II", content)
    if not flags & 0x100:
        return int(count * usual)
    if count > _MOST_SAMPLES:
        raise _bad(msg("it has too many pictures"))
    first = 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0)
    step = 4 * (flags & 0xF00).bit_count()
    return sum(struct.unpack_from(">I", content, first + step * i)[0] for i in range(count))
