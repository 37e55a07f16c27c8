"""Reads what a clip is, and encodes it anew: of another shape, longer, for another decoder.

The last frame is held until the film is long enough; frames come at an even pace. Knows PyAV, and
nothing of jobs, records or folders. Everything here blocks: call it in a thread.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av import AudioFrame, VideoFrame
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from batchgen.messages import msg
from batchgen.output.finishing.look import Look
from batchgen.output.finishing.shape import LEVELS, NotFinished, Shape, Size
from batchgen.output.finishing.sound import Sound

#: Quality where no size is asked for (x264's scale, less is better; 23 is its own default).
_QUALITY = 20
_PRESET = "veryfast"
_HIGH_PROFILE = 100
#: Pictures a second that a clip may have; beyond them its times are damaged.
_RATES = (Fraction(1), Fraction(120))
#: Nor is a clip longer than this.
_MOST_S = 600


class Abandoned(Exception):
    """Nobody wants the film any more; what was written of it is to be removed."""


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What a clip is, as far as its second file depends on it."""

    size: Size
    #: Pictures a second.
    rate: Fraction
    duration_s: float
    has_sound: bool
    #: H.264 High, 4:2:0, and at most AAC beside it.
    is_high: bool
    #: Ten times the H.264 level; 0 where it says none.
    level: int
    #: Its index stands before its pictures.
    is_fast_start: bool


@dataclass(frozen=True, slots=True)
class Order:
    """What a film is made to."""

    shape: Shape
    fill: str
    level: str
    rate: Fraction
    #: Seconds that it has at least.
    least_s: float
    #: Bits a second of the picture; None: what its quality needs.
    bit_rate: int | None = None


def read_film(path: Path) -> FilmFacts:
    """Read a clip's facts.

    Raises:
        NotFinished: it has no picture, or one that would come out distorted or turned.
        OSError: it cannot be read.
    """
    with _in_our_words(), av.open(str(path)) as film:
        stream = _picture(film)
        codec = stream.codec_context
        rate = stream.average_rate or stream.guessed_rate or Fraction(0)
        if not _RATES[0] <= rate <= _RATES[1]:
            raise NotFinished(msg("it does not say how many pictures a second it has"))
        first = next(film.decode(stream), None)
        if first is None:
            raise NotFinished(msg("it has no pictures"))
        if first.rotation or codec.sample_aspect_ratio not in {None, 0, 1}:
            raise NotFinished(msg("its pictures are stored turned or stretched"))
        sounds = [heard.codec_context.name for heard in film.streams.audio]
        profile, level = _profile_and_level(codec)
        return FilmFacts(
            size=Size(first.width, first.height),
            rate=rate,
            duration_s=float((stream.duration or 0) * (stream.time_base or 0)),
            has_sound=bool(sounds),
            is_high=profile == _HIGH_PROFILE
            and codec.pix_fmt == "yuv420p"
            and sounds in ([], ["aac"]),
            level=level,
            is_fast_start=_is_fast_start(path),
        )


def encode(source: Path, target: Path, order: Order, is_wanted: Callable[[], bool]) -> float:
    """Write the film of an order to `target` and give its seconds; `is_wanted` is asked often.

    Raises:
        Abandoned: it is not wanted any more.
        NotFinished: the clip cannot be decoded.
        OSError: the target cannot be written.
    """
    options = {"movflags": "faststart"}
    with (
        _in_our_words(),
        av.open(str(source)) as film,
        av.open(str(target), "w", format="mp4", options=options) as container,
    ):
        picture = _picture(film)
        pictures = _Pictures(order, picture, container)
        heard = next(iter(film.streams.audio), None)
        sound = None if heard is None else Sound(heard, container)
        for frame in _decoded(film, [s for s in (picture, heard) if s is not None]):
            if not is_wanted():
                raise Abandoned
            if isinstance(frame, VideoFrame):
                pictures.add(frame)
            elif sound is not None:
                sound.add(frame)
        seconds = pictures.end(is_wanted)
        if sound is not None:
            sound.end(seconds)
    return seconds


