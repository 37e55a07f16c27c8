"""What a plan decides for each clip, and what it tells the person before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgen.clip import AttemptState, ClipKey, MoneyPlace, Status
from batchgen.item import Fault, ManifestRow
from batchgen.messages import msg
from batchgen.plan.choosing.matching import decide
from batchgen.plan.layout import lay_out
from batchgen.plan.planning import make_plan
from batchgen.plan.values import (
    BUYING,
    Action,
    History,
    Plan,
    PlannedClip,
    Selection,
)
from batchgen.state.store import Order
from tests.plan.examples import (
    ACCOUNT,
    a_history,
    a_job,
    a_plan,
    an_attempt,
    an_item,
    clips_of,
    yuan,
)

A = Action
#: State -> same request; other request and on_change ask, regenerate, keep; ordered.
DECISIONS = {
    "intent": (A.LEAVE, A.LEAVE, A.LEAVE, A.LEAVE, A.LEAVE),
    "unknown": (A.LEAVE, A.LEAVE, A.LEAVE, A.LEAVE, A.BUY_ORDERED),
    "rejected": (A.BUY, A.BUY, A.BUY, A.BUY, A.BUY_ORDERED),
    "refused": (A.LEAVE, A.BUY, A.BUY, A.BUY, A.BUY_ORDERED),
    "accepted": (A.BRING_HOME, A.BRING_HOME, A.BRING_HOME, A.BRING_HOME, A.BRING_HOME),
    "stalled": (A.BRING_HOME, A.BRING_HOME, A.BRING_HOME, A.BRING_HOME, A.BRING_HOME),
    "vanished": (A.BRING_HOME, A.BRING_HOME, A.BRING_HOME, A.BRING_HOME, A.BRING_HOME),
    "failed": (A.LEAVE, A.LEAVE, A.LEAVE, A.LEAVE, A.BUY_ORDERED),
    "succeeded": (A.BRING_HOME, A.BRING_HOME, A.BRING_HOME, A.BRING_HOME, A.BRING_HOME),
    "verified": (A.BRING_HOME, A.BRING_HOME, A.BRING_HOME, A.BRING_HOME, A.BRING_HOME),
    "saved": (A.DONE, A.CHANGED, A.BUY_CHANGED, A.DONE, A.BUY_ORDERED),
    "expired": (A.LEAVE, A.CHANGED, A.BUY_CHANGED, A.LEAVE, A.BUY_ORDERED),
    "paid_no_result": (A.LEAVE, A.CHANGED, A.BUY_CHANGED, A.LEAVE, A.BUY_ORDERED),
    "declared_unpaid": (A.BUY, A.BUY, A.BUY, A.BUY, A.BUY_ORDERED),
    "written_off": (A.LEAVE, A.CHANGED, A.BUY_CHANGED, A.LEAVE, A.BUY_ORDERED),
}
(CLIP,) = clips_of(a_job(), an_item())
OTHER = "v1:other"


def _order(*keys: ClipKey, order_id: int = 7) -> Order:
    return Order(order_id, "spring", "failed", 0.0, keys, keys)


def _actions(plan: Plan) -> list[Action]:
    return [entry.action for entry in plan.clips]


@pytest.mark.parametrize("state", AttemptState)
def test_every_state_has_its_decision(state: AttemptState) -> None:
    """State x same or other request x on_change x ordered, as one table."""
    attempt = an_attempt(CLIP, state)
    same, ask, regenerate, keep, ordered = DECISIONS[state]
    assert decide(attempt, CLIP.fingerprint, "regenerate") is same
    assert decide(attempt, OTHER, "ask") is ask
    assert decide(attempt, OTHER, "regenerate") is regenerate
    assert decide(attempt, OTHER, "keep") is keep
    assert decide(attempt, CLIP.fingerprint, "ask", ordered=True) is ordered
    assert decide(attempt, OTHER, "regenerate", ordered=True) is ordered


def test_a_clip_without_attempt_is_bought() -> None:
    """Nothing was bought for it yet."""
    assert decide(None, "v1:x", "keep") is Action.BUY
    assert decide(None, "v1:x", "keep", ordered=True) is Action.BUY_ORDERED


def test_no_change_ever_buys_over_money_that_is_out() -> None:
    """Reserved and at-risk money is paid again only by a person's order."""
    for state, fingerprint in product(AttemptState, (CLIP.fingerprint, OTHER)):
        attempt = an_attempt(CLIP, state)
        if attempt.money in {MoneyPlace.RESERVED, MoneyPlace.AT_RISK}:
            assert decide(attempt, fingerprint, "regenerate") not in BUYING


