"""What makes a request this request and no other. Pure.

The fingerprint decides whether something is bought again: names of files, folders, columns and
variants do not count, nor does the order of rows. Its version is part of it, so that a later
release can count something new without buying anything anew.

Pictures on the web count by their URL, or by their bytes where the job says so and all of them were
read. A request bought in one way is known in the other: see `by_url`, `recorded_by_url`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from batchgen.clip import ClipRequest, LocalPicture, Picture, RemotePicture

_VERSION = "v1"
_quoted = json.JSONEncoder(ensure_ascii=False).encode


def fingerprint(request: ClipRequest) -> str:
    """Give `v1:` and the SHA-256 of the request's canonical JSON (sorted keys, no blanks, UTF-8).

    Local pictures count by their bytes, before any work of ours on them, and remote ones by their
    URL, or by their bytes where those of all are known; in order. What is done to them counts by
    name. Optional fields count only where set.
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
            request.fit,
        )
    )
    pictures = ",".join(map(_quoted, _contents(request.pictures)))
    canonical = f'{before}"pictures":[{pictures}],"prompt":{_quoted(request.prompt)}{after}'
    digest = hashlib.sha256(canonical.encode("utf-8", errors="surrogatepass"))
    return f"{_VERSION}:{digest.hexdigest()}"


def by_url(request: ClipRequest) -> str | None:
    """Give the fingerprint of a request by the URLs of its pictures; None: it has no other.

    One that counts by URL already, since some of its pictures were not read, has no other.
    """
    is_known = all(entry.sha256 for entry in request.pictures)
    if not is_known or not any(isinstance(entry, RemotePicture) for entry in request.pictures):
        return None
    unread = (
        replace(entry, sha256=None) if isinstance(entry, RemotePicture) else entry
        for entry in request.pictures
    )
    return fingerprint(replace(request, pictures=tuple(unread)))


def recorded_by_url(record: Mapping[str, Any]) -> str | None:
    """Do the same for a request that was bought, from its `request_record`."""
    images = record.get("images", ())
    if not any("url" in image and "sha256" in image for image in images):
        return None
    fields = {key: value for key, value in record.items() if key != "images" and value is not None}
    fields["pictures"] = [image.get("url") or f"sha256:{image['sha256']}" for image in images]
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
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
    """Give the fields that are sent, and how pictures are shaped; optional ones only where set."""
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
    if request.fit is not None:
        fields["fit"] = str(request.fit)
    return fields


def _contents(pictures: Sequence[Picture]) -> list[str]:
    hashes = [picture.sha256 for picture in pictures]
    if None in hashes:
        return [_content(picture) for picture in pictures]
    return [f"sha256:{known}" for known in hashes]


def _content(picture: Picture) -> str:
    if isinstance(picture, LocalPicture):
        return f"sha256:{picture.sha256}"
    return picture.url


def _named(picture: Picture) -> dict[str, str]:
    if isinstance(picture, LocalPicture):
        return {"name": picture.name, "sha256": picture.sha256}
    named = {"url": picture.url}
    return named if picture.sha256 is None else {**named, "sha256": picture.sha256}
