"""What a settlement makes of a purchase, before it is written."""

from __future__ import annotations

import pytest

from batchgen.clip import AttemptState, TaskId
from batchgen.messages import msg
from batchgen.state.settling import Settlement, restated
from tests.state.test_reconcile import bought

S = AttemptState


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