def test_a_whole_plan_of_a_fresh_job() -> None:
    """Every field of a small plan, with one faulty row beside."""
    bad = Fault("shop.csv", 3, "sku", "sku-missing", msg("no SKU"))
    layout = lay_out(a_job(), [ManifestRow(an_item()), ManifestRow(None, (bad,))])
    assert make_plan(a_job(), layout, History(), Selection(), ACCOUNT) == Plan(
        job="spring",
        account=ACCOUNT,
        currency="CNY",
        clips=(PlannedClip(CLIP, Action.BUY),),
        faults=(bad,),
        warnings=(),
        rows=2,
        duplicates=0,
        selection=Selection(),
        task_seconds={},
    )


def test_a_done_clip_costs_nothing_again() -> None:
    """The attempt travels with the clip."""
    attempt = an_attempt(CLIP, AttemptState.SAVED)
    plan = a_plan(a_job(), an_item(), history=a_history([attempt]))
    assert plan.clips == (PlannedClip(CLIP, Action.DONE, attempt),)
    assert (plan.cost, next(iter(plan.clips)).status) == (yuan("0"), Status.DONE)


@pytest.mark.parametrize(
    ("on_change", "changed", "action"),
    [
        ("ask", False, Action.CHANGED),
        ("ask", True, Action.BUY_CHANGED),
        ("regenerate", False, Action.BUY_CHANGED),
        ("keep", False, Action.DONE),
        ("keep", True, Action.BUY_CHANGED),
    ],
)
def test_a_changed_clip_is_bought_only_when_allowed(
    on_change: str, changed: bool, action: Action
) -> None:
    """`--changed` or `on_change: regenerate` allow it; the flag wins over the job."""
    history = a_history([an_attempt(CLIP, AttemptState.SAVED, fingerprint=OTHER)])
    plan = a_plan(
        a_job(on_change=on_change),
        an_item(),
        history=history,
        selection=Selection(changed=changed),
    )
    assert _actions(plan) == [action]


def test_the_newest_attempt_decides() -> None:
    """Older attempts of the same clip are history."""
    older = an_attempt(CLIP, AttemptState.FAILED, id=1)
    newer = an_attempt(CLIP, AttemptState.SAVED, id=2, number=2)
    plan = a_plan(a_job(), an_item(), history=a_history([older, newer]))
    assert plan.clips == (PlannedClip(CLIP, Action.DONE, newer),)


@pytest.mark.parametrize(
    ("state", "action"),
    [
        ("saved", Action.DONE),
        ("accepted", Action.BRING_HOME),
        ("unknown", Action.LEAVE),
        ("failed", Action.LEAVE),
        ("refused", Action.LEAVE),
        ("rejected", Action.BUY),
        ("declared_unpaid", Action.BUY),
    ],
)
def test_a_renamed_variant_adopts_what_its_request_bought(state: str, action: Action) -> None:
    """Money that is spent or out under another name is never paid again; unbought is bought."""
    old = an_attempt(CLIP, AttemptState(state), variant="red")
    assert _actions(a_plan(a_job(), an_item(), history=a_history([old]))) == [action]


