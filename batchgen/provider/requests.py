"""The JSON body of a submit request. Pure: pictures come in ready, as URLs or data URLs."""

from __future__ import annotations

import json
from typing import Any

from batchgen.clip import ClipRequest
from batchgen.video_models import MODELS


def submit_body(request: ClipRequest, pictures: list[str], request_id: str) -> dict[str, Any]:
    """Give the fields of a request as the API names them; what is not set is left out.

    `with_audio` and `request_id` always stand in it: the default of the first is not documented,
    the second is how an answer is known to be ours.
    """
    spec = MODELS[request.model]
    body: dict[str, Any] = {
        "model": request.model,
        "prompt": request.prompt or None,
        "image_url": pictures[0] if spec.picture_as_string else pictures,
        "size": request.size,
        "duration": request.duration,
        "movement_amplitude": request.movement_amplitude,
        "with_audio": request.with_audio,
        "aspect_ratio": request.aspect_ratio if spec.aspect_ratios else None,
        "request_id": request_id,
        "user_id": request.user_id,
    }
    return {field: value for field, value in body.items() if value is not None}


def encoded(body: dict[str, Any]) -> bytes:
    """Give the body as compact UTF-8 JSON; half a character (a lone surrogate) becomes `?`."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", errors="replace")
