"""Clips drawn from the caller's own pictures: slow push-in, first to last frame, one by one.

A clip is a row of shots, each a still on a canvas that the camera slowly moves towards or away
from, with a dissolve from one to the next. Frames are made in planes of YUV 4:2:0, half the work
of RGB. The same film is drawn once. Knows no task, no account and no HTTP.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from PIL import Image, ImageFilter, ImageOps

from batchgen.clip import ClipRequest, LocalPicture, Picture
from batchgen.simulator.lifecycle import digest_of
from batchgen.simulator.pictures import Fetcher, open_upright, placeholder
from batchgen.video_models import MODELS

FRAMES_PER_SECOND = 24
#: Of a sketch: enough to see which product it is, and hardly any work.
_SKETCHED_PER_SECOND = 1
_SAMPLES_PER_SECOND = 44100
#: Width and height of the aspect ratios of vidu2-reference.
_RATIO_SIZES: Mapping[str, tuple[int, int]] = {
    "16:9": (1280, 720),
    "9:16": (720, 1280),
    "1:1": (960, 960),
}
#: movement_amplitude -> how much nearer the camera comes.
_ZOOM: Mapping[str, float] = {"auto": 0.12, "small": 0.06, "medium": 0.12, "large": 0.22}
#: The edge of a picture is plain when its colours spread no more than this.
_PLAIN_SPREAD = 10.0
_RENDERS_AT_ONCE = 2
#: Full-range values to those of video: 16 to 235 for luma, 16 to 240 for chroma (ITU-R BT.601).
_LUMA = [round(16 + value * 219 / 255) for value in range(256)]
_CHROMA = [round(128 + (value - 128) * 224 / 255) for value in range(256)]

#: Luma at full size, then the two chroma planes at half size.
Planes = tuple[Image.Image, ...]


@dataclass(frozen=True, slots=True)
class Film:
    """A clip on disk and its first frame."""

    video: Path
    cover: Path


@dataclass(frozen=True, slots=True)
class _Shot:
    """A still, and how near the camera is at the clip's beginning and end (1.0 shows it whole)."""

    canvas: Planes
    zoom_from: float
    zoom_to: float


class Studio:
    """Draws a film when it is first asked for, two at a time.

    Sketches have few frames, and cards in the place of remote pictures.
    """

    def __init__(self, pictures: Path, clips: Path, *, is_sketch: bool = False) -> None:
        self._pictures = pictures
        self._clips = clips
        self._is_sketch = is_sketch
        self._rate = _SKETCHED_PER_SECOND if is_sketch else FRAMES_PER_SECOND
        self._fetcher = Fetcher()
        self._places = asyncio.Semaphore(_RENDERS_AT_ONCE)
        self._one_each: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def film(self, request: ClipRequest) -> Film:
        """Give the film of a request, drawn now or before; the words of the prompt do not show."""
        name = digest_of(replace(request, prompt="", user_id=None))
        film = Film(self._clips / f"{name}.mp4", self._clips / f"{name}.jpg")
        async with self._one_each[name]:
            if not film.video.exists():
                contents = [await self._content(picture) for picture in request.pictures]
                async with self._places:
                    await asyncio.to_thread(draw, request, contents, film, self._rate)
        return film

    async def _content(self, picture: Picture) -> bytes | None:
        if isinstance(picture, LocalPicture):
            return await asyncio.to_thread((self._pictures / picture.sha256).read_bytes)
        if self._is_sketch:
            return None
        return await self._fetcher.fetch(picture.url)


def frame_size(request: ClipRequest) -> tuple[int, int]:
    """Give a clip's width and height in pixels, both even."""
    if request.aspect_ratio is not None:
        return _RATIO_SIZES[request.aspect_ratio]
    width, _, height = request.size.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        return _RATIO_SIZES["16:9"]
    return _even(int(width)), _even(int(height))


def _even(side: int) -> int:
    return min(max(side, 64), 1920) // 2 * 2


def draw(
    request: ClipRequest,
    contents: Sequence[bytes | None],
    film: Film,
    frames_per_second: int = FRAMES_PER_SECOND,
) -> None:
    """Draw the film of a request; where a picture's bytes are None, a card takes its place.

    The video is put in place last, so where it stands, all stands.
    """
    size = frame_size(request)
    canvases = [
        on_canvas(_picture(picture, content, size), size)
        for picture, content in zip(request.pictures, contents, strict=True)
    ]
    canvases[0].save(film.cover, quality=88)
    shots = _shots(request, [_planes(canvas) for canvas in canvases])
    part = film.video.with_suffix(".part")
    frames = request.duration * frames_per_second
    options = {"movflags": "faststart"}
    with av.open(part, "w", format="mp4", options=options) as container:
        container.metadata["comment"] = "drawn by the batchgen simulator"
        video = _video_stream(container, size, frames_per_second)
        if request.with_audio:
            audio = container.add_stream("aac", rate=_SAMPLES_PER_SECOND, layout="mono")
            container.mux(audio.encode(_chord(request.duration)))
            container.mux(audio.encode())
        for frame in _frames(shots, size, frames, _dissolve(request)):
            container.mux(video.encode(frame))
        container.mux(video.encode())
    part.replace(film.video)


def _picture(picture: Picture, content: bytes | None, size: tuple[int, int]) -> Image.Image:
    name = picture.name if isinstance(picture, LocalPicture) else picture.url
    if content is None:
        return placeholder(name)
    try:
        return open_upright(content, size)
    except (OSError, ValueError, SyntaxError):
        return placeholder(name)


