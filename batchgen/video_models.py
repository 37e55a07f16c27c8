"""The video models: one `ModelSpec` each, with its inputs, limits, price and the source of each.

A fourth model is one more entry in `MODELS`; nothing else in the package names a model.
Pure: values only. Sources, by short name, all read 2026-11-23:

    guide   docs.bigmodel.cn, guide page "Vidu 2" (models, prices, tiers, link life)
    ref     docs.bigmodel.cn and docs.z.ai API reference, "video generation (async)": fields
    zguide  docs.z.ai, guide page "Vidu 2" (dollar prices)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from batchgen.clip import ClipRequest, LocalPicture, Picture
from batchgen.messages import Message, msg
from batchgen.picture_fit import PictureFit, ratio_of

#: Tasks alive at once for each account tier (guide).
TIERS: Mapping[str, int] = {"V0": 5, "V1": 10, "V2": 15, "V3": 20}
#: Result links die this long after generation, in seconds (guide: one day).
LINK_LIFE_S = 24 * 3600
#: Characters (code points) of a prompt (ref).
PROMPT_LIMIT = 512
#: Bytes of one picture file (ref: 50 MB).
PICTURE_BYTES_LIMIT = 50 * 1000 * 1000
#: Picture formats by Pillow's names in lower case (ref: png, jpeg, jpg, webp).
PICTURE_FORMATS = ("png", "jpeg", "webp")
#: Pixels of one picture; ours, against decompression bombs.
PICTURE_PIXELS_LIMIT = 40_000_000
#: Currency of each provider's prices (guide, zguide).
CURRENCIES: Mapping[str, str] = {"bigmodel": "CNY", "simulator": "CNY", "zai": "USD"}


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What one model takes, refuses and costs."""

    name: str
    #: How few and how many pictures it takes (ref).
    min_pictures: int
    max_pictures: int
    #: The API wants one string instead of a list (ref).
    picture_as_string: bool
    #: Price of one call by currency (guide, zguide).
    price: Mapping[str, Decimal]
    #: Video sizes of the reference (ref).
    sizes: tuple[str, ...] = ("1280x720",)
    #: Sizes shown in examples only: passed on with a warning (guide).
    example_sizes: tuple[str, ...] = ("720x480",)
    #: Seconds (ref).
    durations: tuple[int, ...] = (4,)
    movement_amplitudes: tuple[str, ...] = ("auto", "small", "medium", "large")
    #: Empty where the model has no such field (ref).
    aspect_ratios: tuple[str, ...] = ()
    #: A prompt is needed (our reading: resellers of the model require it for reference).
    prompt_required: bool = False
    #: Least width and height of a picture in pixels (ref).
    min_picture_side: int = 1
    #: The pictures form a pair: first and last frame (ref).
    is_frame_pair: bool = False


MODELS: Mapping[str, ModelSpec] = {
    spec.name: spec
    for spec in (
        ModelSpec(
            name="vidu2-image",
            min_pictures=1,
            max_pictures=1,
            picture_as_string=True,
            price={"CNY": Decimal("1.25"), "USD": Decimal("0.20")},
        ),
        ModelSpec(
            name="vidu2-start-end",
            min_pictures=2,
            max_pictures=2,
            picture_as_string=False,
            price={"CNY": Decimal("1.25"), "USD": Decimal("0.20")},
            sizes=("1280x720", "480x360"),
            is_frame_pair=True,
        ),
        ModelSpec(
            name="vidu2-reference",
            min_pictures=1,
            max_pictures=3,
            picture_as_string=False,
            price={"CNY": Decimal("2.50"), "USD": Decimal("0.40")},
            aspect_ratios=("16:9", "9:16", "1:1"),
            prompt_required=True,
            min_picture_side=128,
        ),
    )
}

#: Width : height of a picture must lie between these (ref: 1:4 to 4:1).
_RATIO_RANGE = (Fraction(1, 4), Fraction(4, 1))
#: Pixels of a cropped picture's short side below which people are asked to look: what the one model
#: that names a least side wants (ref).
_LITTLE_LEFT = 128
#: Pixels of the first frame over pixels of the last (ref: 0.8 to 1.25).
_PAIR_RANGE = (Fraction(4, 5), Fraction(5, 4))


@dataclass(frozen=True, slots=True)
class Breach:
    """One documented limit that a request does not keep."""

    #: Stable code of the fault.
    code: str
    #: The request's field, named as the manifest column.
    field: str
    message: Message
    #: A warning is sent all the same; a fault never is.
    is_warning: bool = False


def price_of(model: str, provider: str) -> tuple[Decimal, str]:
    """Give the price of one call and its currency; both names must be known."""
    currency = CURRENCIES[provider]
    return MODELS[model].price[currency], currency


def breaches(request: ClipRequest) -> Iterator[Breach]:
    """Yield every documented limit that the request breaks; none means it may be sent."""
    yield from setting_breaches(request)
    yield from content_breaches(request)


def setting_breaches(request: ClipRequest) -> Iterator[Breach]:
    """Yield every documented limit that the request's settings break: all but its content."""
    return _choice_breaches(MODELS[request.model], request)


