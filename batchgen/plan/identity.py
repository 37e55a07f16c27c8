"""What makes a request this request and no other. Pure.

The fingerprint decides whether something is bought again: names of files, folders, columns and
variants do not count, nor does the order of rows. Its version is part of it, so that a later
release can count something new without buying anything anew.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any

from batchgen.clip import ClipRequest, LocalPicture, Picture

_VERSION = "v1"
_quoted = json.JSONEncoder(ensure_ascii=False).encode


def fingerprint(request: ClipRequest) -> str:
    """Give `v1:` and the SHA-256 of the request's canonical JSON (sorted keys, no blanks, UTF-8).

    Local pictures count by their bytes and remote ones by their URL, both in order; optional
    fields count only where they are set.
    """
    before, after = _around_content(
        (
            request.model,
            request.size,
            request.duration,
            request.movement_amplitude,
            request.with_audio,
            request.aspect_ratio,
            request.user_id,
        )
    )
    pictures = ",".join([_quoted(_content(entry)) for entry in request.pictures])
    canonical = f'{before}"pictures":[{pictures}],"prompt":{_quoted(request.prompt)}{after}'
    digest = hashlib.sha256(canonical.encode("utf-8", errors="surrogatepass"))
    return f"{_VERSION}:{digest.hexdigest()}"


@lru_cache(maxsize=1000)
def _around_content(settings: tuple[Any, ...]) -> tuple[str, str]:
    """Give the canonical JSON before and after the content; many requests share their settings."""
    model, *others = settings
    frame = ClipRequest(model, "", (), *others)
    canonical = json.dumps(
        _fields(frame) | {"pictures": []}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    before, after = canonical.split('"pictures":[],"prompt":""')
    return before, after


def request_record(request: ClipRequest) -> dict[str, Any]:
    """Give what is kept with an attempt, ready for JSON: what was asked for, no picture bytes."""
    record = {"aspect_ratio": None, "user_id": None} | _fields(request)
    return record | {"images": [_named(entry) for entry in request.pictures]}


def _fields(request: ClipRequest) -> dict[str, Any]:
    """Give the fields that are sent, pictures aside; optional ones only where set."""
    fields: dict[str, Any] = {
        "model": request.model,
        "prompt": request.prompt,
        "size": request.size,
        "duration": request.duration,
        "movement_amplitude": request.movement_amplitude,
        "with_audio": request.with_audio,
    }
    if request.aspect_ratio is not None:
        fields["aspect_ratio"] = request.aspect_ratio
    if request.user_id is not None:
        fields["user_id"] = request.user_id
    return fields


def _content(picture: Picture) -> str:
    if isinstance(picture, LocalPicture):
        return f"sha256:{picture.sha256}"
    return picture.url


def _named(picture: Picture) -> dict[str, str]:
    if isinstance(picture, LocalPicture):
        return {"name": picture.name, "sha256": picture.sha256}
    return {"url": picture.url}