class _Pictures:
    """Encodes frames at an even pace: each stands until the next one's time has come."""

    def __init__(self, order: Order, source: VideoStream, container: OutputContainer) -> None:
        self._order = order
        self._look = Look(order.shape, order.fill)
        self._container = container
        self._stream = _encoder(order, source, container)
        #: When the clip's first frame is shown.
        self._starts_at: float | None = None
        #: The frame that is shown, and how many were encoded.
        self._shown: VideoFrame | None = None
        self._encoded = 0

    def add(self, frame: VideoFrame) -> None:
        """Show this frame from its time on."""
        if self._starts_at is None:
            self._starts_at = frame.time
        if frame.time - self._starts_at > _MOST_S:
            raise NotFinished(msg("the times of its pictures are damaged"))
        self._show_until(round((frame.time - self._starts_at) * self._order.rate))
        self._shown = self._look.frame(frame)

    def end(self, is_wanted: Callable[[], bool]) -> float:
        """Hold the last frame as long as is asked for; give the seconds of the film."""
        held_until = math.ceil(round(self._order.least_s * self._order.rate, 6))
        last = max(held_until, self._encoded + 1)
        while self._encoded < last:
            if not is_wanted():
                raise Abandoned
            self._show_until(self._encoded + 1)
        self._container.mux(self._stream.encode(None))
        return float(self._encoded / self._order.rate)

    def _show_until(self, number: int) -> None:
        while self._shown is not None and self._encoded < number:
            self._shown.pts, self._shown.time_base = self._encoded, 1 / self._order.rate
            self._container.mux(self._stream.encode(self._shown))
            self._encoded += 1


def _encoder(order: Order, source: VideoStream, container: OutputContainer) -> VideoStream:
    most = LEVELS[order.level].kbit_per_s * 1000
    rate = {"crf": str(_QUALITY)}
    if order.bit_rate is not None:
        most = min(most, order.bit_rate)
        rate = {"b": str(most)}
    options = {
        "preset": _PRESET,
        "profile": "high",
        "level": order.level,
        "maxrate": str(most),
        "bufsize": str(most),
        **rate,
    }
    stream = container.add_stream("libx264", rate=order.rate, options=options)
    stream.width, stream.height = order.shape.canvas
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1
    stream.codec_context.color_range = ColorRange.MPEG
    stream.codec_context.colorspace = source.codec_context.colorspace
    stream.codec_context.color_primaries = source.codec_context.color_primaries
    stream.codec_context.color_trc = source.codec_context.color_trc
    return stream


def _decoded(film: InputContainer, streams: list[Stream]) -> Iterator[VideoFrame | AudioFrame]:
    """Decode picture and sound as they come, without what has no time."""
    for packet in film.demux(*streams):
        for frame in packet.decode():
            if isinstance(frame, VideoFrame | AudioFrame) and frame.pts is not None:
                yield frame


def _picture(film: InputContainer) -> VideoStream:
    stream = next(iter(film.streams.video), None)
    if stream is None:
        raise NotFinished(msg("it has no pictures"))
    stream.codec_context.thread_count = 1
    return stream


def _profile_and_level(codec: VideoCodecContext) -> tuple[int, int]:
    """Read both from an H.264 decoder record (ISO/IEC 14496-15, avcC); zeros without one."""
    record = codec.extradata or b""
    if codec.name != "h264" or record[:1] != b"\x01" or len(record) < 4:
        return 0, 0
    return record[1], record[3]


def _is_fast_start(path: Path) -> bool:
    """Tell which comes first in an MP4 file: its index or its pictures."""
    with path.open("rb") as file:
        while len(head := file.read(8)) == 8:
            size, kind = struct.unpack(">I4s", head)
            if kind in {b"moov", b"mdat"} or size < 8:
                return bool(kind == b"moov")
            file.seek(size - 8, 1)
    return False


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Say that a clip cannot be decoded; what the disk says goes on as it is."""
    try:
        yield
    except OSError:
        raise
    except av.FFmpegError as error:
        raise NotFinished(msg("it cannot be decoded ({reason})", reason=error.strerror)) from error