@pytest.mark.parametrize(
    "change",
    [{"fingerprint": OTHER}, {"key": ClipKey("B2", "red")}, {"key": ClipKey("A1", "red", 2)}],
    ids=["another request", "another SKU", "another take"],
)
def test_only_the_same_request_of_the_same_sku_and_take_is_adopted(change: dict[str, Any]) -> None:
    """Anything else is another clip."""
    other = an_attempt(CLIP, AttemptState.SAVED, variant="red", **change)
    plan = a_plan(a_job(), an_item(), history=a_history([other]))
    assert plan.clips == (PlannedClip(CLIP, Action.BUY),)


def test_an_attempt_of_another_clip_of_the_plan_is_not_adopted() -> None:
    """A second variant with the same request is a second purchase, as planned."""
    attempt = an_attempt(CLIP, AttemptState.SAVED)
    items = [an_item("A1", 2), an_item("A1", 3, variant="red")]
    plan = a_plan(a_job(), *items, history=a_history([attempt]))
    assert _actions(plan) == [Action.DONE, Action.BUY]


def test_one_attempt_is_adopted_once() -> None:
    """Two new names for one old clip: one of them is bought."""
    attempt = an_attempt(CLIP, AttemptState.SAVED, variant="old")
    items = [an_item("A1", 2, variant="blue"), an_item("A1", 3, variant="red")]
    plan = a_plan(a_job(), *items, history=a_history([attempt]))
    assert _actions(plan) == [Action.DONE, Action.BUY]


def test_a_finished_clip_is_adopted_before_a_failed_one() -> None:
    """The best attempt that asked for the same is taken."""
    saved = an_attempt(CLIP, AttemptState.SAVED, variant="blue", id=1)
    failed = an_attempt(CLIP, AttemptState.FAILED, variant="red", id=2)
    plan = a_plan(a_job(), an_item(), history=a_history([saved, failed]))
    assert plan.clips == (PlannedClip(CLIP, Action.DONE, saved),)


def test_swapped_labels_buy_nothing() -> None:
    """Labels are names: what they stand for was bought already."""
    before, after = (
        a_job(matrix={"prompt": labels}) for labels in ({"a": "P", "b": "Q"}, {"a": "Q", "b": "P"})
    )
    saved = [an_attempt(clip, AttemptState.SAVED) for clip in clips_of(before, an_item())]
    assert _actions(a_plan(after, an_item(), history=a_history(saved))) == [Action.DONE] * 2


def test_a_shifted_label_does_not_buy_what_is_in_the_air() -> None:
    """The old clip's task is brought home for its new name; its old name waits for that."""
    before, after = (
        a_job(matrix={"prompt": labels}) for labels in ({"a": "P", "b": "Q"}, {"a": "Q", "z": "P"})
    )
    alive = an_attempt(clips_of(before, an_item())[0], AttemptState.ACCEPTED)
    assert _actions(a_plan(after, an_item(), history=a_history([alive]))) == [Action.BRING_HOME] * 2


def test_an_older_purchase_is_found_under_its_new_name() -> None:
    """That its old name was bought again for something else does not hide it."""
    older = an_attempt(CLIP, AttemptState.SAVED, variant="a", id=1)
    newer = an_attempt(CLIP, AttemptState.SAVED, variant="a", id=2, fingerprint=OTHER)
    plan = a_plan(a_job(), an_item(variant="z"), history=a_history([older, newer]))
    assert _actions(plan) == [Action.DONE]


def test_an_order_buys_again_and_is_named() -> None:
    """The newest open order that asks for the clip is the one fulfilled."""
    orders = (_order(CLIP.key, order_id=7), _order(CLIP.key, order_id=8))
    attempt = an_attempt(CLIP, AttemptState.FAILED)
    plan = a_plan(a_job(), an_item(), history=a_history([attempt], orders))
    assert plan.clips == (PlannedClip(CLIP, Action.BUY_ORDERED, attempt, order_id=8),)


