"""Which attempt a clip already has, and what follows from it. Pure.

1. clip -> the attempt it already has, by name, else by the same request under another name
2. attempt x request x orders -> action            (`decide`)

An attempt is never adopted across SKUs, but within a family: SKUs that were made of one by
numbering the rows that have it, for a row that is put between them gives others other numbers; and
the SKUs of one product's variants, any of which may be the first one and name it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Literal, NamedTuple

from batchgen.clip import ALIVE, FETCHABLE, Attempt, AttemptState, ClipKey, MoneyPlace
from batchgen.deciding import deciding_attempt
from batchgen.plan.clips.identity import recorded_by_url
from batchgen.plan.values import Action

OnChange = Literal["ask", "regenerate", "keep"]

#: SKU -> the one that names its family, or itself.
Families = Mapping[str, str]
NO_FAMILIES: Families = MappingProxyType({})

_S = AttemptState

#: The newest attempt asked for the same request: what is left to do.
SAME_REQUEST: Mapping[AttemptState, Action] = {
    _S.INTENT: Action.LEAVE,
    _S.UNKNOWN: Action.LEAVE,
    _S.REJECTED: Action.BUY,
    _S.REFUSED: Action.LEAVE,
    _S.ACCEPTED: Action.BRING_HOME,
    _S.STALLED: Action.BRING_HOME,
    _S.VANISHED: Action.BRING_HOME,
    _S.FAILED: Action.LEAVE,
    _S.SUCCEEDED: Action.BRING_HOME,
    _S.VERIFIED: Action.BRING_HOME,
    _S.SAVED: Action.DONE,
    _S.EXPIRED: Action.LEAVE,
    _S.PAID_NO_RESULT: Action.LEAVE,
    _S.DECLARED_UNPAID: Action.BUY,
    _S.WRITTEN_OFF: Action.LEAVE,
}
#: The newest attempt asked for something else. Money in the air or at risk is never paid again
#: for a change; what was refused was never bought, so the new request simply is.
OTHER_REQUEST: Mapping[AttemptState, Action] = {
    **SAME_REQUEST,
    _S.REFUSED: Action.BUY,
    _S.SAVED: Action.CHANGED,
    _S.EXPIRED: Action.CHANGED,
    _S.PAID_NO_RESULT: Action.CHANGED,
    _S.WRITTEN_OFF: Action.CHANGED,
}
#: A purchase under way: it is brought to its end before an order buys the clip again.
_IN_HAND = ALIVE | FETCHABLE | {_S.INTENT}


class Wanted(NamedTuple):
    """A clip as far as it matters here."""

    #: Its place in the plan, from 0.
    number: int
    key: ClipKey
    fingerprint: str
    #: Its fingerprint by the URLs of its pictures, where it is known by their bytes.
    by_url: str | None = None
    #: The SKU of which its own was made by numbering.
    namesake: str | None = None
    #: Names of the same product, by any of which it may have been bought.
    others: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """The SKU as the catalogue has it."""
        return self.namesake or self.key.sku


def decide(
    attempt: Attempt | None, fingerprint: str, on_change: OnChange, *, ordered: bool = False
) -> Action:
    """Decide what to do with a clip, from its newest attempt and the request it has now.

    `ordered`: a person asked for it to be bought again, and that was not done yet.
    """
    if ordered and (attempt is None or attempt.state not in _IN_HAND):
        return Action.BUY_ORDERED
    if attempt is None:
        return Action.BUY
    if attempt.fingerprint == fingerprint:
        return SAME_REQUEST[attempt.state]
    action = OTHER_REQUEST[attempt.state]
    if action is not Action.CHANGED or on_change == "ask":
        return action
    if on_change == "regenerate":
        return Action.BUY_CHANGED
    return SAME_REQUEST[attempt.state]


def known_again(
    clips: Iterable[Wanted], attempts: Iterable[Attempt], families: Families = NO_FAMILIES
) -> list[Attempt]:
    """Give attempts the fingerprint that their request has today, where pictures count otherwise.

    What was bought by the URLs of its pictures is the same request for as long as they are the
    same: what their bytes were then, nobody knows. What was bought by bytes that are not known any
    more is known by its URLs. So neither turning `identity` nor an empty cache buys anything anew.
    """
    clips = list(clips)
    by_bytes = {(clip.family, clip.by_url): clip.fingerprint for clip in clips if clip.by_url}
    by_url = {(clip.family, clip.fingerprint) for clip in clips if clip.by_url is None}
    return [_known_again(it, _family_of(it, families), by_bytes, by_url) for it in attempts]


def _family_of(attempt: Attempt, families: Families) -> str:
    return families.get(attempt.key.sku, attempt.key.sku)


def _known_again(
    attempt: Attempt,
    family: str,
    by_bytes: Mapping[tuple[str, str], str],
    by_url: Collection[tuple[str, str]],
) -> Attempt:
    today = by_bytes.get((family, attempt.fingerprint))
    if today is None and (recorded := recorded_by_url(attempt.request)) is not None:
        today = recorded if (family, recorded) in by_url else None
    return attempt if today is None else replace(attempt, fingerprint=today)


def matched(
    clips: Sequence[Wanted], attempts: Sequence[Attempt], families: Families = NO_FAMILIES
) -> dict[ClipKey, Attempt]:
    """Find the attempt that decides for each clip: by name, or by request of a renamed variant.

    An attempt is adopted from another variant of the same SKU (or family) and take, unless it is by
    name and request the attempt of another clip of the plan. Each is adopted once; what is spent
    then is no longer that of the clip that has its old name now.
    """
    by_key: dict[ClipKey, list[Attempt]] = {}
    for attempt in attempts:
        by_key.setdefault(attempt.key, []).append(attempt)
    named = {
        clip.key: deciding_attempt(by_key.get(clip.key, ()), clip.fingerprint) for clip in clips
    }
    adopted: dict[ClipKey, Attempt] = {}
    free = _free(clips, attempts, families)
    for clip in clips:
        candidates = free.get((clip.family, clip.key.take, clip.fingerprint))
        if candidates and _may_adopt(clip, named[clip.key]):
            adopted[clip.key] = candidates.pop()
    taken = {attempt.id for attempt in adopted.values() if attempt.money is MoneyPlace.SPENT}
    kept = {
        key: attempt
        for key, attempt in named.items()
        if attempt is not None and attempt.id not in taken
    }
    return kept | adopted


def _free(
    clips: Iterable[Wanted], attempts: Iterable[Attempt], families: Families
) -> dict[tuple[str, int, str], list[Attempt]]:
    """Give the attempts that may be adopted, by what was asked for; the best one comes last."""
    claimed = {(clip.key, clip.fingerprint) for clip in clips}
    newest = {(attempt.key, attempt.fingerprint): attempt for attempt in attempts}
    free: dict[tuple[str, int, str], list[Attempt]] = {}
    for attempt in sorted(newest.values(), key=_worth):
        bought = SAME_REQUEST[attempt.state] is not Action.BUY
        if bought and (attempt.key, attempt.fingerprint) not in claimed:
            name = (_family_of(attempt, families), attempt.key.take, attempt.fingerprint)
            free.setdefault(name, []).append(attempt)
    return free


def _may_adopt(clip: Wanted, attempt: Attempt | None) -> bool:
    """Tell whether the clip's own attempt is missing, or of another request and at its end."""
    if attempt is None:
        return True
    return attempt.fingerprint != clip.fingerprint and attempt.state not in _IN_HAND


def _worth(attempt: Attempt) -> tuple[bool, bool, int]:
    """Sort attempts so that the one to adopt first comes last: done, then coming, then newest."""
    action = SAME_REQUEST[attempt.state]
    return action is Action.DONE, action is Action.BRING_HOME, attempt.id
