"""What a job file may say, as frozen values. Pure: no file is opened here (`job.loading` does).

Every plain scalar of a job file is text; the models below turn it into numbers and switches.
Unknown keys are errors. `job.loading` words the errors for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticCustomError

from batchgen.plan.platforms import Platform
from batchgen.video_models import MODELS, TIERS

Provider = Literal["bigmodel", "zai", "simulator"]
Tier = Literal["V0", "V1", "V2", "V3"]
OnDuplicate = Literal["error", "first", "suffix"]
Per = Literal["product", "variant"]
PictureIdentity = Literal["picture_url", "picture_bytes"]
#: What a matrix may vary: fields of a clip that are sent, and the shape of its pictures.
AXES = (
    "model",
    "prompt",
    "size",
    "movement_amplitude",
    "aspect_ratio",
    "with_audio",
    "fit",
    "ratio",
    "platform",
)
Yuan = Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)]

_UNITS_S = {"s": 1, "m": 60, "h": 3600}


def _seconds(value: object) -> object:
    """Read `90s`, `15m` or `2h` as seconds; leave anything else to pydantic."""
    if isinstance(value, str) and value[-1:] in _UNITS_S:
        try:
            return float(value[:-1]) * _UNITS_S[value[-1]]
        except ValueError:
            return value
    return value


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0, allow_inf_nan=False)]


def _axis_name(name: str) -> str:
    return _one_of(name, AXES)


def _model_name(name: str) -> str:
    return _one_of(name, tuple(MODELS))


def _one_of(name: str, known: tuple[str, ...]) -> str:
    """Refuse a name that is not known; `choices` of the error lists the known ones."""
    if name not in known:
        error = "not_one_of"
        raise PydanticCustomError(error, "must be one of {choices}", {"choices": ", ".join(known)})
    return name


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys_without_value_are_absent(cls, fields: Any) -> Any:
        """Let `budget:` with nothing behind it mean the default, as if the key were not there."""
        if not isinstance(fields, dict):
            return fields
        return {
            key: value
            for key, value in fields.items()
            if value is not None or key not in cls.model_fields
        }


def _listed(value: object) -> object:
    """Let one value stand for a list of it."""
    return [value] if isinstance(value, str) else value


Listed = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]


class Manifest(_Part):
    """Which catalogue, and how to read it."""

    #: Files, patterns of files (`exports/*.csv`), or one folder of pictures named by SKU.
    path: Listed
    #: Whose export it is: `auto`, `plain`, a vendor's name, or a profile of the user's own.
    profile: str = "auto"
    encoding: str = "auto"
    #: Sheet of a workbook, element of an XML feed, or key of a JSON document; else the first sheet
    #: that is shown, and what looks most like a list of products.
    sheet: str | None = None
    #: Row of the header as a spreadsheet counts it, where it is not told right.
    header_row: Annotated[int, Field(ge=1)] | None = None
    #: batchgen's name of a column -> the header in the file.
    columns: dict[str, str] = Field(default_factory=dict)
    #: Column -> values of which a row must have one.
    where: dict[str, Listed] = Field(default_factory=dict)
    #: Columns to sort by, the first one first; `-` before a name puts the highest first.
    order_by: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    #: Whether a product with several variants is one row or several.
    per: Per = "product"
    #: A name that stands twice is a fault, or means its first row, or gets a number of its own.
    on_duplicate: OnDuplicate = "error"
    #: Rows with faults are left out with a warning.
    skip_invalid: bool = False
    #: Folders of pictures besides the manifest's own.
    picture_folders: tuple[str, ...] = ()
    #: Where pictures lie that the file names without host and that are in none of the folders.
    picture_base: str | None = None
    #: Pictures on the web are downloaded here and sent, instead of letting the provider get them.
    fetch: bool = False

    @property
    def name(self) -> str:
        """The catalogue as people are told of it."""
        return ", ".join(self.path)


class Account(_Part):
    """Which account pays, and how hard it may be used."""

    name: str = "default"
    provider: Provider = "bigmodel"
    tier: Tier = "V0"
    #: Whether the tier's tasks at once are those of the whole account, or of each model by itself.
    cap_scope: Literal["account", "model"] = "account"
    #: Calls per second of all kinds together, a ceiling.
    max_polls_per_second: Annotated[float, Field(gt=0, le=1000)] = 10.0
    #: Seconds of lag that one poll is worth: how densely tasks are asked for under that ceiling.
    #: None: a small part of the median duration of tasks.
    poll_cost: Seconds | None = None
    #: A task alive for longer is left running and reported (seconds).
    give_up_after: Seconds = 7200.0
    #: A submit without a usable answer is sent again under the same request_id. Only for an account
    #: whose provider was seen to recognise that: post one cheap request twice with one request_id,
    #: at once and some hours later, and look that the bill has it once. Elsewhere it buys twice.
    resend_same_request_id: bool = False

    @property
    def slots(self) -> int:
        """Tasks that may be alive at once, of the account or of each model."""
        return TIERS[self.tier]

    @property
    def most_slots(self) -> int:
        """Tasks that may be alive at once, of all models together."""
        return self.slots * (len(MODELS) if self.cap_scope == "model" else 1)


def _ratio(value: str) -> str:
    width, colon, height = value.partition(":")
    if not (colon and width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        error = "ratio"
        raise PydanticCustomError(error, "is not a ratio such as 9:16")
    return value


Ratio = Annotated[str, AfterValidator(_ratio)]


class ClipDefaults(_Part):
    """Fields of every clip; a manifest column of the same name wins."""

    model: Annotated[str, AfterValidator(_model_name)] = "vidu2-image"
    #: A Jinja2 template over the row's columns.
    prompt: str = ""
    size: str = "1280x720"
    #: Seconds.
    duration: int = 4
    movement_amplitude: str = "auto"
    aspect_ratio: str = "16:9"
    with_audio: bool = False
    user_id: str | None = None
    #: Where the clips will be shown: a name of `plan/platforms.yaml`.
    platform: str | None = None
    #: How pictures are brought to the shape before they are sent, where the clip takes theirs.
    fit: Literal["none", "crop", "pad", "blur"] = "none"
    #: Shape of the clips, `9:16`; the platform's when not named.
    ratio: Ratio | None = None


class Finish(_Part):
    """What a second file beside each clip is made to."""

    #: The last frame is held until the clip has this length (seconds).
    hold_to: Annotated[Seconds, Field(le=300)] | None = None
    #: `3:4`.
    ratio: Ratio | None = None
    #: How another ratio is filled.
    fill: Literal["crop", "pad", "blur"] = "pad"
    #: Level of the H.264 stream.
    level: Literal["3.1", "4.0", "4.1", "4.2"] = "4.0"
    #: Most that the file may have, in megabytes of 1,000,000 bytes.
    max_mb: Annotated[float, Field(gt=0, le=1000)] | None = None


class Budget(_Part):
    """Ceilings in the account's currency; whichever is reached first stops the buying."""

    run: Yuan | None = None
    job: Yuan | None = None
    day: Yuan | None = None
    month: Yuan | None = None
    sku: Yuan | None = None
    #: Manifest column -> ceiling for each value of it.
    by: dict[str, Yuan] = Field(default_factory=dict)

    def ceilings(self) -> dict[str, Decimal]:
        """Give the ceilings that are set, by kind: `run`, `sku`, `by:<column>` and so on."""
        named = {kind: getattr(self, kind) for kind in ("run", "job", "day", "month", "sku")}
        named |= {f"by:{column}": ceiling for column, ceiling in self.by.items()}
        return {kind: ceiling for kind, ceiling in named.items() if ceiling is not None}


