"""`batchgen retry --uncertain`: clips in doubt are settled by a named choice, and knowingly."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

import pytest
from click.testing import Result

from batchgen.clip import AttemptState, TaskId
from batchgen.state.reading import SqliteReader
from batchgen.state.writing import SqliteWriter
from tests.cli.shop import Shop, ended
from tests.cli.test_cli_retry import again, money
from tests.cli.test_cli_run import buys

OpenShop = Callable[..., Shop]


@pytest.fixture
def doubtful(open_shop: OpenShop) -> Shop:
    """Make a shop whose two submits were not answered though a task was made."""
    shop = open_shop("--faults=reset=1")
    shop.write_rows("A", "B")
    buys(shop, code=3)
    return open_shop()


@pytest.fixture
def knowing(doubtful: Shop, open_shop: OpenShop) -> Shop:
    """Make the doubtful shop with the API that made its tasks."""
    return open_shop("--faults=reset=1")


def adopt(shop: Shop, sku: str, task: str) -> Result:
    """Adopt a task for a clip in doubt."""
    return shop.call("retry", "--uncertain", f"--sku={sku}", f"--adopt={task}")


def bill(shop: Shop) -> dict[str, str]:
    """Give request id -> task of all that the API charged."""
    assert shop.simulator
    return {line["request_id"]: line["task_id"] for line in shop.simulator.bill()}


def request_ids(shop: Shop) -> dict[str, str]:
    """Give the request of each SKU."""
    return {row["sku"]: row["request_id"] for row in shop.results()}


def tasks(shop: Shop) -> dict[str, str]:
    """Give the task that the API made for each SKU."""
    charged = bill(shop)
    return {sku: charged[request_id] for sku, request_id in request_ids(shop).items()}


def uncertain(shop: Shop) -> set[str]:
    """Name the SKUs whose clip is in doubt."""
    attention = shop.json("status")["attention"]
    return {line["sku"] for line in attention if line["status"] == "uncertain"}


async def vanish(shop: Shop, sku: str, task: TaskId) -> None:
    """Give a clip in doubt a task, and let the provider not know it any more."""
    reader = SqliteReader.open(shop.state)
    assert reader
    (attempt,) = (it for it in reader.attempts() if it.key.sku == sku)
    reader.close()
    writer = SqliteWriter(shop.state, time.time)
    await writer.move(attempt.id, AttemptState.ACCEPTED, task_id=task)
    await writer.move(attempt.id, AttemptState.VANISHED, "no such task")
    await writer.close()


# ------------------------------------------------------------------ the choices


def test_unpaid_clips_are_planned_again(doubtful: Shop) -> None:
    """A call that was not billed costs nothing; the next run sends it."""
    settled = again(doubtful, "--uncertain", "--unpaid")
    assert [(it["sku"], it["status"], it["money"]) for it in settled] == [
        ("A", "planned", "released"),
        ("B", "planned", "released"),
    ]
    assert buys(doubtful)["spent"] == "2.50"


def test_written_off_clips_are_paid_and_left(doubtful: Shop) -> None:
    """A call that was given up is spent; no run sends it again."""
    again(doubtful, "--uncertain", "--write-off", "--sku=A")
    assert (money(doubtful)["spent"], money(doubtful)["at_risk"]) == ("1.25", "1.25")
    assert doubtful.json("plan")["clips"] == 0


def test_an_adopted_task_is_brought_home(knowing: Shop) -> None:
    """The task that the lost answer named is found in the provider's bill and fetched."""
    result = adopt(knowing, "A", tasks(knowing)["A"])
    assert result.exit_code == 0
    assert f"`batchgen run {knowing.job}` fetches it" in result.stdout
    assert (buys(knowing, code=3)["done"], knowing.clips()) == (1, {"A"})


def test_a_trouble_that_is_over_is_forgotten(knowing: Shop) -> None:
    """The results of an adopted clip name no lost answer any more."""
    adopt(knowing, "A", tasks(knowing)["A"])
    buys(knowing, code=3)
    assert {row["sku"]: bool(row["error"]) for row in knowing.results()} == {"A": False, "B": True}


