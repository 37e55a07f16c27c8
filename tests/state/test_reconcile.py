"""A provider's bill matched with our purchases, and what it settles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgen.bill.cells import write_time
from batchgen.bill.values import Bill, BillRow, Period
from batchgen.clip import (
    Attempt,
    AttemptState,
    Balance,
    ClipKey,
    Intent,
    TaskId,
    check_move,
)
from batchgen.deciding import deciding_attempt
from batchgen.errors import IllegalTransition
from batchgen.item import Fault
from batchgen.messages import msg
from batchgen.state.ledger import BUDGET_ZONE
from batchgen.state.reading import SqliteReader
from batchgen.state.reconcile import Charge, Reconciliation, reconcile
from batchgen.state.settling import Left, Settlement, settle
from batchgen.state.store import Purse
from batchgen.state.writing import SqliteWriter
from tests.state.conftest import ACCOUNT, RUN
from tests.state.conftest import DAY as TODAY
from tests.state.test_state_writing import bring_to

S = AttemptState
PRICE = Decimal("1.25")
DAY = 24 * 3600.0
#: A moment; the bills of these tests reach from ten days before it to ten days after.
NOON = 1_795_406_400.0
LONG = Period(NOON - 10 * DAY, NOON + 10 * DAY)
WITHOUT_TASK = {S.INTENT, S.UNKNOWN, S.REJECTED, S.REFUSED}


def bought(number: int, state: AttemptState = S.SAVED, **changes: Any) -> Attempt:
    """Make a purchase of request `r<number>`, and of task `t<number>` where it got that far."""
    attempt = Attempt(
        id=number,
        account=ACCOUNT,
        key=ClipKey(f"SKU-{number}"),
        number=1,
        state=state,
        request_id=f"r{number}",
        fingerprint="v1:a",
        model="vidu2-image",
        price=PRICE,
        currency="CNY",
        request={},
        job="spring",
        run_id="run-1",
        output="/out",
        created_at=NOON,
        task_id=None if state in WITHOUT_TASK else TaskId(f"t{number}"),
    )
    return replace(attempt, **changes)


def charged(number: int, amount: str = "1.25", **changes: Any) -> BillRow:
    """Make the row of a purchase with both its ids."""
    row = BillRow(number, Decimal(amount), f"t{number}", f"r{number}", NOON, "vidu2-image")
    return replace(row, **changes)


def a_bill(*rows: BillRow, **changes: Any) -> Bill:
    """Make a bill that reaches far in both directions."""
    return replace(Bill("bill.csv", "CNY", {}, rows, LONG), **changes)


def ids(attempts: Any) -> list[int]:
    """Name purchases, matches and decisions by the id of the purchase."""
    return [getattr(it, "attempt", it).id for it in attempts]


# ------------------------------------------------------------------ matching


def test_both_sides_agree() -> None:
    """The same purchases at the same price."""
    found = reconcile(a_bill(charged(1), charged(2)), [bought(1), bought(2)])
    assert (ids(found.matched), found.ours, found.theirs) == ([1, 2], 2 * PRICE, 2 * PRICE)
    assert found.agrees


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(charged(1, request_id=None), id="task id"),
        pytest.param(charged(1, task_id=None), id="request id"),
        pytest.param(charged(1, request_id="the provider's own"), id="another request id"),
    ],
)
def test_one_id_is_enough(row: BillRow) -> None:
    """A row is matched by its task id, else by its request id."""
    assert ids(reconcile(a_bill(row), [bought(1)]).matched) == [1]


def test_the_task_id_comes_first() -> None:
    """A row that names the task of one purchase and the request of another is of the task."""
    found = reconcile(a_bill(charged(1, request_id="r2")), [bought(1), bought(2)])
    assert (ids(found.matched), ids(found.ours_only)) == ([1], [2])


@pytest.mark.parametrize(
    "others", [pytest.param([], id="alone"), pytest.param([2, 3], id="beside tasks of ours")]
)
def test_a_request_that_is_on_the_bill_as_another_task_differs(others: list[int]) -> None:
    """A task that was adopted by mistake does not agree, although the price does."""
    rows = [charged(1, task_id="t9"), *map(charged, others)]
    found = reconcile(a_bill(*rows), [bought(1), *map(bought, others)])
    assert (ids(found.misnamed), ids(found.matched), found.agrees) == ([1], others, False)


def test_task_ids_of_the_bills_own_making_tell_nothing() -> None:
    """Where it knows none of our tasks, requests alone are compared."""
    rows = (charged(1, task_id="order-1"), charged(2, task_id="order-2"))
    found = reconcile(a_bill(*rows), [bought(1), bought(2)])
    assert (ids(found.matched), found.agrees) == ([1, 2], True)


def test_a_bill_with_unreadable_rows_does_not_agree() -> None:
    """A row that cannot be used may be anything."""
    fault = Fault("bill.csv", 3, None, "bill-id", msg("x"))
    assert not reconcile(a_bill(charged(1), faults=(fault,)), [bought(1)]).agrees


def test_a_task_id_is_learnt_from_another_row() -> None:
    """A correction that names only the task belongs to the request that the charge names."""
    rows = (charged(1), charged(1, "-1.25", request_id=None))
    (match,) = reconcile(a_bill(*rows), [bought(1, S.UNKNOWN)]).differing
    assert match.charge == Charge(rows)


def test_several_rows_of_one_task_are_summed() -> None:
    """A charge and its corrections are one amount, exact to the last digit."""
    rows = [charged(1, "2.50"), charged(1, "-1.251"), charged(1, "0.001")]
    (match,) = reconcile(a_bill(*rows), [bought(1)]).matched
    assert match.charge.amount == PRICE


def test_a_price_that_differs_is_told_with_its_difference() -> None:
    """Ours is the frozen price, theirs the sum of the bill."""
    (match,) = reconcile(a_bill(charged(1, "2.50")), [bought(1)]).differing
    assert (match.ours, match.charge.amount, match.difference) == (PRICE, 2 * PRICE, PRICE)


def test_a_refused_call_on_the_bill_differs() -> None:
    """What we call free counts as nothing: a charge for it is a difference."""
    (match,) = reconcile(a_bill(charged(1)), [bought(1, S.REFUSED)]).differing
    assert match.ours == 0


def test_a_refunded_call_that_we_call_free_agrees() -> None:
    """Nothing on both sides is the same."""
    found = reconcile(a_bill(charged(1), charged(1, "-1.25")), [bought(1, S.REFUSED)])
    assert ids(found.matched) == [1]


def test_a_charge_without_a_purchase_is_theirs_only() -> None:
    """Its rows are joined by what they name."""
    found = reconcile(a_bill(charged(8), charged(8, "-0.25"), charged(9, task_id=None)), [])
    assert [charge.amount for charge in found.theirs_only] == [Decimal(1), PRICE]
    assert not found.agrees


def test_only_the_time_of_the_bill_is_compared() -> None:
    """What was bought before or after it is counted, and no difference."""
    early, late = bought(1, created_at=NOON - 11 * DAY), bought(2, created_at=NOON + 11 * DAY)
    inside, free = bought(3), bought(4, S.REFUSED)
    found = reconcile(a_bill(), [early, late, inside, free])
    lists = (found.before, found.after, found.ours_only, found.free)
    assert [ids(entries) for entries in lists] == [[1], [2], [3], [4]]


def test_a_bill_without_times_compares_only_what_it_has() -> None:
    """What is not on it can be told neither missing nor later."""
    found = reconcile(a_bill(charged(1, at=None), period=None), [bought(1), bought(2)])
    assert (ids(found.undated), found.ours_only, found.agrees) == ([2], (), False)


# ------------------------------------------------------------------ settling, on the bill

#: A purchase that the bill has, so that its ids and its model are known to be there.
WITNESS = bought(90, created_at=NOON - DAY)
WITNESSED = charged(90)
#: The same on a bill that names no task.
BY_REQUEST = charged(90, task_id=None)


def decided(attempt: Attempt, *rows: BillRow, **changes: Any) -> Settlement | Left:
    """Decide about one purchase beside a witness."""
    (decision,) = settle(reconcile(a_bill(WITNESSED, *rows, **changes), [WITNESS, attempt]))
    assert decision.attempt == attempt
    return decision


def settled_as(decision: Settlement | Left) -> AttemptState | None:
    """Give the state that a purchase is settled as; None when it is left."""
    return decision.to if isinstance(decision, Settlement) else None


@pytest.mark.parametrize("state", [S.UNKNOWN, S.INTENT])
def test_a_lost_answer_on_the_bill_is_adopted(state: AttemptState) -> None:
    """The task that the bill names for our request id is taken for it."""
    decision = decided(bought(1, state), charged(1))
    assert isinstance(decision, Settlement)
    assert (decision.to, decision.task_id) == (S.ACCEPTED, "t1")
    assert "bill.csv, row 1" in str(decision.reason)


@pytest.mark.parametrize(
    ("state", "rows", "to"),
    [
        pytest.param(S.FAILED, [charged(1)], S.WRITTEN_OFF, id="a FAIL that is charged"),
        pytest.param(S.FAILED, [charged(1, "0.00")], S.REFUSED, id="a FAIL listed at nothing"),
        pytest.param(S.FAILED, [charged(1), charged(1, "-1.25")], S.REFUSED, id="refunded FAIL"),
        pytest.param(S.VANISHED, [charged(1)], S.WRITTEN_OFF, id="a lost task that is charged"),
        pytest.param(
            S.VANISHED, [charged(1), charged(1, "-1.25")], S.DECLARED_UNPAID, id="refunded task"
        ),
        pytest.param(S.VANISHED, [charged(1, "0")], None, id="a lost task, paid by a package?"),
    ],
)
def test_the_bill_tells_what_was_charged(
    state: AttemptState, rows: list[BillRow], to: AttemptState | None
) -> None:
    """Money at risk becomes spent or free as the sum of its rows says."""
    assert settled_as(decided(bought(1, state), *rows)) is to


def test_a_price_that_differs_still_settles() -> None:
    """Any charge at all is a charge; our price is left as it is."""
    assert settled_as(decided(bought(1, S.FAILED), charged(1, "0.99"))) is S.WRITTEN_OFF


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([charged(1, task_id=None)], id="no task"),
        pytest.param([charged(1), charged(1, task_id="t2")], id="two tasks"),
        pytest.param([charged(1, task_id="../t")], id="what is no task id"),
    ],
)
def test_an_unclear_task_is_not_adopted(rows: list[BillRow]) -> None:
    """A person has to look; the rows are shown."""
    decision = decided(bought(1, S.UNKNOWN), *rows)
    assert isinstance(decision, Left)
    assert decision.candidates == (Charge(tuple(rows)),)


def test_one_task_is_adopted_once() -> None:
    """Two lost answers for which the bill names the same task are both left."""
    rows = [charged(1, task_id="t"), charged(2, task_id="t")]
    lost = [bought(1, S.UNKNOWN), bought(2, S.UNKNOWN)]
    decisions = settle(reconcile(a_bill(*rows), lost))
    assert [type(decision) for decision in decisions] == [Left, Left]


#: States that no bill settles, as long as it names our task.
SURE = set(S) - {S.INTENT, S.UNKNOWN, S.VANISHED, S.FAILED, S.REFUSED, S.DECLARED_UNPAID}


@pytest.mark.parametrize("state", sorted(SURE))
def test_only_doubt_is_settled(state: AttemptState) -> None:
    """What is sure, or still running, is never moved by a bill, whatever it says."""
    attempts = [WITNESS, bought(1, state), bought(2, state)]
    assert settle(reconcile(a_bill(WITNESSED, charged(1, "9.99")), attempts)) == []


@pytest.mark.parametrize("state", [S.REFUSED, S.DECLARED_UNPAID])
def test_what_was_taken_for_free_is_spent_when_the_bill_charges_it(state: AttemptState) -> None:
    """Budgets then count it; what the bill has at nothing stays free."""
    assert settled_as(decided(bought(1, state), charged(1))) is S.WRITTEN_OFF
    free = reconcile(a_bill(WITNESSED, charged(1, "0.00")), [WITNESS, bought(1, state)])
    assert settle(free) == []


#: A row that names our request, but another task.
ELSEWHERE = charged(1, task_id="t9")


@pytest.mark.parametrize(
    ("state", "submitted_at"),
    [(S.VANISHED, None), (S.VANISHED, NOON + 3), (S.ACCEPTED, NOON), (S.STALLED, NOON)],
)
def test_a_wrong_task_gives_way_to_the_bills(
    state: AttemptState, submitted_at: float | None
) -> None:
    """The provider does not know ours, or a person named it: the bill's task is adopted."""
    decision = decided(bought(1, state, submitted_at=submitted_at), ELSEWHERE)
    assert isinstance(decision, Settlement)
    assert (decision.to, decision.task_id) == (S.ACCEPTED, "t9")
    assert "not task t1: bill.csv, row 1" in str(decision.reason)


