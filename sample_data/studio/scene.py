"""The photo studio: a backdrop, a light from the upper left, and outlines painted one by one.

A scene is drawn at three times its size and scaled down at the end, which smooths every edge.
Products know only their own units (see `shapes`); the camera turns these into pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from studio.paint import Bounds, Paint, down, tone
from studio.shapes import Point, box, moved, oval, spun

#: Pixels drawn for each pixel kept, in each direction.
_OVERSAMPLING = 3
#: A frame shows so many product units from top to bottom at zoom 1.
_UNITS_HIGH = 1000
_SHADOW = "#1c1a20"

Outline = Sequence[Point]


@dataclass(frozen=True)
class Camera:
    """What a picture shows: its size in pixels, its middle in product units, its zoom."""

    width: int = 1280
    height: int = 720
    centre: Point = (0.0, -330.0)
    zoom: float = 1.0

    def aimed(self, zoom: float, centre: Point) -> Camera:
        """Aim a camera of the same picture size elsewhere."""
        return replace(self, zoom=zoom, centre=centre)


@dataclass(frozen=True)
class _Stencil:
    """A mask, the part of the canvas it covers, and the bounds of the whole outline."""

    mask: Image.Image
    frame: tuple[int, int, int, int]
    shape: Bounds

    @property
    def corner(self) -> tuple[int, int]:
        return self.frame[:2]


class Scene:
    """A canvas in product units on which outlines are painted back to front."""

    def __init__(self, camera: Camera, ground: str) -> None:
        self._camera = camera
        self._scale = camera.height * camera.zoom / _UNITS_HIGH * _OVERSAMPLING
        size = (camera.width * _OVERSAMPLING, camera.height * _OVERSAMPLING)
        self._canvas = Image.new("RGB", size)
        self._pose: tuple[float, Point, Point] | None = None
        self._backdrop(ground)

    def _backdrop(self, ground: str) -> None:
        half = self._canvas.width / self._scale / 2 + 10
        tall = _UNITS_HIGH / self._camera.zoom / 2 + 10
        x, y = self._camera.centre
        frame = box(x - half, y - tall, x + half, y + tall)
        self.fill(frame, down(tone(ground, -0.07), tone(ground, 0.18), tone(ground, 0.3)))
        floor = box(x - 2 * half, -95, x + 2 * half, y + 2 * tall)
        self.soft(floor, tone(ground, 0.42), blur=70, opacity=0.75)
        self.soft(oval((x - half * 0.35, y - tall * 0.3), half * 0.6, tall * 0.55), "#ffffff", 160)

    def fill(
        self, path: Outline, paint: Paint, *, volume: float = 0, inside: Outline | None = None
    ) -> None:
        """Paint an outline; `volume` (0 to 1) rounds its rims, `inside` cuts it to another."""
        depth = self._depth(path) if volume else 0.0
        stencil = self._stencil(path, depth * 3, inside)
        self._canvas.paste(paint.raster(stencil.shape, stencil.frame), stencil.corner, stencil.mask)
        if volume:
            self._rim(stencil, _SHADOW, -depth, volume)
            self._rim(stencil, "#ffffff", depth * 0.7, volume * 0.45)

    def fills(
        self, paths: Sequence[Outline], paint: Paint, *, inside: Outline | None = None
    ) -> None:
        """Paint several outlines alike."""
        for path in paths:
            self.fill(path, paint, inside=inside)

    def soft(
        self,
        path: Outline,
        color: str,
        blur: float,
        opacity: float = 0.5,
        inside: Outline | None = None,
    ) -> None:
        """Paint an outline with blurred edges: a shadow, a shine, a glow."""
        stencil = self._stencil(path, blur * 3)
        mask = _faded(_blurred(stencil.mask, blur * self._scale), opacity)
        if inside is not None:
            mask = ImageChops.multiply(mask, self._mask(inside, stencil.frame))
        self._canvas.paste(Image.new("RGB", mask.size, color), stencil.corner, mask)

    def stand(self, half_width: float, x: float = 0, y: float = 0, depth: float = 0.16) -> None:
        """Cast the shadow of something that stands on the ground."""
        far = half_width * 1.12
        self.soft(oval((x + half_width * 0.22, y), far, far * depth), _SHADOW, 34, 0.34)
        contact = oval((x + 6, y - 2), half_width, half_width * depth * 0.7)
        self.soft(contact, _SHADOW, 11, 0.5)

    def drop(self, path: Outline, height: float = 16) -> None:
        """Cast the shadow of something that lies flat."""
        self.soft(moved(path, height * 1.1, height * 1.5), _SHADOW, height * 1.5, 0.3)
        self.soft(moved(path, height * 0.3, height * 0.4), _SHADOW, height * 0.4, 0.35)

    def write(self, words: str, centre: Point, height: float, color: str) -> None:
        """Set one line of text around a point."""
        font = ImageFont.load_default(size=height * self._scale)
        x, y = self._pixel(centre)
        ImageDraw.Draw(self._canvas).text((x, y), words, fill=color, font=font, anchor="mm")

    @contextmanager
    def posed(self, degrees: float, pivot: Point = (0, 0), shift: Point = (0, 0)) -> Iterator[None]:
        """Turn and shift whatever is painted inside the block."""
        self._pose = (degrees, pivot, shift)
        try:
            yield
        finally:
            self._pose = None

    def picture(self) -> Image.Image:
        """Give the finished picture at its own size."""
        return self._canvas.resize(
            (self._camera.width, self._camera.height), Image.Resampling.LANCZOS
        )

    def _rim(self, stencil: _Stencil, color: str, shift: float, strength: float) -> None:
        shift_px = round(shift * self._scale)
        lit = ImageChops.offset(stencil.mask, shift_px, shift_px)
        lit = _blurred(lit, abs(shift_px) * 0.9)
        mask = ImageChops.multiply(stencil.mask, ImageChops.invert(lit))
        ink = Image.new("RGB", mask.size, color)
        self._canvas.paste(ink, stencil.corner, _faded(mask, strength))

    def _depth(self, path: Outline) -> float:
        xs, ys = zip(*path, strict=True)
        return 0.13 * float(min(max(xs) - min(xs), max(ys) - min(ys)))

    def _stencil(self, path: Outline, pad: float = 0, inside: Outline | None = None) -> _Stencil:
        xs, ys = zip(*(self._pixel(point) for point in self._posed(path)), strict=True)
        pad_px = int(pad * self._scale) + 2
        width, height = self._canvas.size
        frame = (
            _clamped(min(xs), width) - pad_px,
            _clamped(min(ys), height) - pad_px,
            _clamped(max(xs), width) + pad_px,
            _clamped(max(ys), height) + pad_px,
        )
        mask = self._mask(path, frame)
        if inside is not None:
            mask = ImageChops.multiply(mask, self._mask(inside, frame))
        return _Stencil(mask, frame, (min(xs), min(ys), max(xs), max(ys)))

    def _mask(self, path: Outline, frame: tuple[int, int, int, int]) -> Image.Image:
        left, top, right, bottom = frame
        mask = Image.new("L", (right - left, bottom - top))
        points = [self._pixel(point) for point in self._posed(path)]
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in points], fill=255)
        return mask

    def _posed(self, path: Outline) -> Outline:
        if self._pose is None:
            return path
        degrees, pivot, shift = self._pose
        return moved(spun(path, degrees, pivot), *shift)

    def _pixel(self, point: Point) -> Point:
        x, y = self._camera.centre
        return (
            (point[0] - x) * self._scale + self._canvas.width / 2,
            (point[1] - y) * self._scale + self._canvas.height / 2,
        )


def _clamped(value: float, limit: int) -> int:
    return int(min(max(value, 0), limit))


def _faded(mask: Image.Image, opacity: float) -> Image.Image:
    return mask.point([round(level * opacity) for level in range(256)])


def _blurred(mask: Image.Image, radius: float) -> Image.Image:
    """Blur at a lower resolution, which looks the same and is many times quicker."""
    factor = max(1, int(radius / 6))
    small = mask.reduce(factor).filter(ImageFilter.GaussianBlur(radius / factor))
    return small.resize(mask.size, Image.Resampling.BICUBIC)
