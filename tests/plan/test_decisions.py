"""A plan larger than memory decides as a small one does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from batchgen.clip import Attempt, AttemptState
from batchgen.item import ManifestRow
from batchgen.plan.choosing.decisions import Decisions, LaidClips, decide_all, select
from batchgen.plan.choosing.matching import Wanted
from batchgen.plan.layout import LAID_CLASSES, Layout, lay_out
from batchgen.plan.planning import make_plan
from batchgen.plan.values import BUYING, History, Plan, PlannedClip, Selection
from batchgen.spill import Spill, spilled
from tests.plan.examples import ACCOUNT, a_history, a_job, an_attempt, an_item, clips_of

_SKUS = [f"S{n}" for n in range(6)]
_JOB = a_job(matrix={"movement_amplitude": ["small", "large"]})
_CLIPS = clips_of(_JOB, *(an_item(sku, row) for row, sku in enumerate(_SKUS, 2)))


def _layout() -> Layout:
    """Lay the rows out on disk."""
    rows = (ManifestRow(an_item(sku, row)) for row, sku in enumerate(_SKUS, 2))
    return lay_out(_JOB, rows, lambda rows: spilled(rows, LAID_CLASSES, kept=2))


def _large(history: History, group: int) -> tuple[list[PlannedClip], Decisions]:
    decisions = decide_all(_layout(), history, "ask", Spill[Wanted], group)
    return list(LaidClips(_layout(), decisions, history.purchases)), decisions


@st.composite
def _purchases(draw: st.DrawFn) -> Sequence[Attempt]:
    """Draw some attempts of the clips, some of another request or under another name."""
    made = []
    states = st.sampled_from(list(AttemptState))
    for number, clip in enumerate(draw(st.lists(st.sampled_from(_CLIPS), max_size=12)), 1):
        attempt = an_attempt(clip, draw(states), id=number, number=number)
        if draw(st.booleans()):
            attempt = replace(attempt, fingerprint="v1:other")
        variant = draw(st.sampled_from([clip.key.variant, "main", "small", "large"]))
        attempt = replace(attempt, key=replace(attempt.key, variant=variant))
        made.append(attempt)
    return made


@settings(max_examples=300)
@given(_purchases(), st.integers(1, 20))
def test_groups_change_no_decision(attempts: Sequence[Attempt], group: int) -> None:
    """Clip by clip: the same action and the same attempt, whatever goes through memory at once."""
    history = a_history(attempts)
    whole, _ = _large(history, 1000)
    in_groups, _ = _large(history, group)
    assert in_groups == whole
    assert whole == list(make_plan(_JOB, _layout(), history, Selection(), ACCOUNT).clips)


@given(_purchases(), st.integers(0, 13), st.sets(st.sampled_from(_SKUS), max_size=2))
def test_counts_are_those_of_the_clips(
    attempts: Sequence[Attempt], limit: int, skus: set[str]
) -> None:
    """The figures of a large plan are known without going through its clips."""
    history, layout = a_history(attempts), _layout()
    decisions = decide_all(layout, history, "ask", Spill[Wanted], 3)
    select(decisions, layout, Selection(limit=limit, skus=frozenset(skus)))
    small = make_plan(_JOB, layout, history, Selection(limit, frozenset(skus)), ACCOUNT)
    large = replace(small, clips=LaidClips(layout, decisions, history.purchases))
    assert large.counts == small.counts
    assert (large.cost, len(large.to_buy)) == (small.cost, len(small.to_buy))
    assert list(large.to_buy) == list(small.to_buy)
    assert len(large.clips) == len(small.clips)


def test_a_large_plan_can_be_cut_down() -> None:
    """Each clip is changed as it is asked for, and counted so."""
    history = History()
    decisions = decide_all(_layout(), history, "ask", Spill[Wanted], 3)
    plan = make_plan(_JOB, _layout(), history, Selection(), ACCOUNT)
    large: Plan = replace(plan, clips=LaidClips(_layout(), decisions, history.purchases))

    def first_only(entry: PlannedClip) -> PlannedClip:
        return entry if entry.clip.key.sku == "S0" else entry.put_off()

    cut = large.changed(first_only)
    assert [entry.action in BUYING for entry in cut.clips].count(True) == len(cut.to_buy) == 2
    assert next(iter(cut.to_buy)) in cut.to_buy
    assert next(iter(large.clips)) in cut.clips
    assert next(iter(large.clips)) in large.clips
    assert len(cut.clips) == len(large.clips)