@pytest.mark.parametrize("state", [S.ACCEPTED, S.STALLED, S.SAVED])
def test_a_task_that_the_provider_gave_is_kept(state: AttemptState) -> None:
    """Its answer was seen, or the clip is here: a person has to look."""
    attempt = bought(1, state, submitted_at=NOON + 3)
    assert settle(reconcile(a_bill(WITNESSED, ELSEWHERE), [WITNESS, attempt])) == []


@pytest.mark.parametrize("amount", ["0.00", "-1.25"])
def test_a_task_that_was_not_charged_is_not_adopted(amount: str) -> None:
    """There is no clip to be had for nothing."""
    row = replace(ELSEWHERE, amount=Decimal(amount))
    assert settled_as(decided(bought(1, S.VANISHED), row)) is not S.ACCEPTED


def test_an_adopted_task_is_kept_on_a_bill_that_names_none_of_ours() -> None:
    """The bill's ids may be of its own making."""
    attempt = bought(1, S.ACCEPTED, submitted_at=NOON)
    assert settle(reconcile(a_bill(BY_REQUEST, ELSEWHERE), [WITNESS, attempt])) == []


# ------------------------------------------------------------------ settling, not on the bill


@pytest.mark.parametrize(
    ("state", "to"),
    [
        (S.FAILED, S.REFUSED),
        (S.VANISHED, S.DECLARED_UNPAID),
        (S.UNKNOWN, S.DECLARED_UNPAID),
        (S.INTENT, S.DECLARED_UNPAID),
    ],
)
def test_what_the_bill_surely_lacks_was_not_charged(state: AttemptState, to: AttemptState) -> None:
    """Within the bill's time, with ids that are ours, absence is proof."""
    assert settled_as(decided(bought(1, state))) is to


