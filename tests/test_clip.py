"""What the nouns say of themselves."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from batchgen.clip import AccountScope, Attempt, AttemptState, ClipKey, TaskId

ATTEMPT = Attempt(
    id=1,
    account=AccountScope("bigmodel", "default", "open.bigmodel.cn"),
    key=ClipKey("MUG-001"),
    number=1,
    state=AttemptState.WRITTEN_OFF,
    request_id="request-1",
    fingerprint="v1:a",
    model="vidu2-image",
    price=Decimal("1.25"),
    currency="CNY",
    request={},
    job="spring",
    run_id="run-1",
    output="/out",
    created_at=0.0,
)


@pytest.mark.parametrize(
    ("state", "finished_at", "is_given_up"),
    [
        pytest.param(AttemptState.WRITTEN_OFF, None, True, id="its end was never seen"),
        pytest.param(AttemptState.WRITTEN_OFF, 9.0, False, id="a FAIL that was charged"),
        pytest.param(AttemptState.FAILED, 9.0, False, id="a FAIL"),
    ],
)
def test_only_what_may_still_be_alive_was_given_up(
    state: AttemptState, finished_at: float | None, is_given_up: bool
) -> None:
    """A clip that surely came to nothing may be bought again like any other that failed."""
    attempt = replace(ATTEMPT, state=state, finished_at=finished_at)
    assert attempt.is_given_up is is_given_up


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (ClipKey("MUG-001"), "MUG-001 / main"),
        (ClipKey("MUG-001", "spin", 2), "MUG-001 / spin take 2"),
    ],
)
def test_a_clip_is_named_as_people_do(key: ClipKey, name: str) -> None:
    """The take is named only where there is more than one."""
    assert str(key) == name


@pytest.mark.parametrize(
    ("task_id", "submitted_at", "is_adopted"),
    [
        pytest.param(TaskId("t"), 0.0, True, id="as if it had been answered at once"),
        pytest.param(TaskId("t"), 1.5, False, id="answered"),
        pytest.param(None, None, False, id="not answered"),
    ],
)
def test_a_task_that_a_person_named_is_known_by_its_time(
    task_id: TaskId | None, submitted_at: float | None, is_adopted: bool
) -> None:
    """An answer takes time; an adopted task counts as submitted when the purchase was made."""
    attempt = replace(ATTEMPT, task_id=task_id, submitted_at=submitted_at)
    assert attempt.is_adopted is is_adopted