def content_breaches(request: ClipRequest) -> Iterator[Breach]:
    """Yield every documented limit that the request's prompt and pictures break."""
    spec = MODELS[request.model]
    yield from _prompt_breaches(spec, request)
    count = len(request.pictures)
    if count < spec.min_pictures or (spec.is_frame_pair and count != spec.max_pictures):
        yield _wrong_picture_count(spec, count)
    measured = _measured(request.pictures)
    if request.fit is not None:  # that gives all of them one shape and one size
        for picture in measured:
            yield from _fit_breaches(request.fit, picture)
        return
    for picture in measured:
        yield from _picture_breaches(spec, picture)
    if spec.is_frame_pair and len(measured) == spec.max_pictures:
        yield from _pair_breaches(measured[0], measured[1])


class _Seen(NamedTuple):
    """A picture on the web whose size is known."""

    name: str
    width: int
    height: int


def _measured(pictures: Iterable[Picture]) -> list[LocalPicture | _Seen]:
    """Give the pictures whose size is known; what is not known is the provider's to judge."""
    return [
        picture
        if isinstance(picture, LocalPicture)
        else _Seen(picture.url, picture.width, picture.height)
        for picture in pictures
        if picture.width is not None and picture.height is not None
    ]


def _prompt_breaches(spec: ModelSpec, request: ClipRequest) -> Iterator[Breach]:
    if len(request.prompt) > PROMPT_LIMIT:
        yield Breach(
            "prompt-too-long",
            "prompt",
            msg(
                "the prompt has {count} characters, the API takes {limit}: shorten it",
                count=len(request.prompt),
                limit=PROMPT_LIMIT,
            ),
        )
    if spec.prompt_required and not request.prompt.strip():
        yield Breach(
            "prompt-missing",
            "prompt",
            msg(
                "{model} needs a prompt: fill the column or the job's clip.prompt", model=spec.name
            ),
        )


def _choice_breaches(spec: ModelSpec, request: ClipRequest) -> Iterator[Breach]:
    choices: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
        ("size", request.size, spec.sizes + spec.example_sizes),
        ("duration", str(request.duration), tuple(map(str, spec.durations))),
        ("movement_amplitude", request.movement_amplitude, spec.movement_amplitudes),
        ("aspect_ratio", request.aspect_ratio, spec.aspect_ratios),
    )
    for name, value, allowed in choices:
        if value is not None and value not in allowed:
            yield Breach(
                f"bad-{name.replace('_', '-')}",
                name,
                msg(
                    "{model} takes {field} {allowed}, not {value}",
                    model=spec.name,
                    field=name,
                    allowed=", ".join(allowed),
                    value=value,
                ),
            )
    if request.fit is not None:
        yield from _ratio_breaches(request.fit)
    if request.size in spec.example_sizes:
        yield Breach(
            "undocumented-size",
            "size",
            msg(
                "size {size} stands in the provider's examples but not in its reference:"
                " it may be refused",
                size=request.size,
            ),
            is_warning=True,
        )
    if request.user_id is not None and not 6 <= len(request.user_id) <= 128:
        yield Breach("bad-user-id", "user_id", msg("user_id must have 6 to 128 characters"))


def _ratio_breaches(fit: PictureFit) -> Iterator[Breach]:
    if not _RATIO_RANGE[0] <= ratio_of(fit.ratio) <= _RATIO_RANGE[1]:
        message = msg("the API takes shapes from 1:4 to 4:1, not {ratio}", ratio=fit.ratio)
        yield Breach("bad-ratio", "ratio", message)


def _wrong_picture_count(spec: ModelSpec, count: int) -> Breach:
    if spec.is_frame_pair:
        wanted = msg("needs exactly two pictures (start_image and end_image)")
    else:
        wanted = msg("needs a picture (column image or images)")
    return Breach(
        "picture-missing",
        "images",
        msg("{model} {wanted}, the row has {count}", model=spec.name, wanted=wanted, count=count),
    )


def _picture_breaches(spec: ModelSpec, picture: LocalPicture | _Seen) -> Iterator[Breach]:
    ratio = Fraction(picture.width, picture.height)
    if not _RATIO_RANGE[0] <= ratio <= _RATIO_RANGE[1]:
        yield Breach(
            "picture-ratio",
            "images",
            msg(
                "{name} is {width}x{height}: the API takes shapes from 1:4 to 4:1, crop it",
                name=picture.name,
                width=picture.width,
                height=picture.height,
            ),
        )
    if min(picture.width, picture.height) < spec.min_picture_side:
        yield Breach(
            "picture-small",
            "images",
            msg(
                "{name} is {width}x{height}: {model} needs at least {side}x{side} pixels",
                name=picture.name,
                width=picture.width,
                height=picture.height,
                model=spec.name,
                side=spec.min_picture_side,
            ),
        )


def _fit_breaches(fit: PictureFit, picture: LocalPicture | _Seen) -> Iterator[Breach]:
    width, height = fit.size(picture.width, picture.height)
    if fit.way == "crop" and min(width, height) < _LITTLE_LEFT:
        yield Breach(
            "picture-crop-small",
            "images",
            msg(
                "{name} is cropped to {width}x{height} pixels: take a larger picture, or fit: pad",
                name=picture.name,
                width=width,
                height=height,
            ),
            is_warning=True,
        )


def _pair_breaches(first: LocalPicture | _Seen, last: LocalPicture | _Seen) -> Iterator[Breach]:
    ratio = Fraction(first.width * first.height, last.width * last.height)
    if not _PAIR_RANGE[0] <= ratio <= _PAIR_RANGE[1]:
        yield Breach(
            "picture-pair",
            "images",
            msg(
                "{first} and {last} differ too much in size: pixels of the first frame over"
                " pixels of the last must lie between 0.8 and 1.25",
                first=first.name,
                last=last.name,
            ),
        )