@pytest.mark.parametrize(
    ("attempt", "changes"),
    [
        pytest.param(
            bought(1, S.UNKNOWN), {"period": Period(NOON - DAY, NOON + DAY - 1)}, id="end"
        ),
        pytest.param(bought(1, S.UNKNOWN), {"period": None}, id="no times"),
        pytest.param(bought(1, S.UNKNOWN, submitted_at=NOON + 9.5 * DAY), {}, id="sent again"),
        pytest.param(bought(1, S.FAILED, finished_at=NOON + 9.5 * DAY), {}, id="ended late"),
        pytest.param(bought(1, S.UNKNOWN, created_at=NOON - 2 * DAY), {}, id="begin"),
        pytest.param(bought(1, S.UNKNOWN, model="vidu2-reference"), {}, id="no such model on it"),
        pytest.param(
            bought(1, S.UNKNOWN),
            {"faults": (Fault("bill.csv", 3, None, "bill-id", msg("x")),)},
            id="unreadable rows",
        ),
    ],
)
def test_absence_is_no_proof_where_the_bill_may_not_reach(
    attempt: Attempt, changes: dict[str, Any]
) -> None:
    """Doubt stays: what would be sent again may be paid already."""
    assert settled_as(decided(attempt, **changes)) is None


def test_a_period_that_was_said_needs_no_earlier_purchase() -> None:
    """A person knows where the bill begins."""
    first = bought(1, S.UNKNOWN, created_at=NOON - 2 * DAY)
    assert settled_as(decided(first, period=replace(LONG, is_said=True))) is S.DECLARED_UNPAID


