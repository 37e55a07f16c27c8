"""What a plan is made of. Pure values; `plan.planning.make_plan` makes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, Protocol

from batchgen.clip import AccountScope, Attempt, ClipKey, ClipRequest, Status
from batchgen.item import Fault, LeftOut
from batchgen.state.store import Order


@dataclass(frozen=True, slots=True)
class Clip:
    """One video to make: an item in one cell of the matrix, in one take."""

    key: ClipKey
    request: ClipRequest
    #: See `plan.clips.identity`.
    fingerprint: str
    #: Price of one call.
    price: Decimal
    #: Manifest row it comes from, as a spreadsheet counts it.
    row: int
    #: Values of the columns that budgets count by.
    tags: Mapping[str, str] = field(default_factory=dict)


class Action(StrEnum):
    """What `run` would do with a clip now."""

    #: Send it: nothing was bought for this request yet.
    BUY = "buy"
    #: Send it: one more take of a clip of which other takes were bought.
    BUY_TAKE = "buy-take"
    #: Send it: its request changed and the person allows that.
    BUY_CHANGED = "buy-changed"
    #: Send it: an open order asks for it again.
    BUY_ORDERED = "buy-ordered"
    #: Leave it: its request changed, and nobody asked to pay again.
    CHANGED = "changed"
    #: Paid or alive: bring it home, buy nothing.
    BRING_HOME = "bring-home"
    #: The file is here.
    DONE = "done"
    #: In doubt, refused, failed or lost: only a person's order moves it.
    LEAVE = "leave"
    #: Left out by `--limit`, `--sku`, `--sample` or a saved plan: stays planned.
    NOT_NOW = "not-now"


BUYING = frozenset({Action.BUY, Action.BUY_TAKE, Action.BUY_CHANGED, Action.BUY_ORDERED})
_NOT_DONE = frozenset(Action) - {Action.DONE}


@dataclass(frozen=True, slots=True)
class PlannedClip:
    """A clip, what will be done with it, and the newest attempt it already has."""

    clip: Clip
    action: Action
    #: The newest attempt of this clip; its key differs when a renamed variant was adopted.
    attempt: Attempt | None = None
    #: The order that asks for it, for `BUY_ORDERED`.
    order_id: int | None = None

    @property
    def status(self) -> Status:
        """What a person is told of the clip before the run."""
        return Status.PLANNED if self.attempt is None else self.attempt.status

    def put_off(self) -> PlannedClip:
        """Turn a clip that would be bought into one that stays planned."""
        return replace(self, action=Action.NOT_NOW, order_id=None)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the clips to buy are bought now."""

    #: At most so many are bought.
    limit: int | None = None
    #: Only these SKUs; empty means all.
    skus: frozenset[str] = frozenset()
    #: Buy changed clips too.
    changed: bool = False
    #: Only so many SKUs, always the same ones of a catalogue (`plan.choosing.sampling`); None: all.
    sample: int | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether some clips may be left for later."""
        return bool(self.limit is not None or self.skus or self.sample is not None)


class Purchases(Protocol):
    """The attempts of one account, oldest first, as far as they are asked for."""

    def __bool__(self) -> bool:
        """Tell whether there are any."""

    def of_skus(self, skus: Collection[str]) -> Iterable[Attempt]:
        """Give every attempt of some SKUs, oldest first."""

    def by_ids(self, ids: Collection[int]) -> Iterable[Attempt]:
        """Give the attempts with these ids, as they stand now."""

    def committed(self, kind: str, name: str) -> Decimal:
        """Sum what one SKU, or one value of a column that budgets count by, has cost at worst."""


@dataclass(frozen=True, slots=True)
class NoPurchases:
    """Nothing was ever bought."""

    def __bool__(self) -> bool:
        """Tell that there is none."""
        return False

    def of_skus(self, skus: Collection[str]) -> Iterable[Attempt]:
        """Give none."""
        return ()

    def by_ids(self, ids: Collection[int]) -> Iterable[Attempt]:
        """Give none."""
        return ()

    def committed(self, kind: str, name: str) -> Decimal:
        """Give zero."""
        return Decimal(0)


@dataclass(frozen=True, slots=True)
class History:
    """What the state already knows of the job's account."""

    #: The newest attempt of a clip decides; older ones matter only to a renamed variant that asks
    #: for what they bought.
    purchases: Purchases = NoPurchases()
    #: The job's open orders, oldest first.
    orders: Sequence[Order] = ()
    #: Model -> seconds its newest tasks took from submit to end.
    task_seconds: Mapping[str, Sequence[float]] = field(default_factory=dict)
    #: Budget (`run`, `job`, `day`, `month`) -> money already committed against it.
    committed: Mapping[str, Decimal] = field(default_factory=dict)


class Kind(NamedTuple):
    """What clips of a plan are counted by."""

    action: Action
    model: str
    price: Decimal


class CountedClips(Collection[PlannedClip], ABC):
    """Many clips, of which some things are known without going through all that they hold."""

    @property
    @abstractmethod
    def counts(self) -> Counter[Kind]:
        """The number of clips of each kind."""

    @abstractmethod
    def with_actions(self, actions: Collection[Action]) -> Iterator[PlannedClip]:
        """Yield those that have one of some actions."""

    @abstractmethod
    def keys(self) -> Iterator[ClipKey]:
        """Yield their names."""

    @abstractmethod
    def ids(self) -> Iterator[int]:
        """Yield the ids of the attempts that they have."""


