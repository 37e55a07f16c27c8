"""What is done with each clip of a layout, in a few bytes a clip. Pure.

Clips are looked at in groups of whole SKUs, so that no more of the state than one group's attempts
is in memory at a time, and the clips of one SKU may stand anywhere in the manifest.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Protocol

from batchgen.clip import Attempt, ClipKey, MoneyPlace
from batchgen.item import FIRST_NUMBER, numbered_sku
from batchgen.plan.choosing.matching import (
    Families,
    OnChange,
    Wanted,
    decide,
    known_again,
    matched,
)
from batchgen.plan.choosing.sampling import sampled
from batchgen.plan.clips.identity import by_url
from batchgen.plan.layout import Layout
from batchgen.plan.values import (
    BUYING,
    Action,
    Clip,
    CountedClips,
    History,
    Kind,
    PlannedClip,
    Purchases,
    Selection,
)

_ACTIONS = tuple(Action)
_NUMBER_OF = {action: number for number, action in enumerate(_ACTIONS)}
#: Clips in a group, about; attempts are read for so many at once.
GROUP = 20_000
#: Attempts that are read again at once when the clips of a large plan are gone through.
_BLOCK = 500
_NO_TAKES: frozenset[int] = frozenset()


class Heap(Protocol):
    """Takes in clips one by one and gives them back in order."""

    def append(self, wanted: Wanted, /) -> None:
        """Put a clip behind the others."""

    def __iter__(self) -> Iterator[Wanted]:
        """Yield them."""


@dataclass(slots=True)
class Decisions:
    """For each clip, in order: what is done with it, and the attempt that says so."""

    #: Numbers of `Action`.
    actions: bytearray
    #: 0 where there is none.
    attempt_ids: array[int]
    #: Orders that still ask for a clip.
    order_of: Mapping[ClipKey, int]
    #: The attempts themselves, of a plan of one group.
    attempts: dict[int, Attempt] | None = field(default_factory=dict)

    def action_of(self, number: int) -> Action:
        """Give what is done with a clip."""
        return _ACTIONS[self.actions[number]]

    def put_off(self, number: int) -> None:
        """Leave a clip that would be bought for later."""
        self.actions[number] = _NUMBER_OF[Action.NOT_NOW]


def decide_all(
    layout: Layout,
    history: History,
    on_change: OnChange,
    new_heap: Callable[[], Heap] = list,
    group: int = GROUP,
    *,
    numbered: bool = False,
) -> Decisions:
    """Decide what is done with every clip; `new_heap` makes what keeps a large plan's groups.

    `numbered`: rows of one SKU are told apart by numbers, which a row between them moves.
    """
    count = len(layout.kind_of)
    decisions = Decisions(
        actions=bytearray([_NUMBER_OF[Action.BUY]]) * count,
        attempt_ids=array("q", bytes(8 * count)),
        order_of={key: order.id for order in history.orders for key in order.outstanding},
    )
    if history.purchases or decisions.order_of:
        groups = _groups(layout, count // group + 1, new_heap)
        if len(groups) > 1:
            decisions.attempts = None
        for heap in groups:
            clips = list(heap)
            families = _families(clips)
            if numbered:
                families |= _vanished(families, history.purchases)
            _decide_group(decisions, clips, families, history.purchases, on_change)
    return decisions


def _groups(layout: Layout, count: int, new_heap: Callable[[], Heap]) -> list[Heap]:
    """Spread the clips over so many groups, those of one SKU, or family of SKUs, together."""
    heaps: list[Heap] = [[]] if count == 1 else [new_heap() for _ in range(count)]
    clips = ((clip, row.item) for row in layout.rows for clip in row.clips)
    for number, (clip, item) in enumerate(clips):
        names = (item.namesake, item.others)
        wanted = Wanted(number, clip.key, clip.fingerprint, by_url(clip.request), *names)
        heaps[hash(wanted.family) % count].append(wanted)
    return heaps


def _families(clips: Collection[Wanted]) -> dict[str, str]:
    """Give the family of each SKU of the plan, and of those that name its products as well."""
    families = {clip.key.sku: clip.family for clip in clips}
    for clip in clips:
        for name in clip.others:
            families.setdefault(name, clip.family)
    return families


def _vanished(families: Families, purchases: Purchases) -> dict[str, str]:
    """Give the family of numbers that the plan has no more, and under which was bought.

    Numbers follow one another, so the next one is asked for until nothing was bought under it.
    """
    vanished: dict[str, str] = {}
    last = dict.fromkeys(families.values(), FIRST_NUMBER - 1)
    while last:
        asked: dict[str, str] = {}
        for family in last:
            last[family] += 1
            while (sku := numbered_sku(family, last[family])) in families:
                last[family] += 1
            asked[sku] = family
        found = {attempt.key.sku for attempt in purchases.of_skus(asked)}
        vanished |= {sku: asked[sku] for sku in found}
        last = {asked[sku]: last[asked[sku]] for sku in found}
    return vanished


def _decide_group(
    decisions: Decisions,
    clips: list[Wanted],
    families: Families,
    purchases: Purchases,
    on_change: OnChange,
) -> None:
    attempts = list(purchases.of_skus(families.keys()))
    attempt_of = matched(clips, known_again(clips, attempts, families), families)
    takes = _bought_takes(attempts)
    by_id = {attempt.id: attempt for attempt in attempts}
    for clip in clips:
        attempt = attempt_of.get(clip.key)
        is_ordered = clip.key in decisions.order_of
        action = decide(attempt, clip.fingerprint, on_change, ordered=is_ordered)
        if action is Action.BUY and takes.get(_name(clip.key), _NO_TAKES) - {clip.key.take}:
            action = Action.BUY_TAKE
        decisions.actions[clip.number] = _NUMBER_OF[action]
        if attempt is not None:
            decisions.attempt_ids[clip.number] = attempt.id
            if decisions.attempts is not None:
                decisions.attempts[attempt.id] = by_id[attempt.id]


def _bought_takes(attempts: Iterable[Attempt]) -> dict[tuple[str, str], set[int]]:
    """Give the takes of each SKU and variant for which money was paid, or may have been."""
    takes: dict[tuple[str, str], set[int]] = {}
    for attempt in attempts:
        if attempt.money is not MoneyPlace.RELEASED:
            takes.setdefault(_name(attempt.key), set()).add(attempt.key.take)
    return takes


def _name(key: ClipKey) -> tuple[str, str]:
    return key.sku, key.variant


def select(decisions: Decisions, layout: Layout, selection: Selection) -> None:
    """Keep what the person selected for buying, put off the rest; nothing else is touched."""
    if not selection.is_narrowed:
        return
    skus = _selected_skus(layout, selection)
    bought = 0
    for number, clip in enumerate(layout.clips()):
        if decisions.action_of(number) not in BUYING:
            continue
        is_meant = skus is None or clip.key.sku in skus
        if is_meant and (selection.limit is None or bought < selection.limit):
            bought += 1
        else:
            decisions.put_off(number)


def _selected_skus(layout: Layout, selection: Selection) -> Collection[str] | None:
    """Give the SKUs that are meant; None means all."""
    named = selection.skus or None
    if selection.sample is None:
        return named
    skus = (row.item.sku for row in layout.rows)
    return sampled((sku for sku in skus if named is None or sku in named), selection.sample)


def planned_clips(
    layout: Layout, decisions: Decisions, purchases: Purchases
) -> Collection[PlannedClip]:
    """Give the clips with what is done with them: of a small plan as they stand, once for all."""
    clips = LaidClips(layout, decisions, purchases)
    return clips if decisions.attempts is None or len(clips) > GROUP else tuple(clips)


@dataclass(frozen=True)
class LaidClips(CountedClips):
    """The clips of a large plan; each loop over them reads them, and their attempts, again.

    What is done with a clip is what was decided; its attempt is as it stands by now.
    """

    layout: Layout
    decisions: Decisions
    purchases: Purchases

    def __len__(self) -> int:
        return len(self.layout.kind_of)

    def __iter__(self) -> Iterator[PlannedClip]:
        return self._all_of(enumerate(self.layout.clips()))

    def with_actions(self, actions: Collection[Action]) -> Iterator[PlannedClip]:
        """Yield those that have one of some actions; attempts of the others are not read."""
        wanted = {_NUMBER_OF[action] for action in actions}
        taken = self.decisions.actions
        clips = enumerate(self.layout.clips())
        return self._all_of((number, clip) for number, clip in clips if taken[number] in wanted)

    def keys(self) -> Iterator[ClipKey]:
        """Yield their names."""
        return (clip.key for clip in self.layout.clips())

    def ids(self) -> Iterator[int]:
        """Yield the ids of the attempts that they have."""
        return filter(None, self.decisions.attempt_ids)

    def __contains__(self, entry: object) -> bool:
        return any(each == entry for each in self)

    @cached_property
    def counts(self) -> Counter[Kind]:
        """The number of clips of each kind."""
        pairs = Counter(zip(self.decisions.actions, self.layout.kind_of, strict=True))
        return Counter(
            {
                Kind(_ACTIONS[action], *self.layout.kinds[kind]): count
                for (action, kind), count in pairs.items()
            }
        )

    def _all_of(self, numbered: Iterator[tuple[int, Clip]]) -> Iterator[PlannedClip]:
        while block := list(islice(numbered, _BLOCK)):
            attempts = self._attempts(number for number, _ in block)
            for number, clip in block:
                attempt = attempts.get(self.decisions.attempt_ids[number])
                yield self._planned(number, clip, attempt)

    def _attempts(self, numbers: Iterable[int]) -> Mapping[int, Attempt]:
        if self.decisions.attempts is not None:
            return self.decisions.attempts
        ids = [found for number in numbers if (found := self.decisions.attempt_ids[number])]
        return {attempt.id: attempt for attempt in self.purchases.by_ids(ids)}

    def _planned(self, number: int, clip: Clip, attempt: Attempt | None) -> PlannedClip:
        action = self.decisions.action_of(number)
        is_ordered = action is Action.BUY_ORDERED
        order_id = self.decisions.order_of.get(clip.key) if is_ordered else None
        return PlannedClip(clip, action, attempt, order_id)