def test_a_bill_without_any_id_of_ours_settles_nothing() -> None:
    """It is another account's, or its columns are not what they seem."""
    doubt = [bought(1, S.UNKNOWN), bought(2, S.FAILED)]
    decisions = settle(reconcile(a_bill(charged(8), charged(9)), doubt))
    assert [type(decision) for decision in decisions] == [Left, Left]


#: A witness on a bill that knows no request ids of ours.
BY_TASK = charged(90, request_id=None)


@pytest.mark.parametrize(
    ("stranger", "to"),
    [
        pytest.param(charged(8, request_id=None), None, id="may be it"),
        pytest.param(charged(8, "1.00", request_id=None), None, id="may be it, with a discount"),
        pytest.param(charged(8, request_id="its own"), None, id="request ids of the provider"),
        pytest.param(charged(8, request_id=None, at=None), None, id="at any time"),
        pytest.param(charged(8, request_id=None, model="图生视频"), None, id="an unknown name"),
        pytest.param(
            charged(8, request_id=None, model="vidu2-reference"), S.DECLARED_UNPAID, id="model"
        ),
        pytest.param(
            charged(8, request_id=None, at=NOON + 2 * DAY), S.DECLARED_UNPAID, id="another day"
        ),
        pytest.param(charged(8, "-1.25", request_id=None), S.DECLARED_UNPAID, id="a refund"),
    ],
)
def test_a_lost_answer_may_be_an_unexplained_charge(
    stranger: BillRow, to: AttemptState | None
) -> None:
    """On a bill without our request ids, a stranger of its model and time keeps the doubt."""
    bill = a_bill(BY_TASK, stranger)
    (decision,) = settle(reconcile(bill, [WITNESS, bought(1, S.UNKNOWN)]))
    assert settled_as(decision) is to
    if isinstance(decision, Left):
        assert decision.candidates == (Charge((stranger,)),)


