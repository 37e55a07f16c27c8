"""Proves: whatever is bought, answered, settled and crashed, the state keeps every rule of money.

A plain Python model of the truth is driven side by side with the real SQLite store; after each
step both must tell the same story, and each refusal must be one that the model foresaw.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import sqlite3
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from batchgen.clip import (
    MEANING,
    MOVES,
    AccountScope,
    AttemptState,
    Balance,
    ClipKey,
    Intent,
    MoneyPlace,
    TaskId,
)
from batchgen.errors import BatchgenError, BudgetExceeded, IllegalTransition
from batchgen.state.reading import SqliteReader
from batchgen.state.store import Facts, Limit, Purse, Run
from batchgen.state.writing import SqliteWriter

T = TypeVar("T")
S = AttemptState

ACCOUNT = AccountScope("bigmodel", "default", "open.bigmodel.cn")
OTHER = AccountScope("simulator", "default", "simulator")
JOB = "spring"
CLIPS = [ClipKey("A"), ClipKey("A", "small"), ClipKey("B"), ClipKey("B", take=2)]
KINDS = ("run", "job", "day", "month", "sku", "by:campaign")
CEILINGS = [Decimal(text) for text in ("1.25", "1.874", "2.49", "5.00", "12.50")]
RESERVED = frozenset(state for state in S if MEANING[state][1] is MoneyPlace.RESERVED)
UNFINISHED = frozenset(
    {S.INTENT, S.UNKNOWN, S.ACCEPTED, S.STALLED, S.VANISHED, S.SUCCEEDED, S.VERIFIED}
)
#: Ends that leave a clip as if it had never been sent.
UNSENT = frozenset({S.REJECTED, S.DECLARED_UNPAID})
#: Ways for a purchase to be in doubt.
DOUBTS = [(S.UNKNOWN,), (S.ACCEPTED, S.VANISHED)]
#: How the provider, the disk or a person moves an attempt on.
ANSWERS = {
    "server answers": {S.ACCEPTED, S.REJECTED, S.REFUSED, S.UNKNOWN},
    "poll": {S.SUCCEEDED, S.FAILED, S.VANISHED, S.STALLED, S.ACCEPTED},
    "download": {S.VERIFIED, S.SAVED, S.EXPIRED, S.PAID_NO_RESULT, S.SUCCEEDED},
    "person": {S.ACCEPTED, S.DECLARED_UNPAID, S.WRITTEN_OFF},
}


@dataclass
class Bought:
    """One purchase as it truly is."""

    id: int
    key: ClipKey
    number: int
    request_id: str
    fingerprint: str
    price: Decimal
    purses: tuple[Purse, ...]
    order_id: int | None
    state: AttemptState = S.INTENT
    moves: int = 0


@dataclass
class Ordered:
    """One order as it truly is."""

    id: int
    kind: str
    #: Clip -> how many purchases there were of anything when it was ordered.
    keys: dict[ClipKey, int] = field(default_factory=dict)
    #: Clips whose doubt, on which the order stood, ended well.
    ended: set[ClipKey] = field(default_factory=set)


def purses(run: Run, key: ClipKey, day: str, campaign: str) -> tuple[Purse, ...]:
    """Name what a purchase is counted by, written down here once more, independently."""
    names = (run.id, run.job, day, day[:7], key.sku, campaign)
    return tuple(Purse(kind, name) for kind, name in zip(KINDS, names, strict=True))


@dataclass(frozen=True)
class Wish:
    """What is bought, and what it is counted by."""

    fingerprint: str
    price: Decimal
    day: str
    campaign: str


WISHES = st.builds(
    Wish,
    fingerprint=st.sampled_from(["v1:a", "v1:a", "v1:b"]),
    price=st.sampled_from([Decimal("1.25"), Decimal("0.625"), Decimal("0.001")]),
    day=st.sampled_from(["2026-11-30", "2026-12-01"]),
    campaign=st.sampled_from(["双11", ""]),
)


class StoreMachine(RuleBasedStateMachine):
    """Buys, answers, orders, settles and crashes in any sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="store-machine-"))
        self.generations = itertools.count()
        self.numbers = itertools.count(1)
        self.loop = asyncio.new_event_loop()
        self.path = self.folder / "0" / "state.db"
        self.bought: list[Bought] = []
        self.orders: list[Ordered] = []
        self.ceilings: dict[str, Decimal] = {}
        self.run = Run("run-1", JOB, ACCOUNT, "/out", None, 1.0)
        self.open()
        self.do(self.writer.start_run(self.run))

    def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Carry one change out to its commit."""
        return self.loop.run_until_complete(coroutine)

    def open(self) -> None:
        """Open the state as a new process would."""
        self.writer = SqliteWriter(self.path, now=lambda: float(next(self.numbers)))
        reader = SqliteReader.open(self.path)
        assert reader is not None
        self.reader = reader

    def close(self) -> None:
        """Let the present process go."""
        self.reader.close()
        self.do(self.writer.close())

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.close()
        self.loop.close()
        shutil.rmtree(self.folder)

    # What the model knows

    def committed(self, purse: Purse) -> Decimal:
        """Sum everything that is or may become a charge."""
        places = {MoneyPlace.RESERVED, MoneyPlace.AT_RISK, MoneyPlace.SPENT}
        return sum(
            (one.price for one in self.bought if purse in one.purses and place(one) in places),
            Decimal(0),
        )

    def of_clip(self, key: ClipKey) -> list[Bought]:
        """List the purchases of a clip, oldest first."""
        return [one for one in self.bought if one.key == key]

    def outstanding(self, order: Ordered) -> list[ClipKey]:
        """List the clips that an order did not buy yet."""
        return [key for key in order.keys if not self.is_bought_for(order.id, key)]

    def is_bought_for(self, order_id: int, key: ClipKey) -> bool:
        """Tell whether a clip was bought since an order asked for it, or turned out to be."""
        order = next(order for order in self.orders if order.id == order_id)
        since = self.bought[order.keys[key] :]
        return key in order.ended or any(
            one.key == key and one.state is not S.REJECTED for one in since
        )

    def asks_for(self, order_id: int, key: ClipKey) -> bool:
        """Tell whether an order names a clip and still waits for it."""
        order = next(order for order in self.orders if order.id == order_id)
        return key in order.keys and not self.is_bought_for(order_id, key)

    def may_buy(self, key: ClipKey, fingerprint: str, order_id: int | None) -> bool:
        """Tell whether somebody asked for this purchase and nothing of the clip is in the air."""
        earlier = self.of_clip(key)
        if any(one.state in RESERVED for one in earlier):
            return False
        if order_id is not None and not self.asks_for(order_id, key):
            return False
        if order_id is not None:
            return True
        telling = [
            one
            for one in earlier
            if one.state not in UNSENT
            and (one.state is not S.REFUSED or one.fingerprint == fingerprint)
        ]
        if not telling:
            return True
        is_bought = any(one.fingerprint == fingerprint for one in telling)
        return not is_bought and place(telling[-1]) is not MoneyPlace.AT_RISK

    # What happens

    @initialize(ceilings=st.dictionaries(st.sampled_from(KINDS), st.sampled_from(CEILINGS)))
    def begin_with_budgets(self, ceilings: dict[str, Decimal]) -> None:
        """Start under some budgets, or none."""
        self.ceilings = ceilings

    @rule(key=st.sampled_from(CLIPS), wish=WISHES)
    def buy(self, key: ClipKey, wish: Wish) -> None:
        """Try to buy a clip, for no order, against all budgets now in force."""
        self.reserve(key, wish, None)

    @precondition(lambda self: self.orders)
    @rule(pick=st.integers(0, 99), wish=WISHES)
    def buy_for_an_order(self, pick: int, wish: Wish) -> None:
        """Try to buy what some order names: an open one, or one that has had its purchase."""
        named = [(order.id, key) for order in self.orders for key in order.keys]
        order_id, key = named[pick % len(named)]
        self.reserve(key, wish, order_id)

    def reserve(self, key: ClipKey, wish: Wish, order_id: int | None) -> None:
        """Try to buy, and compare what came of it with what the model foresees."""
        names = purses(self.run, key, wish.day, wish.campaign)
        limits = [Limit(p, self.ceilings[p.kind]) for p in names if p.kind in self.ceilings]
        intent = Intent(
            key=key,
            request_id=f"request-{next(self.numbers)}",
            fingerprint=wish.fingerprint,
            model="vidu2-image",
            price=wish.price,
            currency="CNY",
            request={"prompt": "转"},
            order_id=order_id,
            tags={"campaign": wish.campaign},
        )
        passed = [
            limit for limit in limits if self.committed(limit.purse) + wish.price > limit.ceiling
        ]
        is_asked_for = self.may_buy(key, wish.fingerprint, order_id)
        try:
            made = self.do(self.writer.reserve(self.run, intent, wish.day, limits))
        except IllegalTransition:
            assert not is_asked_for
            return
        except BudgetExceeded:
            assert passed
            return
        assert is_asked_for
        assert not passed
        one = Bought(
            id=made.id,
            key=key,
            number=len(self.of_clip(key)) + 1,
            request_id=intent.request_id,
            fingerprint=wish.fingerprint,
            price=wish.price,
            purses=names,
            order_id=order_id,
        )
        self.bought.append(one)

    @precondition(lambda self: self.bought)
    @rule(pick=st.integers(0, 99), who=st.sampled_from(sorted(ANSWERS)), say=st.integers(0, 9))
    def answer(self, pick: int, who: str, say: int) -> None:
        """Let the provider, the disk or a person move a purchase on, as far as that is legal."""
        movable = [one for one in self.bought if MOVES[one.state] & ANSWERS[who]]
        if not movable:
            return
        one = movable[pick % len(movable)]
        legal = sorted(MOVES[one.state] & ANSWERS[who])
        to = legal[say % len(legal)]
        self.move(one, to)

    def move(self, one: Bought, to: AttemptState) -> None:
        """Move a purchase on, in the store and in the model."""
        facts: Facts = {"task_id": TaskId(f"task-{one.id}")} if to is S.ACCEPTED else {}
        after = self.do(self.writer.move(one.id, to, "moved", **facts))
        if one.state in {S.UNKNOWN, S.VANISHED} and to in {S.ACCEPTED, S.SUCCEEDED, S.WRITTEN_OFF}:
            for order in self.orders:
                if order.kind == "uncertain" and one.key in order.keys:
                    order.ended.add(one.key)
        one.state = to
        one.moves += 1
        assert (after.id, after.state) == (one.id, to)

    @precondition(lambda self: self.bought)
    @rule(pick=st.integers(0, 99), to=st.sampled_from(S))
    def move_illegally(self, pick: int, to: AttemptState) -> None:
        """Try a move that the state machine lacks, through the code and past it."""
        one = self.bought[pick % len(self.bought)]
        if to in MOVES[one.state]:
            return
        with pytest.raises(IllegalTransition):
            self.do(self.writer.move(one.id, to))
        with contextlib.closing(sqlite3.connect(self.path)) as other:
            for statement in (
                "UPDATE attempt SET state = :to WHERE id = :id",
                "UPDATE attempt SET price_milli = price_milli + 1 WHERE id = :id",
                "DELETE FROM attempt WHERE id = :id",
            ):
                with pytest.raises(sqlite3.IntegrityError):
                    other.execute(statement, {"to": to, "id": one.id})
                other.rollback()

    @precondition(lambda self: len([one for one in self.bought if one.state is S.ACCEPTED]) > 1)
    @rule()
    def claim_anothers_task(self) -> None:
        """Try to give a doubtful purchase the task that another one has."""
        (taken, *_) = (one for one in self.bought if one.state is S.ACCEPTED)
        doubtful = [one for one in self.bought if one.state in {S.INTENT, S.UNKNOWN}]
        for one in doubtful[:1]:
            task = TaskId(f"task-{taken.id}")
            with pytest.raises((sqlite3.IntegrityError, BatchgenError)):
                self.do(self.writer.move(one.id, S.ACCEPTED, task_id=task))

    @rule(
        kind=st.sampled_from(["failed", "lost", "uncertain"]),
        keys=st.lists(st.sampled_from(CLIPS), min_size=1, unique=True),
    )
    def order(self, kind: str, keys: list[ClipKey]) -> None:
        """Order clips again."""
        self.place_order(kind, keys)

    def place_order(self, kind: str, keys: list[ClipKey]) -> None:
        """Order clips again; an order of the kind that is still open is the same order."""
        given = self.do(self.writer.place_order(JOB, ACCOUNT, kind, keys))
        mine = [one for one in self.orders if one.kind == kind and self.outstanding(one)]
        if not mine:
            mine = [Ordered(given.id, kind)]
            self.orders += mine
        for key in keys:
            mine[0].keys.setdefault(key, len(self.bought))
        assert given.id == mine[0].id
        assert set(given.outstanding) == set(self.outstanding(mine[0]))

    @rule(key=st.sampled_from(CLIPS), wish=WISHES, states=st.sampled_from(DOUBTS))
    def lose_and_buy_again(
        self, key: ClipKey, wish: Wish, states: tuple[AttemptState, ...]
    ) -> None:
        """Buy a clip whose answer or task is lost, order it again, and be put off."""
        before = len(self.bought)
        self.reserve(key, wish, None)
        if len(self.bought) == before:
            return
        for state in states:
            self.move(self.bought[-1], state)
        self.place_order("uncertain", [key])
        order = next(one for one in reversed(self.orders) if one.kind == "uncertain")
        self.reserve(key, wish, order.id)
        if len(self.bought) > before + 1:
            self.move(self.bought[-1], S.REJECTED)

    @precondition(lambda self: self.orders)
    @rule(pick=st.integers(0, 99), wish=WISHES)
    def obey_an_order_after_another(self, pick: int, wish: Wish) -> None:
        """Buy for two orders, each of which ends in FAIL, then for the first one once more."""
        key = next(iter(self.orders[pick % len(self.orders)].keys))
        for kind in ("failed", "lost", "failed"):
            self.place_order(kind, [key])
            mine = [one for one in self.orders if one.kind == kind]
            before = len(self.bought)
            self.reserve(key, wish, mine[0].id)
            if len(self.bought) > before:
                self.move(self.bought[-1], S.ACCEPTED)
                self.move(self.bought[-1], S.FAILED)

    @rule(kind=st.sampled_from(KINDS), ceiling=st.sampled_from([None, *CEILINGS]))
    def change_budget(self, kind: str, ceiling: Decimal | None) -> None:
        """Raise, lower or lift a budget: even below what is already committed."""
        self.ceilings.pop(kind, None)
        if ceiling is not None:
            self.ceilings[kind] = ceiling

    @rule()
    def start_another_run(self) -> None:
        """Go on with a run of another name."""
        self.do(self.writer.end_run(self.run.id, 0, None))
        self.run = replace(self.run, id=f"run-{next(self.numbers)}")
        self.do(self.writer.start_run(self.run))

    @rule(torn=st.binary(max_size=5000))
    def crash(self, torn: bytes) -> None:
        """Go on from the files as a killed process leaves them, half a transaction at their end."""
        into = self.folder / str(next(self.generations) + 1)
        into.mkdir()
        for name in ("state.db", "state.db-wal"):
            shutil.copyfile(self.path.with_name(name), into / name)
        with (into / "state.db-wal").open("ab") as wal:
            wal.write(torn)
        self.close()
        shutil.rmtree(self.path.parent)
        self.path = into / "state.db"
        self.open()

    @rule()
    def leave_and_come_back(self) -> None:
        """End the process in peace and start another."""
        self.close()
        self.open()

    # What must always hold

    @invariant()
    def every_purchase_is_there(self) -> None:
        """Each attempt is in its state with its frozen price; all views of them agree."""
        stored = list(self.reader.attempts(ACCOUNT))
        told = [(a.id, a.key, a.number, a.state, a.request_id, a.price, a.fingerprint, a.order_id)
                for a in stored]  # fmt: skip
        assert told == [
            (o.id, o.key, o.number, o.state, o.request_id, o.price, o.fingerprint, o.order_id)
            for o in self.bought
        ]
        newest = {one.key: one.id for one in self.bought}
        assert [a.id for a in self.reader.newest_attempts(ACCOUNT)] == sorted(newest.values())
        left = [one.id for one in self.bought if one.state in UNFINISHED]
        assert [a.id for a in self.reader.unfinished(ACCOUNT)] == left
        assert list(self.reader.attempts(OTHER)) == []

    @invariant()
    def every_purse_is_the_sum_of_its_purchases(self) -> None:
        """Each purse holds, in each of its places, the prices of the attempts that stand there."""
        for purse in {purse for one in self.bought for purse in one.purses}:
            mine = [one for one in self.bought if purse in one.purses]
            sums = {
                name: sum((one.price for one in mine if place(one) == name), Decimal(0))
                for name in ("reserved", "at_risk", "spent")
            }
            assert self.reader.balance(ACCOUNT, purse) == Balance(**sums)
            assert self.reader.balance(OTHER, purse) == Balance()

    @invariant()
    def every_order_buys_each_clip_once(self) -> None:
        """No order has two purchases of a clip, and open orders are those with clips to buy."""
        for order in self.orders:
            for key in order.keys:
                mine = [one for one in self.of_clip(key) if one.order_id == order.id]
                assert sum(one.state is not S.REJECTED for one in mine) <= 1
        left = {one.id: set(self.outstanding(one)) for one in self.orders if self.outstanding(one)}
        stored = self.reader.open_orders(JOB, ACCOUNT)
        assert {order.id: set(order.outstanding) for order in stored} == left

    @invariant()
    def every_move_has_one_event(self) -> None:
        """The events of an attempt are as many as its moves, each begins where the last ended."""
        for one in self.bought:
            states = [S.INTENT]
            for _, old, new, _ in self.reader.events(one.id):
                assert old == states[-1]
                states.append(S(new))
            assert (len(states) - 1, states[-1]) == (one.moves, one.state)


def place(one: Bought) -> MoneyPlace:
    """Tell where the money of a purchase stands."""
    return MEANING[one.state][1]


@pytest.mark.prove
def test_the_store_tells_the_same_story_as_the_truth() -> None:
    """300 lives of 50 steps each leave no difference."""
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(
            max_examples=300,
            stateful_step_count=50,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