def test_an_unknown_task_is_not_adopted(doubtful: Shop) -> None:
    """The provider does not know it: exit 2, and the clip is as uncertain as before."""
    result = adopt(doubtful, "A", "20260101000000aa")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "does not know task 20260101000000aa" in result.stderr
    assert uncertain(doubtful) == {"A", "B"}


def test_the_task_of_another_clip_is_not_adopted(knowing: Shop) -> None:
    """The provider names the request that it was made for, and that is another's: exit 2."""
    result = adopt(knowing, "B", tasks(knowing)["A"])
    assert (result.exit_code, uncertain(knowing)) == (2, {"A", "B"})
    assert "for A / main, not for B / main" in result.stderr


def test_the_task_of_another_state_is_not_adopted(knowing: Shop) -> None:
    """Both requests are named, so that the right one can be looked up."""
    before = bill(knowing)
    buys(knowing, "--state=other.db", "--output=other", code=3)
    request_id, task = next(it for it in bill(knowing).items() if it[0] not in before)
    result = adopt(knowing, "A", task)
    assert (result.exit_code, uncertain(knowing)) == (2, {"A", "B"})
    assert f"request {request_id}, which is not in this state" in result.stderr
    assert f"is request {request_ids(knowing)['A']}" in result.stderr


def test_a_silent_provider_lets_nothing_be_adopted(
    knowing: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer is no proof: exit 4, which says to try again."""
    task = tasks(knowing)["A"]
    monkeypatch.setenv("BATCHGEN_BASE_URL", "http://127.0.0.1:1/api/paas/v4")
    result = adopt(knowing, "A", task)
    assert (result.exit_code, uncertain(knowing)) == (4, {"A", "B"})
    assert "try again" in result.stderr


def test_adopting_needs_a_key(knowing: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider is asked, which takes one: exit 2."""
    monkeypatch.delenv("BATCHGEN_API_KEY")
    assert adopt(knowing, "A", "2026").exit_code == 2
    assert uncertain(knowing) == {"A", "B"}


def test_a_task_has_one_clip(knowing: Shop) -> None:
    """A task that belongs to a clip already is not adopted for another."""
    task = tasks(knowing)["A"]
    adopt(knowing, "A", task)
    result = adopt(knowing, "B", task)
    assert result.exit_code == 2
    assert "the task of A / main already" in result.stderr


def test_a_vanished_task_may_be_replaced(knowing: Shop) -> None:
    """The provider does not know the first id any more: another one brings the clip home."""
    asyncio.run(vanish(knowing, "A", TaskId("20260101000000aa")))
    assert uncertain(knowing) == {"A", "B"}
    assert adopt(knowing, "A", tasks(knowing)["A"]).exit_code == 0
    assert buys(knowing, code=3)["done"] == 1


@pytest.mark.parametrize("task", ["not a task", "../evil"])
def test_a_task_id_is_checked(doubtful: Shop, task: str) -> None:
    """What cannot be a task id is refused."""
    options = ("--uncertain", "--sku=A", f"--adopt={task}")
    assert doubtful.call("retry", *options).exit_code == 2


def test_adopting_settles_one_clip(doubtful: Shop) -> None:
    """One task cannot stand for two clips, and both are named."""
    result = doubtful.call("retry", "--uncertain", "--adopt=2026")
    assert result.exit_code == 2
    assert "2 are in doubt (A / main, B / main): name it with --sku" in result.stderr


def test_settling_asks_for_no_key(doubtful: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what asks the provider needs a key."""
    monkeypatch.delenv("BATCHGEN_API_KEY")
    result = doubtful.call("retry", "--uncertain", "--unpaid", "--sku=A")
    assert result.exit_code == 0
    assert "A / main" in result.stdout


# ------------------------------------------------------------------ agreeing


@pytest.mark.parametrize("choice", ["--unpaid", "--write-off"])
@pytest.mark.parametrize("skus", [(), ("--sku=A", "--sku=B")])
def test_several_clips_need_an_agreement(
    doubtful: Shop, choice: str, skus: tuple[str, ...]
) -> None:
    """Without a terminal `--yes` agrees: exit 2 without it, nothing is settled, each is listed."""
    result = doubtful.call("retry", "--uncertain", choice, *skus)
    assert (result.exit_code, uncertain(doubtful)) == (2, {"A", "B"})
    assert "--yes" in result.stderr
    for sku, request_id in request_ids(doubtful).items():
        assert f"  {sku} / main: 1.25 CNY, called at " in result.stderr
        assert f"request {request_id}\n" in result.stderr


def test_one_clip_that_is_not_named_needs_an_agreement(doubtful: Shop) -> None:
    """Who names no SKU may not know how many there are."""
    again(doubtful, "--uncertain", "--write-off", "--sku=A")
    assert doubtful.call("retry", "--uncertain", "--unpaid").exit_code == 2
    assert uncertain(doubtful) == {"B"}


def test_the_next_purchase_is_told_before_it_is_freed(doubtful: Shop) -> None:
    """What the next run buys is what the catalogue has: a removed row is not among it."""
    doubtful.write_rows("B")
    result = doubtful.call("retry", "--uncertain", "--unpaid")
    assert "clips that count as not charged: 2" in result.stderr
    assert "the next run buys 1 of them again for 1.25 CNY" in result.stderr


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("answer", "code", "left"), [("y", 0, set()), ("n", 2, {"A", "B"}), ("", 2, {"A", "B"})]
)
def test_a_terminal_is_asked(doubtful: Shop, answer: str, code: int, left: set[str]) -> None:
    """Only a clear yes frees the money; the key Enter does not."""
    ours, theirs = os.openpty()
    retry = doubtful.start("retry", "--uncertain", "--unpaid", stdin=theirs)
    os.write(ours, f"{answer}\n".encode())
    exit_code, _, stderr = ended(retry)
    os.close(ours)
    os.close(theirs)
    assert (exit_code, uncertain(doubtful)) == (code, left)
    assert "missing on a bill made a day after the call? [y/N]" in stderr


def test_a_young_call_may_be_booked_late(doubtful: Shop) -> None:
    """A bill of today proves nothing about it; a write-off needs no proof."""
    written_off = doubtful.call("retry", "--uncertain", "--write-off", "--sku=A")
    unpaid = doubtful.call("retry", "--uncertain", "--unpaid", "--sku=B")
    assert "a charge may be booked a day late" not in written_off.stderr
    assert "1 of these calls are less than a day old" in unpaid.stderr
    assert unpaid.exit_code == 0


# ------------------------------------------------------------------ what follows


def test_what_follows_is_told(doubtful: Shop) -> None:
    """The next run buys what was not charged, for its price; what was given up stays so."""
    written_off = doubtful.call("retry", "--uncertain", "--write-off", "--sku=A")
    assert f"only `batchgen retry {doubtful.job} --sku SKU` buys one again" in written_off.stdout
    unpaid = doubtful.call("retry", "--uncertain", "--unpaid", "--sku=B")
    assert f"`batchgen run {doubtful.job}` buys 1 of them again, for 1.25 CNY" in unpaid.stdout


def test_only_what_was_settled_follows(doubtful: Shop) -> None:
    """Another clip that the next run buys is not counted among them."""
    again(doubtful, "--uncertain", "--unpaid", "--sku=A")
    unpaid = doubtful.call("retry", "--uncertain", "--unpaid", "--sku=B")
    assert "buys 1 of them again, for 1.25 CNY" in unpaid.stdout


def test_nothing_follows_for_a_removed_row(removed: Shop) -> None:
    """No run buys it again, so none is promised."""
    result = removed.call("retry", "--uncertain", "--unpaid", "--sku=A")
    assert "no run buys them again" in result.stdout


@pytest.mark.parametrize("skus", [("A",), ("A", "B")])
def test_settling_twice_is_told(doubtful: Shop, skus: tuple[str, ...]) -> None:
    """How the clip stands now is said, which clips are in doubt, and those are settled."""
    again(doubtful, "--uncertain", "--unpaid", "--sku=A")
    named = [f"--sku={sku}" for sku in skus]
    result = doubtful.call("retry", "--uncertain", "--unpaid", "--yes", *named)
    assert "A / main is not in doubt (any more): it is planned" in result.stderr
    if skus == ("A",):
        assert "In doubt: B / main" in result.stderr
    assert (result.exit_code, uncertain(doubtful)) == ((2, {"B"}) if len(skus) == 1 else (0, set()))


def test_a_removed_row_is_known_after_it_was_settled(removed: Shop) -> None:
    """The catalogue lost it, the state did not."""
    again(removed, "--uncertain", "--write-off", "--sku=A")
    result = removed.call("retry", "--uncertain", "--write-off", "--sku=A")
    assert result.exit_code == 2
    assert "A / main is not in doubt (any more): it is failed" in result.stderr


def test_a_clip_that_was_never_bought_is_not_in_doubt(doubtful: Shop) -> None:
    """A new row has nothing to settle."""
    doubtful.write_rows("A", "B", "C")
    result = doubtful.call("retry", "--uncertain", "--unpaid", "--sku=C")
    assert "C / main is not in doubt (any more): it is planned" in result.stderr


def test_a_second_buying_again_is_told(doubtful: Shop) -> None:
    """The clip was bought since: that is said, not that its row is gone."""
    again(doubtful, "--uncertain", "--buy-again")
    result = doubtful.call("retry", "--uncertain", "--buy-again", "--yes")
    assert "the clip was bought again since and is done" in result.stderr
    assert "the catalogue has no such clip" not in result.stderr
    assert money(doubtful)["attempts"] == 4


def test_a_vanished_task_is_not_bought_again(knowing: Shop) -> None:
    """It may still come home: it is settled first."""
    asyncio.run(vanish(knowing, "A", TaskId("20260101000000aa")))
    result = knowing.call("retry", "--uncertain", "--buy-again", "--sku=A", "--yes")
    assert "A / main stays in doubt: it has a task" in result.stderr
    assert money(knowing)["attempts"] == 2


def test_buying_again_leaves_the_doubt_at_risk(doubtful: Shop) -> None:
    """`--buy-again` pays a second time, knowingly."""
    told = again(doubtful, "--uncertain", "--buy-again")
    assert (told["done"], told["spent"], told["at_risk"]) == (2, "2.50", "2.50")


def test_nothing_in_doubt_exits_2(trading: Shop) -> None:
    """A choice without a clip in doubt is a mistake."""
    assert trading.call("retry", "--uncertain", "--unpaid").exit_code == 2


# ------------------------------------------------------------------ doubt beside the catalogue


@pytest.fixture
def removed(doubtful: Shop) -> Shop:
    """Make a shop whose catalogue no longer has one of its two clips in doubt."""
    doubtful.write_rows("B")
    return doubtful


def test_doubt_of_a_removed_row_is_shown(removed: Shop) -> None:
    """`status` lists and counts it; a run stays incomplete for it alone."""
    again(removed, "--uncertain", "--unpaid", "--sku=B")
    told = removed.json("status")
    assert [line["sku"] for line in told["attention"]] == ["A"]
    assert (told["uncertain"], told["planned"]) == (1, 1)
    told = buys(removed, code=3)
    assert (told["done"], told["uncertain"], told["at_risk"]) == (1, 1, "1.25")


@pytest.mark.parametrize("skus", [(), ("--sku=A",), ("--sku=A", "--sku=B")])
def test_doubt_of_a_removed_row_is_settled(removed: Shop, skus: tuple[str, ...]) -> None:
    """It is selected like any other, by its SKU too, and then keeps no run incomplete."""
    settled = again(removed, "--uncertain", "--unpaid", *skus)
    assert "A" in {it["sku"] for it in settled}
    assert "A" not in {line["sku"] for line in removed.json("status")["attention"]}


def test_doubt_of_a_removed_row_is_not_bought_again(removed: Shop) -> None:
    """`--buy-again` buys what the catalogue has, and names what stays in doubt."""
    result = removed.call("retry", "--uncertain", "--buy-again", "--yes")
    assert result.exit_code == 3
    assert "A / main stays in doubt" in result.stderr
    assert money(removed)["attempts"] == 3


def test_doubt_of_another_name_is_settled(doubtful: Shop) -> None:
    """What was bought under a variant that is gone now, for another request, can be settled."""
    doubtful.write_job(matrix={"model": ["vidu2-image"]}, clip={"prompt": "{{ title }} in the sun"})
    settled = again(doubtful, "--uncertain", "--write-off", "--sku=A")
    assert [(it["sku"], it["money"]) for it in settled] == [("A", "spent")]


def test_a_first_doubt_can_be_settled_after_a_second_purchase(doubtful: Shop) -> None:
    """What was bought again is not bought a third time; the old call is still to be settled."""
    again(doubtful, "--uncertain", "--buy-again", "--sku=A", code=3)
    assert {line["sku"] for line in doubtful.json("status")["attention"]} == {"A", "B"}
    again(doubtful, "--uncertain", "--write-off", "--sku=A")
    assert (money(doubtful)["attempts"], money(doubtful)["spent"]) == (3, "2.50")


def test_an_sku_that_never_was_is_refused(doubtful: Shop) -> None:
    """A misspelt SKU is named for clips in doubt too."""
    result = doubtful.call("retry", "--uncertain", "--unpaid", "--sku=Z")
    assert result.exit_code == 2
    assert "no SKU Z" in result.stderr


def test_what_was_written_off_is_no_failed_clip(doubtful: Shop) -> None:
    """`--failed` does not buy again what a person gave up; naming its SKU does."""
    again(doubtful, "--uncertain", "--write-off", "--sku=A")
    before = money(doubtful)["attempts"]
    doubtful.call("retry", "--failed", "--yes")
    assert money(doubtful)["attempts"] == before


# ------------------------------------------------------------------ one purchase of several


def test_a_purchase_is_named_by_its_request(doubtful: Shop) -> None:
    """One of two calls is settled, and nobody is asked about the other."""
    settled = again(doubtful, "--uncertain", "--unpaid", f"--request={request_ids(doubtful)['A']}")
    assert [it["sku"] for it in settled] == ["A"]
    assert uncertain(doubtful) == {"B"}


def test_two_doubtful_purchases_of_one_clip_are_settled_apart(knowing: Shop) -> None:
    """The second call was lost, too: each has its own answer, and neither is taken for both."""
    first = request_ids(knowing)["A"]
    knowing.call("retry", "--uncertain", "--buy-again", "--sku=A", "--yes")
    second = request_ids(knowing)["A"]
    refused = knowing.call("retry", "--uncertain", "--write-off", "--sku=A", "--yes")
    assert refused.exit_code == 2
    assert f"{first}, {second}" in refused.stderr
    result = knowing.call(
        "retry", "--uncertain", f"--request={second}", f"--adopt={bill(knowing)[second]}"
    )
    assert result.exit_code == 0, result.stderr
    again(knowing, "--uncertain", "--write-off", f"--request={first}")
    assert (money(knowing)["spent"], money(knowing)["reserved"]) == ("1.25", "1.25")


def test_a_request_is_no_wish_to_buy(doubtful: Shop) -> None:
    """What is bought again is named by its SKU."""
    result = doubtful.call("retry", "--uncertain", "--buy-again", "--request=x", "--yes")
    assert result.exit_code == 2
    assert "--request goes with" in result.stderr