@pytest.mark.parametrize("state", ["accepted", "succeeded", "intent"])
def test_an_order_waits_for_what_is_in_the_air(state: str) -> None:
    """A clip that is on its way is not bought beside it."""
    history = a_history([an_attempt(CLIP, AttemptState(state))], [_order(CLIP.key)])
    assert a_plan(a_job(), an_item(), history=history).to_buy == ()


def test_a_fulfilled_order_asks_for_nothing() -> None:
    """Only outstanding clips count."""
    done = replace(_order(CLIP.key), outstanding=())
    history = a_history([an_attempt(CLIP, AttemptState.FAILED)], [done])
    assert _actions(a_plan(a_job(), an_item(), history=history)) == [Action.LEAVE]


@pytest.mark.parametrize(
    ("selection", "bought"),
    [
        (Selection(), "A1 B2 C3"),
        (Selection(limit=2), "A1 B2"),
        (Selection(limit=0), ""),
        (Selection(skus=frozenset({"B2", "C3"})), "B2 C3"),
        (Selection(limit=1, skus=frozenset({"B2", "C3"})), "B2"),
    ],
)
def test_a_selection_puts_off_the_rest(selection: Selection, bought: str) -> None:
    """`--limit` counts clips to buy in order, `--sku` names them."""
    items = [an_item(sku, row) for row, sku in enumerate(("A1", "B2", "C3"), start=2)]
    plan = a_plan(a_job(), *items, selection=selection)
    assert " ".join(entry.clip.key.sku for entry in plan.to_buy) == bought
    assert {entry.action for entry in plan.clips} <= {Action.BUY, Action.NOT_NOW}


def test_a_limit_does_not_count_what_is_there_already() -> None:
    """Going on with `--limit 1` buys the next clip, and leaves the first as it is."""
    history = a_history([an_attempt(CLIP, AttemptState.SAVED)])
    items = [an_item(), an_item("B2", 3), an_item("C3", 4)]
    plan = a_plan(a_job(), *items, history=history, selection=Selection(limit=1))
    assert _actions(plan) == [Action.DONE, Action.BUY, Action.NOT_NOW]


@given(limit=st.integers(0, 6), done=st.integers(0, 5))
def test_a_limit_is_never_passed(limit: int, done: int) -> None:
    """Whatever is there already, at most `limit` clips are bought, and as many as there are."""
    items = [an_item(f"S{row}", row) for row in range(2, 7)]
    saved = [an_attempt(clip, AttemptState.SAVED) for clip in clips_of(a_job(), *items[:done])]
    plan = a_plan(a_job(), *items, history=a_history(saved), selection=Selection(limit=limit))
    assert len(plan.to_buy) == min(limit, 5 - done)


def test_duplicates_are_counted_and_told() -> None:
    """Another SKU or variant with the same request is a duplicate, another take is none."""
    items = [an_item("A1", 2), an_item("B2", 3), an_item("A1", 4, variant="red")]
    plan = a_plan(a_job(takes=2), *items)
    assert plan.duplicates == 4
    assert [(told.code, told.row, str(told.message)) for told in plan.warnings] == [
        (
            "duplicate-request",
            3,
            "B2 / main sends the same request as A1 / main, and is paid for all the same",
        ),
        (
            "duplicate-request",
            4,
            "A1 / red sends the same request as A1 / main, and is paid for all the same",
        ),
    ]


def test_takes_of_one_clip_are_no_duplicates() -> None:
    """They are wanted copies."""
    plan = a_plan(a_job(takes=3), an_item())
    assert (plan.duplicates, plan.warnings, plan.cost) == (0, (), yuan("3.75"))


def test_a_plan_over_budget_says_so() -> None:
    """The warning concerns the whole job, not a row."""
    plan = a_plan(a_job(budget={"run": "1"}), an_item())
    assert [(told.code, told.row) for told in plan.warnings] == [("over-budget", None)]


