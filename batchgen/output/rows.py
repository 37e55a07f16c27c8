"""What is told of each clip: the rows of the results, and the provenance beside its file. Pure.

Every row of the manifest is here: one result row for each clip, and one for each faulty row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from batchgen.clip import Attempt, ClipKey, ClipRequest, RemotePicture, Status
from batchgen.item import Fault
from batchgen.messages import Message, Say, msg
from batchgen.output.names import clip_file, poster_file
from batchgen.plan.values import Action, Plan, PlannedClip, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """One row of the results; the fields are its columns, in order. Times are ISO 8601 in UTC."""

    sku: str
    variant: str = ""
    take: int | None = None
    model: str = ""
    status: Status
    #: Price of the newest attempt, or of the planned call; `money` says whether it was paid.
    cost: Decimal | None = None
    currency: str = ""
    #: `reserved`, `spent`, `at_risk`, `released`, or `none` where nothing was ever sent.
    money: str = "none"
    task_id: str | None = None
    request_id: str | None = None
    #: Signed: it opens the clip for everybody who has it, until `url_expires_at`.
    video_url: str | None = None
    cover_url: str | None = None
    url_expires_at: str | None = None
    #: Relative to the output folder; only where the file is there.
    file: str | None = None
    poster: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    prompt: str = ""
    #: Names or URLs, joined by `|`.
    images: str = ""
    #: Purchases of this clip so far.
    attempts: int = 0
    error_code: str | None = None
    error: str | None = None
    submitted_at: str | None = None
    finished_at: str | None = None
    downloaded_at: str | None = None
    #: What `finish` made of the file, relative to the output folder; only where it is there.
    finished_file: str | None = None


#: The columns of every results file (contract, section 7).
COLUMNS = tuple(field.name for field in fields(ResultRow))


_values = attrgetter(*COLUMNS)


def record_of(row: ResultRow) -> dict[str, Any]:
    """Give a row as JSON values, in the order of `COLUMNS`; money is text with two decimals."""
    record = dict(zip(COLUMNS, _values(row), strict=True))
    if row.cost is not None:
        record["cost"] = plain(row.cost)
    return record


def result_rows(plan: Plan, say: Say = str) -> Iterator[ResultRow]:
    """Yield the clips of a plan in its order, then its faulty rows; `say` words the faults."""
    for entry in plan.clips:
        yield _clip_row(entry, plan.job, plan.currency)
    yield from _invalid_rows(plan.faults, say)


def iso_time(at: float | None) -> str | None:
    """Write UTC seconds as ISO 8601 with its offset, to the second."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def provenance(attempt: Attempt, version: str) -> dict[str, Any]:
    """Tell where a clip came from, as JSON values; the signed result links are left out."""
    asked_s = attempt.request.get("duration")
    return {
        "sku": attempt.key.sku,
        "variant": attempt.key.variant,
        "take": attempt.key.take,
        "provider": attempt.account.provider,
        "account": attempt.account.name,
        "host": attempt.account.host,
        "model": attempt.model,
        "request": {key: value for key, value in attempt.request.items() if key != "images"},
        "images": attempt.request.get("images", []),
        "task_id": attempt.task_id,
        "request_id": attempt.request_id,
        "attempt": attempt.number,
        "job": attempt.job,
        "run": attempt.run_id,
        "price": plain(attempt.price),
        "currency": attempt.currency,
        "submitted_at": iso_time(attempt.submitted_at),
        "finished_at": iso_time(attempt.finished_at),
        "downloaded_at": iso_time(attempt.downloaded_at),
        "file": attempt.file,
        "sha256": attempt.sha256,
        "bytes": attempt.size_bytes,
        "width": attempt.width,
        "height": attempt.height,
        "duration_s": attempt.duration_s,
        "checks": {
            "duration_as_asked": _is_as_long(attempt.duration_s, asked_s),
        },
        "batchgen": version,
    }


def _is_as_long(duration_s: float | None, asked_s: float | None) -> bool | None:
    """Tell whether a clip lasts as long as asked, give or take half a second; None: not known."""
    if duration_s is None or asked_s is None:
        return None
    return abs(duration_s - asked_s) <= 0.5


def _clip_row(entry: PlannedClip, job: str, currency: str) -> ResultRow:
    if entry.attempt is not None:
        row = _attempt_row(entry.clip.key, entry.attempt)
        # What another job bought for another request stays in that job's folder.
        is_elsewhere = entry.action is Action.CHANGED and entry.attempt.job != job
        return replace(row, file=None, poster=None) if is_elsewhere else row
    clip = entry.clip
    return ResultRow(
        sku=clip.key.sku,
        variant=clip.key.variant,
        take=clip.key.take,
        model=clip.request.model,
        status=entry.status,
        cost=clip.price,
        currency=currency,
        prompt=clip.request.prompt,
        images=_request_images(clip.request),
    )


def _attempt_row(key: ClipKey, attempt: Attempt) -> ResultRow:
    file = clip_file(key) if attempt.status is Status.DONE else None
    return ResultRow(
        sku=key.sku,
        variant=key.variant,
        take=key.take,
        model=attempt.model,
        status=attempt.status,
        cost=attempt.price,
        currency=attempt.currency,
        money=attempt.money.value,
        task_id=attempt.task_id,
        request_id=attempt.request_id,
        video_url=attempt.video_url,
        cover_url=attempt.cover_url,
        url_expires_at=iso_time(attempt.url_expires_at),
        file=file,
        poster=file and poster_file(file),
        bytes=attempt.size_bytes,
        sha256=attempt.sha256,
        width=attempt.width,
        height=attempt.height,
        duration_s=attempt.duration_s,
        prompt=attempt.request.get("prompt", ""),
        images=_stored_images(attempt.request),
        attempts=attempt.number,
        error_code=attempt.error_code,
        error=attempt.error,
        submitted_at=iso_time(attempt.submitted_at),
        finished_at=iso_time(attempt.finished_at),
        downloaded_at=iso_time(attempt.downloaded_at),
    )


def _request_images(request: ClipRequest) -> str:
    pictures = request.pictures
    return "|".join(p.url if isinstance(p, RemotePicture) else p.name for p in pictures)


def _stored_images(request: Mapping[str, Any]) -> str:
    images = request.get("images", ())
    return "|".join(str(image.get("url") or image.get("name")) for image in images)


def by_manifest_row(faults: Iterable[Fault]) -> list[list[Fault]]:
    """Group faults by the manifest row they are of, in the order of the invalid result rows."""

    def place(fault: Fault) -> tuple[str, int]:
        return fault.file, fault.row or 0

    return [list(group) for _, group in groupby(sorted(faults, key=place), place)]


def _invalid_rows(faults: Iterable[Fault], say: Say) -> Iterator[ResultRow]:
    """Join the faults of each manifest row into one result row."""
    for row_faults in by_manifest_row(faults):
        yield ResultRow(
            sku=next((fault.sku for fault in row_faults if fault.sku), ""),
            status=Status.INVALID,
            error_code=";".join(dict.fromkeys(fault.code for fault in row_faults)),
            error="; ".join(say(_located(fault)) for fault in row_faults),
        )


def _located(fault: Fault) -> Message:
    if fault.row is None:
        return msg("{file}: {fault}", file=fault.file, fault=fault.message)
    if fault.column is None:
        return msg("row {row}: {fault}", row=fault.row, fault=fault.message)
    return msg(
        "row {row}, column {column}: {fault}",
        row=fault.row,
        column=fault.column,
        fault=fault.message,
    )
