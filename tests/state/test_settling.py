"""What a settlement makes of a purchase, before it is written."""

from __future__ import annotations

import pytest

from batchgen.clip import AttemptState, TaskId
from batchgen.messages import msg
from batchgen.state.reconcile import reconcile
from batchgen.state.settling import Left, Settlement, restated, settle
from tests.state.test_reconcile import a_bill, bought, charged

S = AttemptState
DOUBT = bought(3, S.UNKNOWN)


@pytest.mark.parametrize(
    ("state", "to", "adopted", "task_id"),
    [
        pytest.param(S.UNKNOWN, S.ACCEPTED, TaskId("t9"), "t9", id="the bill names its task"),
        pytest.param(S.FAILED, S.WRITTEN_OFF, None, "t1", id="its task was known"),
        pytest.param(S.INTENT, S.DECLARED_UNPAID, None, None, id="it never had one"),
    ],
)
def test_a_settlement_shows_the_purchase_as_it_will_stand(
    state: AttemptState, to: AttemptState, adopted: TaskId | None, task_id: str | None
) -> None:
    """State and task are the settled ones; everything else is as it was."""
    attempt = bought(1, state)
    shown = restated(Settlement(attempt, to, msg("by the bill"), adopted))
    assert (shown.state, shown.task_id, shown.price) == (to, task_id, attempt.price)


def test_a_bill_that_lacks_sure_purchases_settles_nothing() -> None:
    """Page one of two: a film that was downloaded is missing, so may be what is in doubt."""
    attempts = [bought(1), bought(2), bought(3, S.UNKNOWN)]
    (left,) = settle(reconcile(a_bill(charged(1)), attempts))
    assert isinstance(left, Left)
    assert "of the clips that were surely bought it lacks 1 (SKU-2 / main)" in str(left.why)


def test_a_whole_bill_settles_by_what_it_lacks() -> None:
    """Everything that was surely bought is on it: what is not was not charged."""
    (settled,) = settle(reconcile(a_bill(charged(1), charged(2)), [bought(1), bought(2), DOUBT]))
    assert isinstance(settled, Settlement)
    assert settled.to is S.DECLARED_UNPAID


def test_a_sure_purchase_that_may_be_booked_later_makes_no_bill_incomplete() -> None:
    """It was bought less than a day before the bill ends."""
    period = a_bill().period
    assert period is not None
    fresh = bought(2, created_at=period.last - 3600)
    (settled,) = settle(reconcile(a_bill(charged(1)), [bought(1), fresh, DOUBT]))
    assert isinstance(settled, Settlement)
