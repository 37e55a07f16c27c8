"""Is a call well formed, and which code does the API answer if not. Pure: no file, no network.

The documented limits themselves stand in `video_models`; here each breach gets its code. JSON
nulls count as absent, because the official SDK sends every unset field as null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from batchgen.clip import ClipRequest, Picture
from batchgen.video_models import MODELS, Breach, breaches


class Code(StrEnum):
    """The codes that the simulator answers with."""

    NO_KEY = "1001"
    BAD_KEY = "1002"
    BAD_CALL = "1210"
    NO_MODEL = "1211"
    MISSING = "1213"
    INVALID = "1214"
    REPEATED = "1231"
    NO_TASK = "1233"
    INTERNAL = "1234"
    TOO_LONG = "1261"
    UNSAFE = "1301"
    FULL = "1302"
    OVERLOADED = "1305"


#: Code -> HTTP status and the API's words (table of codes of docs.z.ai, 2026).
_ANSWERS: Mapping[Code, tuple[int, str]] = {
    Code.NO_KEY: (401, "authorization header was not received"),
    Code.BAD_KEY: (401, "the authorization token is invalid"),
    Code.BAD_CALL: (400, "wrong call parameters: {field}"),
    Code.NO_MODEL: (400, "the model does not exist: {field}"),
    Code.MISSING: (400, "the field {field} was not received"),
    Code.INVALID: (400, "the field {field} is invalid"),
    Code.REPEATED: (400, "a request with this request_id exists already: {field}"),
    Code.NO_TASK: (400, "the task does not exist: {field}"),
    Code.INTERNAL: (500, "network error, error id: {field}"),
    Code.TOO_LONG: (400, "the prompt is too long"),
    Code.UNSAFE: (400, "the input or output may contain unsafe or sensitive content"),
    Code.FULL: (429, "the concurrency limit of your account is reached"),
    Code.OVERLOADED: (429, "the model is overloaded, please try again later"),
}
#: Codes of breaches that are not simply an invalid field (1214).
_BREACH_CODES: Mapping[str, Code] = {
    "prompt-too-long": Code.TOO_LONG,
    "prompt-missing": Code.MISSING,
    "picture-missing": Code.MISSING,
}


class Refused(Exception):
    """The API does not take the call; nothing was made."""

    def __init__(self, code: Code, field: str = "", *, status: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = status or _ANSWERS[code][0]
        self.text = _ANSWERS[code][1].format(field=field)


class Body(BaseModel):
    """The fields of a submit that concern the three models; others are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    model: str
    prompt: str = ""
    #: Always a list here; what the model wants to be sent is checked before.
    image_url: tuple[str, ...] = Field(default=(), strict=False)
    size: str = "1280x720"
    duration: int = 4
    aspect_ratio: str | None = None
    movement_amplitude: str = "auto"
    with_audio: bool = False
    request_id: str | None = None
    user_id: str | None = None


def read_body(raw: bytes) -> Body:
    """Read a submit's JSON and check its types.

    Raises:
        Refused: 1210, 1211, 1213 or 1214.
    """
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused(Code.BAD_CALL, "the body is not JSON") from None
    if not isinstance(fields, dict):
        raise Refused(Code.BAD_CALL, "the body is not a JSON object")
    present = {name: value for name, value in fields.items() if value is not None}
    _check_model(present.get("model"))
    present["image_url"] = _as_list(present["model"], present.get("image_url", []))
    try:
        return Body.model_validate(present)
    except ValidationError as error:
        raise Refused(Code.BAD_CALL, str(error.errors()[0]["loc"][0])) from None


def _check_model(model: Any) -> None:
    if not model:
        raise Refused(Code.MISSING, "model")
    if not isinstance(model, str) or model not in MODELS:
        raise Refused(Code.NO_MODEL, str(model)[:100])


def _as_list(model: str, value: Any) -> list[Any]:
    """Make a list of the pictures; a model that wants one string refuses a list, and vice versa."""
    spec = MODELS[model]
    if value in ("", []):
        return []
    if isinstance(value, str) != spec.picture_as_string:
        raise Refused(Code.INVALID, "image_url")
    pictures = [value] if isinstance(value, str) else value
    if not isinstance(pictures, list) or len(pictures) > spec.max_pictures:
        raise Refused(Code.INVALID, "image_url")
    return pictures


def read_request(
    body: Body, pictures: Sequence[Picture], sizes: Literal["reference", "examples", "any"]
) -> ClipRequest:
    """Check every documented limit of a call whose pictures were looked at.

    Raises:
        Refused: 1213, 1214 or 1261, for the first breach.
    """
    ratios = MODELS[body.model].aspect_ratios
    request = ClipRequest(
        model=body.model,
        prompt=body.prompt,
        pictures=tuple(pictures),
        size=body.size,
        duration=body.duration,
        movement_amplitude=body.movement_amplitude,
        with_audio=body.with_audio,
        aspect_ratio=body.aspect_ratio or (ratios[0] if ratios else None),
        user_id=body.user_id,
    )
    for breach in breaches(request):
        if _counts(breach, sizes):
            field = "image_url" if breach.field == "images" else breach.field
            raise Refused(_BREACH_CODES.get(breach.code, Code.INVALID), field)
    return request


def _counts(breach: Breach, sizes: Literal["reference", "examples", "any"]) -> bool:
    """Tell whether the API refuses a call for this breach, given which sizes it takes."""
    if breach.field == "size" and not breach.is_warning:
        return sizes != "any"
    return not breach.is_warning or sizes == "reference"