def on_canvas(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Show a picture whole and undistorted; what is left over is its own ground, or its blur."""
    fitted = ImageOps.contain(picture, size, Image.Resampling.BILINEAR)
    if fitted.size == size:
        return fitted
    ground = _plain_ground(fitted)
    if ground is not None:
        canvas = Image.new("RGB", size, ground)
    else:
        small = ImageOps.fit(fitted, (max(size[0] // 16, 1), max(size[1] // 16, 1)))
        canvas = small.filter(ImageFilter.GaussianBlur(3)).resize(size, Image.Resampling.BICUBIC)
    canvas.paste(fitted, ((size[0] - fitted.width) // 2, (size[1] - fitted.height) // 2))
    return canvas


def _plain_ground(picture: Image.Image) -> tuple[int, int, int] | None:
    """Give the colour of a picture's edge, if it has one colour all around."""
    pixels = np.asarray(picture.resize((64, 64), Image.Resampling.BOX))
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if edge.std(axis=0).max() > _PLAIN_SPREAD:
        return None
    red, green, blue = (int(value) for value in np.median(edge, axis=0))
    return red, green, blue


def _planes(canvas: Image.Image) -> Planes:
    luma, blue, red = canvas.convert("YCbCr").split()
    half = (canvas.width // 2, canvas.height // 2)
    chroma = (plane.resize(half, Image.Resampling.BOX).point(_CHROMA) for plane in (blue, red))
    return (luma.point(_LUMA), *chroma)


def _shots(request: ClipRequest, canvases: Sequence[Planes]) -> list[_Shot]:
    """Push in on every picture; a last frame is arrived at instead, and then shown whole."""
    near = 1.0 + _ZOOM.get(request.movement_amplitude, _ZOOM["auto"])
    shots = [_Shot(canvas, 1.0, near) for canvas in canvases]
    if MODELS[request.model].is_frame_pair:
        shots[-1] = _Shot(canvases[-1], near, 1.0)
    return shots


def _dissolve(request: ClipRequest) -> float:
    """Give how much of a shot's share of the clip its dissolve takes, 0 to 1."""
    return 0.7 if MODELS[request.model].is_frame_pair else 0.35


def _frames(
    shots: Sequence[_Shot], size: tuple[int, int], count: int, dissolve: float
) -> Iterator[av.VideoFrame]:
    for index in range(count):
        time = index / (count - 1)
        shot, weight = position(time, len(shots), dissolve)
        planes = _view(shots[shot], size, time)
        if weight > 0:
            other = _view(shots[shot + 1], size, time)
            planes = tuple(map(Image.blend, planes, other, [weight] * 3))
        pixels = np.concatenate([np.asarray(plane).ravel() for plane in planes])
        frame = av.VideoFrame.from_ndarray(
            pixels.reshape(size[1] * 3 // 2, size[0]), format="yuv420p"
        )
        frame.pts = index
        yield frame


def position(time: float, shots: int, dissolve: float) -> tuple[int, float]:
    """Tell which shot is seen at `time` (0 to 1), and how far the next has dissolved in.

    Each border between two shots has a dissolve around it, `dissolve` of a shot long.
    """
    place = time * shots
    border = min(max(round(place), 1), max(shots - 1, 1))
    share = (place - border) / dissolve + 0.5
    if shots == 1 or share <= 0:
        return border - 1, 0.0
    if share >= 1:
        return border, 0.0
    return border - 1, share * share * (3 - 2 * share)


def _view(shot: _Shot, size: tuple[int, int], time: float) -> Planes:
    zoom = shot.zoom_from + (shot.zoom_to - shot.zoom_from) * time
    halves = (1, 2, 2)
    return tuple(
        _crop(plane, (size[0] // half, size[1] // half), zoom)
        for plane, half in zip(shot.canvas, halves, strict=True)
    )


def _crop(plane: Image.Image, size: tuple[int, int], zoom: float) -> Image.Image:
    across, down = plane.width / zoom, plane.height / zoom
    left, top = (plane.width - across) / 2, (plane.height - down) / 2
    box = (left, top, left + across, top + down)
    return plane.resize(size, Image.Resampling.BILINEAR, box=box)


def _video_stream(
    container: OutputContainer, size: tuple[int, int], frames_per_second: int
) -> VideoStream:
    options = {"preset": "ultrafast", "crf": "23", "g": str(frames_per_second)}
    stream = container.add_stream("libx264", rate=frames_per_second, options=options)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1
    stream.codec_context.color_range = ColorRange.MPEG
    stream.codec_context.colorspace = Colorspace.ITU601
    return stream


def _chord(seconds: int) -> av.AudioFrame:
    """Play a quiet chord that swells and fades."""
    times = np.arange(seconds * _SAMPLES_PER_SECOND) / _SAMPLES_PER_SECOND
    chord = sum(np.sin(2 * math.pi * hertz * times) for hertz in (220.0, 277.2, 329.6))
    swell = np.sin(math.pi * times / seconds) ** 2
    samples = (0.03 * swell * chord).astype(np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
    frame.sample_rate = _SAMPLES_PER_SECOND
    frame.time_base = Fraction(1, _SAMPLES_PER_SECOND)
    frame.pts = 0
    return frame
