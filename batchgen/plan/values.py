"""What a plan is made of. Pure values; `plan.planning.make_plan` makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from batchgen.clip import AccountScope, Attempt, ClipKey, ClipRequest, Status
from batchgen.item import Fault, Item
from batchgen.state.store import Order


@dataclass(frozen=True, slots=True)
class Clip:
    """One video to make: an item in one cell of the matrix, in one take."""

    key: ClipKey
    request: ClipRequest
    #: See `plan.identity`.
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
    #: Left out by `--limit` or `--sku` or a saved plan: stays planned.
    NOT_NOW = "not-now"


BUYING = frozenset({Action.BUY, Action.BUY_CHANGED, Action.BUY_ORDERED})


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


@dataclass(frozen=True, slots=True)
class ManifestRows:
    """What the catalogue gave: its valid rows, and what is wrong with the others."""

    #: In the manifest's order.
    items: Sequence[Item]
    #: Rows with faults as far as they go: looked at for further faults, never made.
    broken: Sequence[Item] = ()
    faults: Sequence[Fault] = ()
    warnings: Sequence[Fault] = ()
    #: Rows of the manifest, faulty ones included.
    count: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """What the state already knows of the job's account."""

    #: Attempts of the account, oldest first. The newest of a clip decides; older ones matter only
    #: to a renamed variant that asks for what they bought.
    attempts: Sequence[Attempt] = ()
    #: The job's open orders, oldest first.
    orders: Sequence[Order] = ()
    #: Model -> seconds its newest tasks took from submit to end.
    task_seconds: Mapping[str, Sequence[float]] = field(default_factory=dict)
    #: Budget (`run`, `job`, `day`, `month`) -> money already committed against it.
    committed: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Every clip of a job with its price and what will be done with it."""

    job: str
    account: AccountScope
    currency: str
    #: In manifest order, then matrix order, then take.
    clips: tuple[PlannedClip, ...]
    faults: tuple[Fault, ...]
    #: Same shape as a fault, but nothing is held back for it.
    warnings: tuple[Fault, ...]
    #: Rows of the manifest, faulty ones included.
    rows: int
    #: Clips that would send the same request as an earlier clip of another SKU or variant.
    duplicates: int
    selection: Selection
    #: Tier -> expected seconds until everything to buy is here.
    eta: Mapping[str, float]

    @property
    def to_buy(self) -> tuple[PlannedClip, ...]:
        """The clips that `run` would pay for, in buying order."""
        return tuple(entry for entry in self.clips if entry.action in BUYING)

    @property
    def cost(self) -> Decimal:
        """What `run` would pay at most, in `currency`."""
        return sum((entry.clip.price for entry in self.to_buy), Decimal(0))


def plain(amount: Decimal) -> str:
    """Write money as files and JSON carry it: `12.50`; what is finer keeps its digits."""
    cents = round(amount, 2)
    return f"{cents:.2f}" if cents == amount else f"{amount:f}"
