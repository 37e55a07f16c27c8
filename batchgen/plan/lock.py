"""A saved plan: what it holds, and whether it still says what would be done. Pure.

A lock names every clip that may be bought, with its request and its price. `run --plan FILE`
refuses when anything it rests on moved, and buys nothing outside it. That some of its clips were
bought meanwhile is no move: they are just not bought again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import reduce
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from batchgen.clip import AccountScope, ClipKey
from batchgen.errors import PlanMoved
from batchgen.messages import Message, msg
from batchgen.plan.clips.identity import by_url
from batchgen.plan.values import BUYING, Clip, Plan, PlannedClip, Selection, plain

#: So many SKUs are named in a message; the others are counted.
_NAMED_SKUS = 5


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Account(_Part):
    provider: str
    name: str
    host: str


class _Selection(_Part):
    limit: int | None
    skus: tuple[str, ...]
    changed: bool
    sample: int | None = None


class _Clip(_Part):
    sku: str
    variant: str
    take: int
    fingerprint: str
    price: Decimal

    @property
    def key(self) -> ClipKey:
        return ClipKey(self.sku, self.variant, self.take)


class _Lock(_Part):
    """The file as it is written; every field is compared when it is used."""

    version: Literal[1]
    job: str
    account: _Account
    currency: str
    selection: _Selection
    manifest_sha256: str
    job_digest: str
    clips: tuple[_Clip, ...]
    cost: Decimal


def lock_of(plan: Plan, job_digest: str, manifest_sha256: str) -> dict[str, Any]:
    """Give what is saved of a plan, ready for JSON."""
    return {
        "version": 1,
        "job": plan.job,
        "account": _account(plan.account),
        "currency": plan.currency,
        "selection": _selection(plan.selection),
        "manifest_sha256": manifest_sha256,
        "job_digest": job_digest,
        "clips": [_clip(entry) for entry in plan.to_buy],
        "cost": plain(plan.cost),
    }


def selection_of(lock: object) -> Selection:
    """Give the selection a plan was saved with, for a run that names none of its own.

    Raises:
        PlanMoved: the file is damaged.
    """
    saved = _read(lock).selection
    return Selection(saved.limit, frozenset(saved.skus), saved.changed, saved.sample)


def check_lock(lock: object, plan: Plan, job_digest: str, manifest_sha256: str) -> Plan:
    """Hold today's plan against a saved one (parsed JSON) and cut it down to the saved clips.

    Raises:
        PlanMoved: the file is damaged, or names each thing that moved since it was saved.
    """
    saved = _read(lock)
    moved = [
        *_moved_frame(saved, plan, job_digest, manifest_sha256),
        *_moved_clips(saved.clips, plan),
    ]
    if moved:
        parts = reduce(lambda left, right: msg("{left}; {right}", left=left, right=right), moved)
        raise PlanMoved(
            msg(
                "the saved plan no longer fits: {parts}. Look at the new plan and save it again",
                parts=parts,
            )
        )
    allowed = {clip.key for clip in saved.clips}
    return plan.changed(lambda entry: _restricted(entry, allowed))


def _restricted(entry: PlannedClip, allowed: set[ClipKey]) -> PlannedClip:
    outside = entry.action in BUYING and entry.clip.key not in allowed
    return entry.put_off() if outside else entry


def _read(lock: object) -> _Lock:
    """Read a saved plan strictly."""
    try:
        saved = _Lock.model_validate(lock)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise _damaged(msg("{place}: {reason}", place=place, reason=fault["msg"])) from error
    if sum((clip.price for clip in saved.clips), Decimal(0)) != saved.cost:
        raise _damaged(msg("its cost is not the sum of its prices"))
    return saved


def _damaged(reason: Message) -> PlanMoved:
    return PlanMoved(
        msg("the saved plan is damaged ({reason}): save it again with plan --save", reason=reason)
    )


def _moved_frame(
    saved: _Lock, plan: Plan, job_digest: str, manifest_sha256: str
) -> Iterator[Message]:
    """Say what moved around the clips."""
    if saved.manifest_sha256 != manifest_sha256:
        yield msg("the manifest changed")
    if (saved.job, saved.job_digest) != (plan.job, job_digest):
        yield msg("the job file changed")
    if (saved.account.model_dump(), saved.currency) != (_account(plan.account), plan.currency):
        yield msg(
            "it was made for the account {saved}, not {now}",
            saved=str(AccountScope(**saved.account.model_dump())),
            now=str(plan.account),
        )
    if saved.selection != _Selection(**_selection(plan.selection)):
        yield msg("the selection (--limit, --sku, --sample, --changed) is another one")


def _moved_clips(saved: Sequence[_Clip], plan: Plan) -> Iterator[Message]:
    """Say which saved clips are gone, ask for something else or cost something else."""
    now = {entry.clip.key: entry.clip for entry in plan.clips}
    both = [(clip, now[clip.key]) for clip in saved if clip.key in now]
    gone = [clip.sku for clip in saved if clip.key not in now]
    requests = [old.sku for old, new in both if not _is_same(old.fingerprint, new)]
    prices = [old.sku for old, new in both if old.price != new.price]
    if gone:
        yield msg("these SKUs lack a clip that was planned: {skus}", skus=_names(gone))
    if requests:
        yield msg(
            "the pictures, prompts or parameters of these SKUs changed: {skus}",
            skus=_names(requests),
        )
    if prices:
        yield msg("the prices of these SKUs changed: {skus}", skus=_names(prices))


def _is_same(saved: str, now: Clip) -> bool:
    """Tell whether a clip asks for what was saved; it may have been saved before it was read."""
    return saved in {now.fingerprint, by_url(now.request)}


def _names(skus: Sequence[str]) -> Message | str:
    distinct = list(dict.fromkeys(skus))
    named = ", ".join(distinct[:_NAMED_SKUS])
    others = len(distinct) - _NAMED_SKUS
    if others > 0:
        return msg("{named} and {others} more", named=named, others=others)
    return named


def _account(account: AccountScope) -> dict[str, Any]:
    return {"provider": account.provider, "name": account.name, "host": account.host}


def _selection(selection: Selection) -> dict[str, Any]:
    """Give the selection; a sample only where there is one, for releases that know none."""
    sample = {} if selection.sample is None else {"sample": selection.sample}
    return {
        "limit": selection.limit,
        "skus": sorted(selection.skus),
        "changed": selection.changed,
        **sample,
    }


def _clip(entry: PlannedClip) -> dict[str, Any]:
    return {
        "sku": entry.clip.key.sku,
        "variant": entry.clip.key.variant,
        "take": entry.clip.key.take,
        "fingerprint": entry.clip.fingerprint,
        "price": plain(entry.clip.price),
    }
