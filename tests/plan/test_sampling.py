"""A sample of SKUs: the same every night, from all over the catalogue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgen.clip import AttemptState
from batchgen.plan.choosing.sampling import sampled
from batchgen.plan.lock import lock_of, selection_of
from batchgen.plan.values import BUYING, Plan, Selection
from tests.plan.examples import a_history, a_job, a_plan, an_attempt, an_item, clips_of

SKUS = [f"S{number:04}" for number in range(1000)]
ITEMS = [an_item(sku, row) for row, sku in enumerate(SKUS[:20], 2)]


def _bought_skus(plan: Plan) -> set[str]:
    return {entry.clip.key.sku for entry in plan.clips if entry.action in BUYING}


def test_a_sample_never_changes() -> None:
    """A release that chose other SKUs would buy them besides."""
    assert sampled(["A1", "B2", "C3", "红杯子", "\ud800"], 2) == {"A1", "\ud800"}


@given(st.permutations(SKUS[:30]), st.integers(1, 40))
def test_a_sample_depends_on_no_order(skus: list[str], count: int) -> None:
    """However the catalogue is sorted, and however often a SKU stands in it."""
    chosen = sampled([*skus, *skus[:10]], count)
    assert chosen == sampled(SKUS[:30], count)
    assert len(chosen) == min(count, 30)


def test_a_smaller_sample_is_part_of_a_larger_one() -> None:
    """So it may be raised night by night."""
    assert sampled(SKUS, 10) < sampled(SKUS, 50)


def test_a_sample_comes_from_all_over_the_catalogue() -> None:
    """Each tenth of it gives some of a hundred, none of them half of it."""
    tenths = [SKUS.index(sku) // 100 for sku in sampled(SKUS, 100)]
    counts = [tenths.count(tenth) for tenth in range(10)]
    assert (min(counts) >= 3, max(counts) <= 20) == (True, True)


def test_one_new_row_moves_at_most_one_sku() -> None:
    """A nightly run of a sample buys little that is new."""
    before, after = sampled(SKUS[:-1], 50), sampled(SKUS, 50)
    assert len(before - after) <= 1


def test_whole_skus_are_sampled() -> None:
    """Of each chosen one all clips are bought, of the others none."""
    job = a_job(matrix={"movement_amplitude": ["small", "large"]}, takes=2)
    plan = a_plan(job, *ITEMS, selection=Selection(sample=3))
    assert _bought_skus(plan) == sampled(SKUS[:20], 3)
    assert len(plan.to_buy) == 3 * 2 * 2


def test_a_sample_of_named_skus_and_a_limit() -> None:
    """The sample is taken of those that are named; then so many clips are bought."""
    named = frozenset(SKUS[5:10])
    wanted = sampled(named, 3)
    plan = a_plan(a_job(), *ITEMS, selection=Selection(skus=named, sample=3))
    assert _bought_skus(plan) == wanted
    plan = a_plan(a_job(), *ITEMS, selection=Selection(limit=2, skus=named, sample=3))
    assert _bought_skus(plan) == set(sorted(wanted)[:2])


def test_what_of_a_sample_is_done_gives_no_room_to_others() -> None:
    """The second run of the same sample finds nothing to buy."""
    clips = [clip for clip in clips_of(a_job(), *ITEMS) if clip.key.sku in sampled(SKUS[:20], 3)]
    done = [an_attempt(clip, AttemptState.SAVED, id=n) for n, clip in enumerate(clips, 1)]
    plan = a_plan(a_job(), *ITEMS, history=a_history(done), selection=Selection(sample=3))
    assert len(plan.to_buy) == 0


@pytest.mark.parametrize("sample", [None, 3])
def test_a_saved_plan_keeps_its_sample(sample: int | None) -> None:
    """A run of it takes the same SKUs."""
    plan = a_plan(a_job(), *ITEMS, selection=Selection(sample=sample))
    assert selection_of(lock_of(plan, "job", "manifest")) == Selection(sample=sample)


def test_a_plan_that_was_saved_before_samples_is_still_read() -> None:
    """Its selection names none."""
    lock = lock_of(a_plan(a_job(), *ITEMS, selection=Selection(limit=2)), "job", "manifest")
    assert set(lock["selection"]) == {"limit", "skus", "changed"}
    assert selection_of(lock) == Selection(limit=2)
