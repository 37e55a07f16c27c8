"""Small values for the tests of the plan: a job, rows, requests, clips and attempts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from batchgen.clip import (
    AccountScope,
    Attempt,
    AttemptState,
    ClipKey,
    ClipRequest,
    LocalPicture,
    MoneyPlace,
    Picture,
    RemotePicture,
)
from batchgen.item import Item, ManifestRow
from batchgen.job.schema import Job
from batchgen.plan.clips.expand import Expanded, Expander
from batchgen.plan.layout import lay_out
from batchgen.plan.planning import make_plan
from batchgen.plan.values import Clip, History, Plan, Selection
from batchgen.state.store import Order

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
    rows = expanded(job, *items)
    assert [fault for row in rows for fault in row.faults] == []
    return [clip for row in rows for clip in row.clips]


def expanded(job: Job, *items: Item) -> list[Expanded]:
    """Expand rows, good or bad."""
    expander = Expander(job)
    return [expander.expand(item) for item in items]


@dataclass(frozen=True)
class Bought:
    """Purchases that are all known, oldest first."""

    attempts: Sequence[Attempt]

    def __bool__(self) -> bool:
        return bool(self.attempts)

    def of_skus(self, skus: Collection[str]) -> Iterable[Attempt]:
        """Give those of some SKUs."""
        return [attempt for attempt in self.attempts if attempt.key.sku in skus]

    def by_ids(self, ids: Collection[int]) -> Iterable[Attempt]:
        """Give those with these ids."""
        return [attempt for attempt in self.attempts if attempt.id in ids]

    def committed(self, kind: str, name: str) -> Decimal:
        """Sum what counts against a budget."""
        return sum(
            (
                attempt.price
                for attempt in self.attempts
                if attempt.money is not MoneyPlace.RELEASED
                and (kind, name) in {("sku", attempt.key.sku), *_tagged(attempt)}
            ),
            Decimal(0),
        )


def _tagged(attempt: Attempt) -> set[tuple[str, str]]:
    return {(f"by:{column}", value) for column, value in attempt.tags.items()}


def a_history(
    attempts: Sequence[Attempt] = (), orders: Sequence[Order] = (), **fields: Any
) -> History:
    """Make a history of these attempts, oldest first."""
    return History(Bought(attempts), orders, **fields)


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
    layout = lay_out(job, [ManifestRow(item) for item in items])
    return make_plan(job, layout, history or History(), selection or Selection(), ACCOUNT)


def yuan(text: str) -> Decimal:
    """Write money in a test."""
    return Decimal(text)