def _time_of_day(value: object) -> object:
    """Read `01:00`; leave what is a time already to pydantic."""
    if isinstance(value, str):
        try:
            return datetime.strptime(value.strip(), "%H:%M").time()  # noqa: DTZ007 - no date in it
        except ValueError:
            error = "time_of_day"
            raise PydanticCustomError(error, "is not a time of day such as 01:00") from None
    return value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        error = "time_zone"
        raise PydanticCustomError(error, "is not a time zone such as Asia/Shanghai") from None
    return name


TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]


class Window(_Part):
    """The hours of every day in which may be bought, and whose days budgets count by."""

    #: Nothing is bought before it; without it, buying goes on right after `finish_by`.
    start: TimeOfDay | None = None
    #: What is bought is here by then.
    finish_by: TimeOfDay
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"

    @model_validator(mode="after")
    def _is_not_empty(self) -> Window:
        if self.start == self.finish_by:
            error = "window_empty"
            raise PydanticCustomError(error, "ends when it starts")
        return self


def _labelled(value: object) -> object:
    """Turn an axis given as a list into label -> value, each value its own label."""
    if isinstance(value, list):
        if len({str(entry) for entry in value}) != len(value):
            error = "axis_repeats"
            raise PydanticCustomError(error, "the same value stands twice")
        return {str(entry): entry for entry in value}
    if isinstance(value, str):
        error = "axis_scalar"
        raise PydanticCustomError(error, "an axis is a list of values, or label: value")
    return value


AxisName = Annotated[str, AfterValidator(_axis_name)]
Axis = Annotated[dict[str, str], BeforeValidator(_labelled), Field(min_length=1)]


class Job(_Part):
    """One job file. Paths in it are relative to the folder of `path`."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    manifest: Manifest
    account: Account = Account()
    on_change: Literal["ask", "regenerate", "keep"] = "ask"
    #: By what a picture on the web is known again: its address, or its bytes once they were seen.
    identity: PictureIdentity = "picture_url"
    clip: ClipDefaults = ClipDefaults()
    #: Axis -> label -> value, in the file's order; every combination is one clip.
    matrix: dict[AxisName, Axis] = Field(default_factory=dict)
    #: Combinations that are not made: axis -> label.
    exclude: tuple[dict[str, str], ...] = ()
    #: Wanted copies of each clip.
    takes: Annotated[int, Field(ge=1, le=99)] = 1
    finish: Finish | None = None
    budget: Budget = Budget()
    window: Window | None = None
    output: str
    #: Where the job file lies; not part of the file.
    path: Annotated[Path, Field(exclude=True)] = Path("job.yaml")
    #: The platforms that are known, by name; not part of the file.
    platforms: Annotated[Mapping[str, Platform], Field(exclude=True)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _exclusions_name_axes(self) -> Job:
        for entry in self.exclude:
            for axis, label in entry.items():
                if axis not in self.matrix or label not in self.matrix[axis]:
                    error = "not_in_matrix"
                    named = {"axis": axis, "label": label}
                    raise PydanticCustomError(error, "the matrix has no {axis}: {label}", named)
        return self

    def resolve(self, path: str) -> Path:
        """Give a path of the job file as an absolute one."""
        return (self.path.parent / Path(path).expanduser()).resolve()
