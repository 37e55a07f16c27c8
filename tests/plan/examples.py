"""Small values for the tests of the plan: a job, rows, requests, clips and attempts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from batchgen.clip import (
    AccountScope,
    Attempt,
    AttemptState,
    ClipKey,
    ClipRequest,
    LocalPicture,
    Picture,
    RemotePicture,
)
from batchgen.item import Item
from batchgen.job.schema import Job
from batchgen.plan.expand import expand
from batchgen.plan.planning import make_plan
from batchgen.plan.values import Clip, History, ManifestRows, Plan, Selection

ACCOUNT = AccountScope("bigmodel", "default", "open.bigmodel.cn")
PHOTO = LocalPicture("mug.png", "/photos/mug.png", "ab" * 32, "png", 800, 600, 4000)
LINK = RemotePicture("https://shop.example/mug.jpg")
REQUEST = ClipRequest("vidu2-image", "A mug turns", (LINK,), "1280x720", 4, "auto", False)


def a_job(**fields: Any) -> Job:
    """Make a job with the given fields over a minimal one."""
    minimal = {"name": "spring", "manifest": {"path": "shop.csv"}, "output": "out"}
    return Job.model_validate({**minimal, "clip": {"prompt": "A mug turns"}, **fields})


def an_item(sku: str = "A1", row: int = 2, /, *pictures: Picture, **cells: str) -> Item:
    """Make a row; without pictures given it has one remote picture."""
    return Item(sku, "shop.csv", row, {"sku": sku, **cells}, pictures or (LINK,))


def clips_of(job: Job, *items: Item) -> list[Clip]:
    """Expand rows that must be faultless."""
    rows = list(expand(job, items))
    assert [fault for row in rows for fault in row.faults] == []
    return [clip for row in rows for clip in row.clips]


def an_attempt(clip: Clip, state: AttemptState, **changes: Any) -> Attempt:
    """Make the newest attempt of a clip; `variant` renames it."""
    variant = changes.pop("variant", clip.key.variant)
    attempt = Attempt(
        id=1,
        account=ACCOUNT,
        key=ClipKey(clip.key.sku, variant, clip.key.take),
        number=1,
        state=state,
        request_id="r",
        fingerprint=clip.fingerprint,
        model=clip.request.model,
        price=clip.price,
        currency="CNY",
        request={},
        job="spring",
        run_id="run",
        output="/out",
        created_at=0.0,
    )
    return replace(attempt, **changes)


def a_plan(
    job: Job,
    *items: Item,
    history: History | None = None,
    selection: Selection | None = None,
) -> Plan:
    """Plan rows with an empty history and everything selected, unless told otherwise."""
    rows = ManifestRows(items, count=len(items))
    return make_plan(job, rows, history or History(), selection or Selection(), ACCOUNT)


def yuan(text: str) -> Decimal:
    """Write money in a test."""
    return Decimal(text)
