"""Brings a picture to another shape: cut, or put whole on a plain ground or on its own blur.

Works on encoded pictures, whatever they come from. The picture is put upright first and never
enlarged. Its kind of file and its colour profile stay; metadata and clearness do not. The same
bytes and the same fit give the same bytes. This module blocks; call it in a thread.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise

from PIL import Image, ImageFilter, ImageOps

from batchgen.picture_fit import PictureFit
from batchgen.provider.pictures.pixels import encoded_anew, turn_of

Size = tuple[int, int]
Colour = tuple[int, ...]

#: Bytes that a shaped picture has at most. The reference says 50 MB; a reseller of the same model
#: takes 10 MB (docs of PPIO, second-hand, read 2026-11-23), and a frame of 1920 pixels needs less.
MOST_BYTES = 10_000_000
#: What sides are multiplied by until a picture has no more bytes than that.
_SHRINK = 0.8
#: Modes that Pillow resizes, blurs and saves; others become one of these first.
_PLAIN_MODES = frozenset({"L", "RGB", "CMYK"})
_CLEAR_MODES = frozenset({"LA", "RGBA"})
_WHITE = {"L": (255,), "RGB": (255, 255, 255), "CMYK": (0, 0, 0, 0)}
#: Pixels of an edge that are looked at, and places along it that are compared.
_EDGE_DEPTH = 3
_EDGE_PLACES = 32
#: A gap of fewer pixels is closed.
_LEAST_GAP = 2
#: How far places of an edge of one colour may differ, of 255 (noise of the camera and of JPEG).
_EDGE_SPREAD = 8
#: The ground of a blurred picture is drawn so many times smaller, and blurred by so many pixels.
_BLUR_SCALE = 16
_BLUR_RADIUS = 5


def fitted(content: bytes, picture_format: str, fit: PictureFit, size: Size | None = None) -> bytes:
    """Shape a picture; `size` in pixels instead of the picture's own, for frames that form a pair.

    Raises:
        OSError, SyntaxError, ValueError, Image.DecompressionBombError: the pixels cannot be read.
    """
    with Image.open(io.BytesIO(content), formats=[picture_format]) as original:
        turn, colours = turn_of(original), original.info.get("icc_profile")
        picture = _on_white(_workable(original))
        if turn is not None:
            picture = picture.transpose(turn)
        size = size or fit.size(*picture.size)
        while True:
            shaped = encoded_anew(_shaped(picture, fit, size), picture_format, colours)
            if len(shaped) <= MOST_BYTES:
                return shaped
            size = (round(size[0] * _SHRINK), round(size[1] * _SHRINK))


def _workable(image: Image.Image) -> Image.Image:
    """Decode into a mode that can be resized; palettes and single bits become colours."""
    if image.mode.startswith("I"):  # 16 bits of grey: the upper half
        return image.convert("I").point(lambda value: value / 256).convert("L")
    is_clear = image.mode in _CLEAR_MODES or "transparency" in image.info
    if image.mode in {"1", "L", "LA"}:
        return image.convert("LA" if is_clear else "L")
    if is_clear:
        return image.convert("RGBA")
    return image.copy() if image.mode in _PLAIN_MODES else image.convert("RGB")


def _shaped(picture: Image.Image, fit: PictureFit, size: Size) -> Image.Image:
    if fit.way == "crop":
        return ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
    whole = _contained(picture, size)
    canvas = _blurred(whole, size) if fit.way == "blur" else _plain(whole, size)
    canvas.paste(whole, _middle(whole.size, size))
    return canvas


def _contained(picture: Image.Image, size: Size) -> Image.Image:
    """Make a picture as large as it fits into a frame, but not larger than it is.

    A side that is a pixel short of the frame's is stretched to it, so that no line shows.
    """
    share = min(1.0, size[0] / picture.width, size[1] / picture.height)
    sides = (_side(picture.width * share, size[0]), _side(picture.height * share, size[1]))
    if sides == picture.size:
        return picture
    return picture.resize(sides, Image.Resampling.LANCZOS)


def _side(length: float, frame: int) -> int:
    return frame if frame - length < _LEAST_GAP else max(round(length), 1)


def _on_white(picture: Image.Image) -> Image.Image:
    """Put what can be seen through on white: nobody knows on what else it would be shown."""
    if picture.mode not in _CLEAR_MODES:
        return picture
    mode = "L" if picture.mode == "LA" else "RGB"
    ground = Image.new(mode, picture.size, _WHITE[mode])
    ground.paste(picture.convert(mode), mask=picture.getchannel("A"))
    return ground


def _middle(inner: Size, outer: Size) -> Size:
    return ((outer[0] - inner[0]) // 2, (outer[1] - inner[1]) // 2)


def _blurred(picture: Image.Image, size: Size) -> Image.Image:
    """Fill a frame with the picture, blurred beyond recognition."""
    small = (max(size[0] // _BLUR_SCALE, 1), max(size[1] // _BLUR_SCALE, 1))
    ground = ImageOps.fit(picture, small, Image.Resampling.BOX)
    ground = ground.filter(ImageFilter.GaussianBlur(_BLUR_RADIUS))
    return ground.resize(size, Image.Resampling.BICUBIC)


def _plain(picture: Image.Image, size: Size) -> Image.Image:
    """Fill a frame with what the edges that meet it go on as: a colour, soft shades, else white."""
    left, top = _middle(picture.size, size)
    edges = _edges(picture, beside=left > 0, above=top > 0)
    colour = _one_colour(edges)
    if colour is None and all(map(_is_soft, edges)):
        return _continued(picture, size, edges)
    return Image.new(picture.mode, size, colour or _WHITE[picture.mode])


def _continued(picture: Image.Image, size: Size, edges: Sequence[Image.Image]) -> Image.Image:
    """Draw the edges out over the frame: the shades of a studio's ground show no seam so."""
    canvas = Image.new(picture.mode, size)
    left, top = _middle(picture.size, size)
    right, bottom = left + picture.width, top + picture.height
    lines = list(edges)
    if left > 0:
        beside = ((0, 0, left, size[1]), (right, 0, size[0], size[1]))
        for box, line in zip(beside, (lines.pop(0), lines.pop(0)), strict=True):
            _draw_out(canvas, line, box)
    if top > 0:
        for box, line in zip(
            ((left, 0, right, top), (left, bottom, right, size[1])), lines, strict=True
        ):
            _draw_out(canvas, line, box)
    return canvas