@dataclass(frozen=True, slots=True)
class Chosen(Collection[PlannedClip]):
    """Those of many clips that have one of some actions, as often as they are asked for."""

    clips: Iterable[PlannedClip]
    actions: Collection[Action]
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[PlannedClip]:
        if isinstance(self.clips, CountedClips):
            return self.clips.with_actions(self.actions)
        return (entry for entry in self.clips if entry.action in self.actions)

    def __contains__(self, entry: object) -> bool:
        return any(each == entry for each in self)


@dataclass(frozen=True, slots=True)
class ChangedClips(Collection[PlannedClip]):
    """Many clips, each changed as it is asked for."""

    clips: Collection[PlannedClip]
    change: Callable[[PlannedClip], PlannedClip]

    def __len__(self) -> int:
        return len(self.clips)

    def __iter__(self) -> Iterator[PlannedClip]:
        return map(self.change, self.clips)

    def __contains__(self, entry: object) -> bool:
        return any(each == entry for each in self)


@dataclass(frozen=True)
class Plan:
    """Every clip of a job with its price and what will be done with it."""

    job: str
    account: AccountScope
    currency: str
    #: In manifest order, then matrix order, then take; may be far more than memory takes.
    clips: Collection[PlannedClip]
    faults: tuple[Fault, ...]
    #: Same shape as a fault, but nothing is held back for it.
    warnings: tuple[Fault, ...]
    #: Rows of the manifest, faulty ones included.
    rows: int
    #: Clips that would send the same request as an earlier clip of another SKU or variant.
    duplicates: int
    selection: Selection
    #: Model -> seconds its newest tasks took from submit to end, for the forecast.
    task_seconds: Mapping[str, Sequence[float]]
    #: Whether each model has the tier's slots for itself.
    slots_by_model: bool = False
    #: Rows of which nothing is made on purpose; they are not among `rows`.
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)
    #: Whether the job leaves rows with faults out without being asked.
    skip_invalid: bool = False

    @cached_property
    def counts(self) -> Counter[Kind]:
        """The number of clips of each kind."""
        if isinstance(self.clips, CountedClips):
            return self.clips.counts
        return Counter(
            Kind(entry.action, entry.clip.request.model, entry.clip.price) for entry in self.clips
        )

    def with_actions(self, actions: Collection[Action]) -> Iterator[PlannedClip]:
        """Yield the clips that have one of some actions, in order."""
        if isinstance(self.clips, CountedClips):
            return self.clips.with_actions(actions)
        return (entry for entry in self.clips if entry.action in actions)

    def not_done(self) -> Iterator[PlannedClip]:
        """Yield the clips that are not simply done, in order."""
        return self.with_actions(_NOT_DONE)

    def keys(self) -> Iterator[ClipKey]:
        """Yield the names of the clips, in order."""
        if isinstance(self.clips, CountedClips):
            return self.clips.keys()
        return (entry.clip.key for entry in self.clips)

    def attempt_ids(self) -> Iterator[int]:
        """Yield the ids of the attempts that the clips have."""
        if isinstance(self.clips, CountedClips):
            return self.clips.ids()
        return (entry.attempt.id for entry in self.clips if entry.attempt is not None)

    @cached_property
    def statuses(self) -> Counter[Status]:
        """The number of clips of each status."""
        counts = Counter(entry.status for entry in self.not_done())
        counts[Status.DONE] += self.count_of(Action.DONE)
        return counts

    @cached_property
    def to_buy(self) -> Collection[PlannedClip]:
        """The clips that `run` would pay for, in buying order."""
        if isinstance(self.clips, tuple):
            return tuple(entry for entry in self.clips if entry.action in BUYING)
        count = sum(count for kind, count in self.counts.items() if kind.action in BUYING)
        return Chosen(self.clips, BUYING, count)

    @property
    def bought_models(self) -> Counter[str]:
        """The number of clips of each model that `run` would pay for."""
        models = Counter[str]()
        for kind, count in self.counts.items():
            if kind.action in BUYING:
                models[kind.model] += count
        return models

    @property
    def cost(self) -> Decimal:
        """What `run` would pay at most, in `currency`."""
        return self.cost_of(*BUYING)

    def cost_of(self, *actions: Action) -> Decimal:
        """Sum the prices of the clips with one of these actions."""
        return sum(
            (kind.price * count for kind, count in self.counts.items() if kind.action in actions),
            Decimal(0),
        )

    def count_of(self, *actions: Action) -> int:
        """Count the clips with one of these actions."""
        return sum(count for kind, count in self.counts.items() if kind.action in actions)

    def changed(self, change: Callable[[PlannedClip], PlannedClip]) -> Plan:
        """Give the plan with each of its clips changed."""
        if isinstance(self.clips, tuple):
            return replace(self, clips=tuple(map(change, self.clips)))
        return replace(self, clips=ChangedClips(self.clips, change))


def plain(amount: Decimal) -> str:
    """Write money as files and JSON carry it: `12.50`; what is finer keeps its digits."""
    cents = round(amount, 2)
    return f"{cents:.2f}" if cents == amount else f"{amount:f}"
