"""Why a clip would be bought again: what was asked for then, against what is asked for now. Pure.

Both are records of a request as `plan.clips.identity` makes them; the older one may come from an
older release. Knows no words for people.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import zip_longest
from typing import Any, NamedTuple

from batchgen.clip import ClipKey, ClipRequest
from batchgen.plan.clips.identity import request_record
from batchgen.plan.values import Action, Plan, PlannedClip

#: Digits of a hash that tell it from another one.
_HASH_DIGITS = 12
_CHANGED = (Action.CHANGED, Action.BUY_CHANGED)


class Reason(StrEnum):
    """What kind of thing changed, in the order in which it is told."""

    MODEL = "model"
    PROMPT = "prompt"
    #: Another file, or another content of the same file.
    PICTURE_BYTES = "picture_bytes"
    #: Another address; or a file in the place of an address, or the other way round.
    PICTURE_ADDRESS = "picture_address"
    #: More or fewer pictures, or the same ones in another order.
    PICTURES = "pictures"
    #: Anything else that is sent.
    PARAMETERS = "parameters"
    #: The record of the purchase does not say.
    UNKNOWN = "unknown"


_RANK = {reason: rank for rank, reason in enumerate(Reason)}
_REASON_OF = {"model": Reason.MODEL, "prompt": Reason.PROMPT}
#: Without these a record does not say what was asked for.
_RECORDED = frozenset({"model", "prompt", "images"})


class Change(NamedTuple):
    """One thing that a request asks for otherwise than the one that was bought."""

    reason: Reason
    #: The picture's name or address now, or the parameter's name; None for the others.
    what: str | None = None
    #: None where it was not set.
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedClip:
    """A clip that was bought, with what changed since."""

    key: ClipKey
    price: Decimal
    #: At least one.
    changes: tuple[Change, ...]

    @property
    def reasons(self) -> frozenset[Reason]:
        """Each reason once, however many pictures or parameters it stands for."""
        return frozenset(change.reason for change in self.changes)


@dataclass(slots=True)
class Delta:
    """The changed clips of a plan, counted; a clip with several reasons counts for each."""

    clips: int = 0
    counts: Counter[Reason] = field(default_factory=Counter)
    #: Prices of the clips that have a reason.
    costs: dict[Reason, Decimal] = field(default_factory=dict)
    #: Clips by parameter.
    parameters: Counter[str] = field(default_factory=Counter)
    #: The first ones.
    listed: list[ChangedClip] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        """Changed clips that are not listed."""
        return self.clips - len(self.listed)

    def reasons(self) -> Iterator[tuple[Reason, int, Decimal]]:
        """Yield each reason there is with its clips and their price."""
        for reason in Reason:
            if self.counts[reason]:
                yield reason, self.counts[reason], self.costs[reason]

    def note(self, clip: ChangedClip, most: int) -> None:
        """Count a clip, and list it while there are fewer than `most`."""
        self.clips += 1
        for reason in clip.reasons:
            self.counts[reason] += 1
            self.costs[reason] = self.costs.get(reason, Decimal(0)) + clip.price
        self.parameters.update(
            change.what
            for change in clip.changes
            if change.reason is Reason.PARAMETERS and change.what is not None
        )
        if len(self.listed) < most:
            self.listed.append(clip)


def delta_of(plan: Plan, most: int) -> Delta:
    """Compare the changed clips of a plan, bought again or not; list at most so many of them."""
    delta = Delta()
    if plan.count_of(*_CHANGED):
        for entry in plan.with_actions(_CHANGED):
            delta.note(_changed_clip(entry), most)
    return delta


def _changed_clip(entry: PlannedClip) -> ChangedClip:
    bought = {} if entry.attempt is None else entry.attempt.request
    return ChangedClip(entry.clip.key, entry.clip.price, reasons(bought, entry.clip.request))


def reasons(bought: Mapping[str, Any], request: ClipRequest) -> tuple[Change, ...]:
    """Say why a request is another one than the one that `bought` records; at least one reason.

    What this release does not know of the older record counts as a parameter.
    """
    if not bought.keys() >= _RECORDED:
        return (Change(Reason.UNKNOWN),)
    found = sorted(_changes(bought, request_record(request)), key=lambda each: _RANK[each.reason])
    return tuple(found) or (Change(Reason.UNKNOWN),)


def _changes(bought: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys((*wanted, *bought)):
        old, new = bought.get(name), wanted.get(name)
        if old == new:
            continue
        if name == "images":
            yield from _picture_changes(bought[name], wanted[name])
            continue
        reason = _REASON_OF.get(name, Reason.PARAMETERS)
        what = name if reason is Reason.PARAMETERS else None
        yield Change(reason, what, _text(old), _text(new))


def _text(value: object) -> str | None:
    """Write a value of a record as the job file would."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


# ---------------------------------------------------------------- pictures

_Pictures = Sequence[Mapping[str, str]]
_NO_PICTURE: Mapping[str, str] = {}


def _picture_changes(bought: _Pictures, wanted: _Pictures) -> Iterator[Change]:
    """Compare place by place; where pictures came, went or moved, as a whole."""
    places = zip_longest(bought, wanted, fillvalue=_NO_PICTURE)
    pairs = [(old, new) for old, new in places if not _is_same(old, new)]
    moved = any(_is_same(old, new) for old, _ in pairs for _, new in pairs)
    if pairs and (moved or len(bought) != len(wanted)):
        yield Change(Reason.PICTURES, None, _names(bought), _names(wanted))
        return
    for old, new in pairs:
        yield _replaced(old, new)


def _is_same(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Tell whether two pictures are one: by their bytes where both are known, else by address."""
    key = "sha256" if "sha256" in old and "sha256" in new else "url"
    return key in old and old[key] == new.get(key)


def _replaced(old: Mapping[str, str], new: Mapping[str, str]) -> Change:
    """Say what became of a picture in its place; a file under its old name is told by its hash."""
    names = _name(old), _name(new)
    if not ("sha256" in old and "sha256" in new):
        return Change(Reason.PICTURE_ADDRESS, names[1], *names)
    if names[0] != names[1]:
        return Change(Reason.PICTURE_BYTES, names[1], *names)
    return Change(Reason.PICTURE_BYTES, names[1], _hash(old), _hash(new))


def _names(pictures: _Pictures) -> str:
    return ", ".join(map(_name, pictures))


def _name(picture: Mapping[str, str]) -> str:
    return picture.get("name") or picture.get("url", "")


def _hash(picture: Mapping[str, str]) -> str:
    return f"sha256 {picture['sha256'][:_HASH_DIGITS]}"