def _draw_out(canvas: Image.Image, line: Image.Image, box: tuple[int, int, int, int]) -> None:
    sides = (box[2] - box[0], box[3] - box[1])
    canvas.paste(line.resize(sides, Image.Resampling.BICUBIC), box[:2])


def _edges(picture: Image.Image, *, beside: bool, above: bool) -> list[Image.Image]:
    """Cut out the edges at which a ground will show, each averaged to a line of few places."""
    width, height = picture.size
    boxes = []
    if beside:
        depth = min(_EDGE_DEPTH, width)
        boxes += [(0, 0, depth, height), (width - depth, 0, width, height)]
    if above:
        depth = min(_EDGE_DEPTH, height)
        boxes += [(0, 0, width, depth), (0, height - depth, width, height)]
    return [_line(picture.crop(box)) for box in boxes]


def _line(edge: Image.Image) -> Image.Image:
    places = (_EDGE_PLACES, 1) if edge.width > edge.height else (1, _EDGE_PLACES)
    return edge.resize(places, Image.Resampling.BOX)


def _one_colour(edges: Sequence[Image.Image]) -> Colour | None:
    """Give the colour that all edges have, if they have one."""
    colour = []
    for band in range(len(edges[0].getbands()) if edges else 0):
        values = [value for edge in edges for value in edge.getchannel(band).tobytes()]
        if max(values) - min(values) > _EDGE_SPREAD:
            return None
        colour.append(round(sum(values) / len(values)))
    return tuple(colour) or None


def _is_soft(edge: Image.Image) -> bool:
    """Tell whether an edge has no line in it: neighbouring places are of nearly one colour."""
    for band in range(len(edge.getbands())):
        values = edge.getchannel(band).tobytes()
        if any(abs(one - next_) > _EDGE_SPREAD for one, next_ in pairwise(values)):
            return False
    return True