def test_a_lost_answer_may_be_a_charge_of_when_it_was_sent_again() -> None:
    """A charge near the second sending is as near as one near the first."""
    stranger = charged(8, request_id=None, at=NOON + 3 * DAY)
    lost = bought(1, S.UNKNOWN, submitted_at=NOON + 3 * DAY)
    (decision,) = settle(reconcile(a_bill(BY_TASK, stranger), [WITNESS, lost]))
    assert settled_as(decision) is None


def test_a_stranger_with_another_request_id_is_another_call() -> None:
    """Where the bill has our request ids, a charge of a foreign one is no candidate."""
    assert settled_as(decided(bought(1, S.UNKNOWN), charged(8))) is S.DECLARED_UNPAID


def test_a_failed_task_is_not_a_stranger_with_another_task_id() -> None:
    """Where the bill has our task ids, a FAIL is missing whatever else was charged."""
    bill = a_bill(BY_TASK, charged(8, request_id=None))
    (decision,) = settle(reconcile(bill, [WITNESS, bought(1, S.FAILED)]))
    assert settled_as(decision) is S.REFUSED


def test_a_failed_task_may_be_a_stranger_on_a_bill_with_other_task_ids() -> None:
    """Where the task ids are of the bill's own making, they tell nothing apart."""
    rows = (charged(90, task_id="order-1"), charged(8, task_id="order-2", request_id=None))
    (decision,) = settle(reconcile(a_bill(*rows), [WITNESS, bought(1, S.FAILED)]))
    assert settled_as(decision) is None


# ------------------------------------------------------------------ any bill, any purchases

_NUMBERS = st.integers(1, 6)
_MOMENTS = st.integers(-12, 12).map(lambda days: NOON + days * DAY)
_AMOUNTS = st.integers(-3000, 3000).map(lambda milli: Decimal(milli) / 1000)


@st.composite
def some_purchases(draw: st.DrawFn) -> list[Attempt]:
    """Draw purchases of any states and times, ids unique as the state keeps them."""
    numbers = draw(st.lists(_NUMBERS, unique=True))
    return [
        bought(number, draw(st.sampled_from(S)), created_at=draw(_MOMENTS)) for number in numbers
    ]


@st.composite
def some_rows(draw: st.DrawFn) -> list[BillRow]:
    """Draw rows that name a task, a request or both, of ours or not, in any mixture."""
    rows = []
    for number in range(draw(st.integers(0, 10))):
        task, request = draw(st.tuples(st.none() | _NUMBERS, st.none() | _NUMBERS).filter(any))
        task_id = None if task is None else f"t{task}"
        request_id = None if request is None else f"r{request}"
        at = draw(st.none() | _MOMENTS)
        model = draw(st.sampled_from([None, "vidu2-image", "图生视频"]))
        rows.append(BillRow(number, draw(_AMOUNTS), task_id, request_id, at, model))
    return rows


def _compared(rows: list[BillRow], attempts: list[Attempt], *, dated: bool) -> Reconciliation:
    return reconcile(a_bill(*rows, period=LONG if dated else None), attempts)


@given(some_rows(), some_purchases(), st.booleans())
def test_every_row_and_every_purchase_lands_in_one_list(
    rows: list[BillRow], attempts: list[Attempt], dated: bool
) -> None:
    """Nothing is lost and nothing counted twice."""
    found = _compared(rows, attempts, dated=dated)
    in_matches = [row for match in found.found for row in match.charge.rows]
    in_theirs = [row for charge in found.theirs_only for row in charge.rows]
    assert sorted(row.number for row in in_matches + in_theirs) == [row.number for row in rows]
    rest = (found.ours_only, found.before, found.after, found.undated, found.free)
    listed = ids(found.found) + [number for entries in rest for number in ids(entries)]
    assert sorted(listed) == sorted(ids(attempts))


