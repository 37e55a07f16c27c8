"""SKUs that move among the rows they name: numbers of one SKU, and a product's first variant."""

from __future__ import annotations

import pytest

from batchgen.clip import Attempt, AttemptState
from batchgen.item import Item, ManifestRow
from batchgen.job.schema import Job
from batchgen.plan.choosing.decisions import decide_all
from batchgen.plan.layout import lay_out
from batchgen.plan.values import Action
from tests.plan.examples import LINK, a_history, a_job, a_plan, an_attempt, clips_of

NUMBERED = a_job(
    manifest={"path": "shop.csv", "on_duplicate": "suffix"},
    clip={"prompt": "Mug {{ title }}"},
    on_change="regenerate",
)


def rows(titles: str) -> list[Item]:
    """Make one row a letter, all of one SKU: `A`, `A-2`, `A-3` and so on."""
    names = [("A", None), *((f"A-{number}", "A") for number in range(2, len(titles) + 1))]
    return [
        Item(sku, "shop.csv", row, {"title": title}, (LINK,), {}, namesake)
        for row, ((sku, namesake), title) in enumerate(zip(names, titles, strict=True), 2)
    ]


def bought(titles: str, state: AttemptState = AttemptState.SAVED) -> list[Attempt]:
    """Make the purchases of such rows, oldest first."""
    clips = clips_of(NUMBERED, *rows(titles))
    return [an_attempt(clip, state, id=number) for number, clip in enumerate(clips, 1)]


def decided(now: str, attempts: list[Attempt], job: Job = NUMBERED) -> dict[str, Action]:
    """Plan such rows; give what is done with each, by its letter."""
    plan = a_plan(job, *rows(now), history=a_history(attempts))
    return {entry.clip.request.prompt[-1]: entry.action for entry in plan.clips}


@pytest.mark.parametrize(
    ("then", "now", "new"),
    [
        pytest.param("abc", "abc", "", id="nothing moved"),
        pytest.param("abc", "nabc", "n", id="one put before all"),
        pytest.param("abc", "anbmc", "nm", id="two put between"),
        pytest.param("abc", "abcn", "n", id="one put behind"),
        pytest.param("abc", "cab", "", id="sorted otherwise"),
        pytest.param("abc", "bc", "", id="the first one left out"),
        pytest.param("abcde", "e", "", id="all but the last one left out"),
        pytest.param("a", "na", "n", id="a second one"),
    ],
)
def test_what_was_bought_is_known_by_its_request(then: str, now: str, new: str) -> None:
    """Even where changed clips may be bought again, only rows that are new are bought."""
    expected = {title: Action.BUY if title in new else Action.DONE for title in now}
    assert decided(now, bought(then)) == expected


def test_money_in_doubt_stays_where_it_is() -> None:
    """A row that failed is left alone under its new number, and so is its old name."""
    attempts = bought("a", AttemptState.FAILED)
    assert decided("na", attempts) == {"n": Action.LEAVE, "a": Action.LEAVE}


def test_other_skus_are_no_family() -> None:
    """Where nothing is numbered, `A-2` is a product of its own, as it always was."""
    plain = NUMBERED.model_copy(update={"manifest": a_job().manifest})
    apart = [Item(it.sku, it.file, it.row, it.cells, it.pictures) for it in rows("ba")]
    plan = a_plan(plain, *apart, history=a_history(bought("a")))
    assert [entry.action for entry in plan.clips] == [Action.BUY_CHANGED, Action.BUY]


@pytest.mark.parametrize(
    ("then", "action"),
    [
        pytest.param("TEE-S", Action.DONE, id="a variant was put before it"),
        pytest.param("tee", Action.DONE, id="it had no SKU"),
        pytest.param("TEE-L", Action.BUY, id="no name of it"),
    ],
)
def test_a_product_is_known_by_any_of_its_names(then: str, action: Action) -> None:
    """Whichever of its variants is the first and gives it its SKU, the same request is there."""
    job = a_job(on_change="regenerate")
    product = Item("TEE-XS", "c.csv", 2, {}, (LINK,), others=("tee", "TEE-XS", "TEE-S"))
    (bought_as,) = clips_of(job, Item(then, "c.csv", 2, {}, (LINK,)))
    history = a_history([an_attempt(bought_as, AttemptState.SAVED)])
    (entry,) = a_plan(job, product, history=history).clips
    assert entry.action is action


def test_a_name_that_another_clip_has_is_its_own() -> None:
    """What was bought for a row of the catalogue is not taken away from it."""
    job = a_job()
    product = Item("TEE", "c.csv", 2, {}, (LINK,), others=("CAP",))
    (cap,) = clips_of(job, Item("CAP", "c.csv", 3, {}, (LINK,)))
    history = a_history([an_attempt(cap, AttemptState.SAVED)])
    plan = a_plan(job, product, Item("CAP", "c.csv", 3, {}, (LINK,)), history=history)
    assert [entry.action for entry in plan.clips] == [Action.BUY, Action.DONE]


@pytest.mark.parametrize("group", [1, 2, 100])
def test_a_family_stays_together_in_a_large_plan(group: int) -> None:
    """However few clips go through memory at once, the numbers of one SKU go together."""
    layout = lay_out(NUMBERED, map(ManifestRow, rows("nabc")))
    history = a_history(bought("abc"))
    decisions = decide_all(layout, history, "ask", group=group, numbered=True)
    assert [decisions.action_of(number) for number in range(4)] == [Action.BUY, *[Action.DONE] * 3]
