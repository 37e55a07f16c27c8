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

from batchgen.clip import Attempt, ClipKey
from batchgen.plan.layout import Layout
from batchgen.plan.matching import OnChange, Wanted, decide, matched
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
) -> Decisions:
    """Decide what is done with every clip; `new_heap` makes what keeps a large plan's groups."""
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
            _decide_group(decisions, list(heap), history.purchases, on_change)
    return decisions


def _groups(layout: Layout, count: int, new_heap: Callable[[], Heap]) -> list[Heap]:
    """Spread the clips over so many groups, those of one SKU together."""
    heaps: list[Heap] = [[]] if count == 1 else [new_heap() for _ in range(count)]
    for number, clip in enumerate(layout.clips()):
        wanted = Wanted(number, clip.key, clip.fingerprint)
        heaps[hash(clip.key.sku) % count].append(wanted)
    return heaps


def _decide_group(
    decisions: Decisions, clips: list[Wanted], purchases: Purchases, on_change: OnChange
) -> None:
    attempts = list(purchases.of_skus({clip.key.sku for clip in clips}))
    attempt_of = matched(clips, attempts)
    for clip in clips:
        attempt = attempt_of.get(clip.key)
        is_ordered = clip.key in decisions.order_of
        action = decide(attempt, clip.fingerprint, on_change, ordered=is_ordered)
        decisions.actions[clip.number] = _NUMBER_OF[action]
        if attempt is not None:
            decisions.attempt_ids[clip.number] = attempt.id
            if decisions.attempts is not None:
                decisions.attempts[attempt.id] = attempt


def select(decisions: Decisions, layout: Layout, selection: Selection) -> None:
    """Keep what the person selected for buying, put off the rest; nothing else is touched."""
    if selection.limit is None and not selection.skus:
        return
    bought = 0
    for number, clip in enumerate(layout.clips()):
        if decisions.action_of(number) not in BUYING:
            continue
        if _is_selected(clip, selection, bought):
            bought += 1
        else:
            decisions.put_off(number)


def _is_selected(clip: Clip, selection: Selection, bought: int) -> bool:
    if selection.skus and clip.key.sku not in selection.skus:
        return False
    return selection.limit is None or bought < selection.limit


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