@given(some_rows(), some_purchases(), st.booleans())
def test_the_sums_add_up(rows: list[BillRow], attempts: list[Attempt], dated: bool) -> None:
    """The lists explain the provider's total and ours to the last digit."""
    found = _compared(rows, attempts, dated=dated)
    theirs = sum((charge.amount for charge in found.theirs_only), Decimal(0))
    differing = found.differing + found.misnamed
    differences = sum((match.difference for match in differing), Decimal(0))
    ours = sum((attempt.price for attempt in found.ours_only), Decimal(0))
    assert found.theirs == sum((row.amount for row in rows), Decimal(0))
    assert found.theirs - found.ours == theirs + differences - ours


@given(some_rows(), some_purchases(), st.booleans())
def test_settling_is_legal_and_done_once(
    rows: list[BillRow], attempts: list[Attempt], dated: bool
) -> None:
    """Every settlement is a move of the state machine; after them the same bill settles nothing."""
    settlements = {
        it.attempt.id: it
        for it in settle(_compared(rows, attempts, dated=dated))
        if isinstance(it, Settlement)
    }
    for it in settlements.values():
        check_move(S.UNKNOWN if it.attempt.state is S.INTENT else it.attempt.state, it.to)
    after = [
        replace(it, state=settlements[it.id].to, task_id=settlements[it.id].task_id or it.task_id)
        if it.id in settlements
        else it
        for it in attempts
    ]
    again = settle(_compared(rows, after, dated=dated))
    assert not [it for it in again if isinstance(it, Settlement)]


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (replace(LONG, last=NOON, is_said=True, is_cut=True), "come back with one made after"),
        (replace(LONG, last=NOON, is_said=True), "it takes a bill that reaches beyond"),
        (replace(LONG, last=NOON), "say so with --bill-period"),
    ],
)
def test_a_bill_that_ends_too_early_is_told_how_far_it_must_reach(
    period: Period, words: str
) -> None:
    """A day beyond the purchase, in the time of the bill; what would not help is not offered."""
    decision = decided(bought(1, S.UNKNOWN), period=period)
    assert isinstance(decision, Left)
    assert words in str(decision.why)
    assert write_time(NOON + DAY + 1, BUDGET_ZONE) in str(decision.why)


# ------------------------------------------------------------------ what a settled FAIL means


@pytest.mark.parametrize(
    ("to", "balance"), [(S.REFUSED, Balance()), (S.WRITTEN_OFF, Balance(spent=PRICE))]
)
async def test_a_settled_fail_is_not_bought_again_by_itself(
    writer: SqliteWriter,
    reader: SqliteReader,
    intent: Callable[..., Intent],
    to: AttemptState,
    balance: Balance,
) -> None:
    """Its money is free or spent, and the same request still needs an order."""
    attempt_id = await bring_to(writer, intent("A"), S.FAILED)
    await writer.move(attempt_id, to, "november.csv")
    assert reader.balance(ACCOUNT, Purse("sku", "A")) == balance
    with pytest.raises(IllegalTransition):
        await writer.reserve(RUN, intent("A"), TODAY, [])
    order = await writer.place_order("spring", ACCOUNT, "failed", [ClipKey("A")])
    again = await writer.reserve(RUN, intent("A", order_id=order.id), TODAY, [])
    assert again.number == 2


async def test_what_was_declared_unpaid_counts_once_it_is_charged(
    writer: SqliteWriter, reader: SqliteReader, intent: Callable[..., Intent]
) -> None:
    """Every purse has it again, and the clip is not bought a second time by itself."""
    attempt_id = await bring_to(writer, intent("A"), S.DECLARED_UNPAID)
    await writer.move(attempt_id, S.WRITTEN_OFF, "november.csv")
    assert reader.balance(ACCOUNT, Purse("sku", "A")) == Balance(spent=PRICE)
    with pytest.raises(IllegalTransition):
        await writer.reserve(RUN, intent("A"), TODAY, [])


async def test_a_clip_that_was_bought_since_stays_as_it_is(
    writer: SqliteWriter, reader: SqliteReader, intent: Callable[..., Intent]
) -> None:
    """The newer purchase decides about the clip; both are paid."""
    unpaid = await bring_to(writer, intent("A"), S.DECLARED_UNPAID)
    await bring_to(writer, intent("A"), S.SAVED)
    await writer.move(unpaid, S.WRITTEN_OFF, "november.csv")
    attempts = list(reader.attempts(ACCOUNT))
    deciding = deciding_attempt(attempts, attempts[0].fingerprint)
    assert deciding is not None
    assert deciding.state is S.SAVED
    assert reader.balance(ACCOUNT, Purse("sku", "A")) == Balance(spent=2 * PRICE)