@pytest.mark.parametrize("budget", [{"sku": "2.49"}, {"by": {"campaign": "2.49"}}])
@pytest.mark.parametrize(
    ("state", "told"), [(AttemptState.FAILED, ["over-budget"]), (AttemptState.REFUSED, [])]
)
def test_what_an_sku_or_column_has_cost_counts_against_its_budget(
    budget: dict[str, object], state: AttemptState, told: list[str]
) -> None:
    """One take of 1.25 is at risk, or came to nothing; another one is to be bought."""
    item = an_item(campaign="spring")
    clip = clips_of(a_job(budget=budget), item)[0]
    earlier = replace(an_attempt(clip, state), tags=clip.tags)
    plan = a_plan(a_job(budget=budget, takes=2), item, history=a_history([earlier]))
    assert (len(plan.to_buy), [warning.code for warning in plan.warnings]) == (1, told)


def test_reports_stand_in_row_order() -> None:
    """The catalogue's and the plan's faults are one list."""
    late = Fault("shop.csv", 9, "sku", "sku-missing", msg("no SKU"))
    layout = lay_out(a_job(), [ManifestRow(None, (late,)), ManifestRow(an_item(size="XL"))])
    plan = make_plan(a_job(), layout, History(), Selection(), ACCOUNT)
    assert [fault.row for fault in plan.faults] == [2, 9]
    assert plan.clips == ()


def test_a_provider_in_dollars_is_planned_in_dollars() -> None:
    """Price and currency follow the account."""
    plan = a_plan(a_job(account={"provider": "zai"}), an_item())
    assert (plan.cost, plan.currency) == (yuan("0.20"), "USD")


def test_a_faulty_row_is_told_all_its_faults_at_once() -> None:
    """A row that the catalogue found faulty is looked at further, but never made or told twice."""
    found = Fault("catalog.csv", 2, "image", "picture-not-found", msg("no such picture"))
    broken = an_item(model="vidu9")
    layout = lay_out(a_job(), [ManifestRow(broken, (found,))])
    plan = make_plan(a_job(), layout, History(), Selection(), ACCOUNT)
    assert [fault.code for fault in plan.faults] == ["picture-not-found", "model-unknown"]
    assert plan.clips == ()


@pytest.mark.parametrize("later", [AttemptState.REJECTED, AttemptState.REFUSED])
def test_a_purchase_that_came_to_nothing_hides_no_earlier_one(later: AttemptState) -> None:
    """Back to the first request after another one was refused: the first clip is simply there."""
    saved = an_attempt(CLIP, AttemptState.SAVED, id=1, number=1)
    nothing = an_attempt(CLIP, later, id=2, number=2, fingerprint=OTHER)
    plan = a_plan(a_job(), an_item(), history=a_history(attempts=[saved, nothing]))
    assert _actions(plan) == [A.DONE]
    assert next(iter(plan.clips)).attempt == saved


def test_each_film_belongs_to_one_clip() -> None:
    """A label given to a new request, while its old request got a new label: nothing is shared."""
    job = a_job(matrix={"prompt": {"a": "two", "c": "one"}})
    new_a, renamed = clips_of(job, an_item())
    film = an_attempt(renamed, AttemptState.SAVED, variant="a")
    plan = a_plan(job, an_item(), history=a_history([film]))
    assert [(entry.clip.key.variant, entry.action) for entry in plan.clips] == [
        ("a", Action.BUY),
        ("c", Action.DONE),
    ]
    assert [entry.attempt for entry in plan.clips] == [None, film]
    assert new_a.key == film.key


def test_going_back_to_an_earlier_request_buys_nothing() -> None:
    """A prompt that was changed and changed back: its film was bought, and is simply there."""
    first = an_attempt(CLIP, AttemptState.SAVED, id=1, number=1)
    second = an_attempt(CLIP, AttemptState.SAVED, id=2, number=2, fingerprint=OTHER)
    plan = a_plan(
        a_job(),
        an_item(),
        history=a_history([first, second]),
        selection=Selection(changed=True),
    )
    assert _actions(plan) == [A.DONE]
    assert next(iter(plan.clips)).attempt == first
