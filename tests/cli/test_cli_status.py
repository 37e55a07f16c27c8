"""`status` in the morning: what is paid and not here yet, what dies when, and what to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from batchgen.clip import AccountScope, AttemptState, ClipKey, Intent, TaskId
from batchgen.state.store import Facts, Run
from batchgen.state.writing import SqliteWriter
from batchgen.words import local_time
from tests.cli.shop import Shop

S = AttemptState
HOUR = 3600.0
ACCOUNT = AccountScope("bigmodel", "default", "open.bigmodel.cn")
#: Past the whole minute, so that a slow machine rounds down to the same one.
SPARE_S = 59.0


@dataclass
class Morning:
    """A shop after its night."""

    shop: Shop
    now: float = field(default_factory=time.time)

    def bought(self, sku: str, *steps: tuple[AttemptState, Facts], ordered: bool = False) -> None:
        """Write a purchase of the shop's job and what came of it, as a run would."""
        asyncio.run(self._bought(sku, steps, ordered=ordered))

    async def _bought(
        self, sku: str, steps: Iterable[tuple[AttemptState, Facts]], *, ordered: bool
    ) -> None:
        self.shop.state.parent.mkdir(exist_ok=True)
        writer = SqliteWriter(self.shop.state, lambda: self.now)
        run = Run("run-1", "spring", ACCOUNT, str(self.shop.output), None, self.now)
        await writer.start_run(run)
        intent = Intent(ClipKey(sku), f"r-{sku}", "f1", "vidu2-image", Decimal("1.25"), "CNY", {})
        if ordered:
            order = await writer.place_order("spring", ACCOUNT, "failed", [ClipKey(sku)])
            intent = replace(intent, request_id=f"r2-{sku}", order_id=order.id)
        attempt = await writer.reserve(run, intent, "2026-11-23", [])
        for state, facts in steps:
            attempt = await writer.move(attempt.id, state, **facts)
        await writer.close()

    def ready(self, sku: str, left_h: float, state: AttemptState = S.SUCCEEDED) -> None:
        """Write a paid clip whose link dies so many hours from now."""
        dies_at = self.at(left_h)
        link = Facts(
            video_url="https://x", url_expires_at=dies_at, finished_at=self.at(left_h - 24)
        )
        steps = [(S.ACCEPTED, self.task(sku)), (S.SUCCEEDED, link), (S.VERIFIED, Facts(file="x"))]
        self.bought(sku, *steps[: 3 if state is S.VERIFIED else 2])

    def task(self, sku: str) -> Facts:
        """Give what is known of an accepted purchase."""
        return Facts(task_id=TaskId(f"task-{sku}"), submitted_at=self.now)

    def at(self, hours: float) -> float:
        """Give a moment so many hours from now."""
        return self.now + hours * HOUR + SPARE_S


@pytest.fixture
def morning(shop: Shop) -> Morning:
    """Give a shop in whose state purchases are written."""
    return Morning(shop)


def table(shop: Shop) -> list[list[str]]:
    """Give the lines of the table of paid clips: moment, time left, clip."""
    lines = shop.call("status").stdout.splitlines()
    return [line.split("  ") for line in lines if " / main" in line]


def test_the_next_link_to_die_comes_first(morning: Morning) -> None:
    """Each with the time left in words and the local moment; then those that no hurry helps."""
    for sku, left_h in (("A", 20.5), ("B", -2.0), ("C", 0.5), ("D", 3.0)):
        morning.ready(sku, left_h)
    morning.ready("E", 1.0, S.VERIFIED)
    told = [[cell.strip() for cell in line if cell.strip()][:3] for line in table(morning.shop)]
    assert told[:3] == [
        [local_time(morning.at(0.5)), "30 min", "C / main"],
        [local_time(morning.at(3)), "3 h 0 min", "D / main"],
        [local_time(morning.at(20.5)), "20 h 30 min", "A / main"],
    ]
    assert {line[1] for line in told[3:]} == {
        "its life is over: another link is asked for",
        "its bytes are here",
    }


def test_what_dies_next_and_waits_longest_is_told(morning: Morning) -> None:
    """One sentence with both, and the command that fetches them."""
    morning.ready("A", 3.5)
    morning.ready("B", 2.0)
    text = morning.shop.call("status").stdout
    assert f"`batchgen run {morning.shop.job}` fetches these without paying" in text
    assert f"the next link dies in 2 h 0 min, at {local_time(morning.at(2))};" in text
    assert f"waited since {local_time(morning.at(-22))}" in text


def test_programs_are_told_the_same(morning: Morning) -> None:
    """Soonest first, with the seconds left; moments are UTC."""
    morning.ready("A", 3.5)
    morning.ready("B", 2.0)
    told = morning.shop.json("status")
    lines = told["attention"]
    assert [line["sku"] for line in lines] == ["B", "A"]
    assert 0 < lines[0]["seconds_left"] <= 2 * HOUR + SPARE_S
    assert told["next_link_dies_at"] == lines[0]["url_expires_at"]
    assert told["oldest_ready_at"] == lines[0]["finished_at"]
    assert told["next_link_dies_at"].endswith("+00:00")


def test_a_clip_without_a_link_is_told_so(morning: Morning) -> None:
    """SUCCESS came without one."""
    morning.bought("A", (S.ACCEPTED, morning.task("A")), (S.SUCCEEDED, Facts()))
    assert "it has no link yet" in morning.shop.call("status").stdout
    assert morning.shop.json("status")["next_link_dies_at"] is None


def test_the_whole_state_is_told_alike(morning: Morning) -> None:
    """Without a job the next step names no file."""
    morning.ready("A", 3.5)
    text = morning.shop.call_alone("status", f"--state={morning.shop.state}").stdout
    assert f"`batchgen run JOB --state {morning.shop.state}` fetches these" in text
    assert "3 h 30 min" in text


@pytest.mark.parametrize(
    ("steps", "advice"),
    [
        pytest.param([S.UNKNOWN], "--uncertain --sku X` with --adopt ID", id="uncertain"),
        pytest.param([S.UNKNOWN], "--reconcile BILL --settle` settles", id="uncertain-bill"),
        pytest.param([S.REFUSED], "mend their rows", id="refused"),
        pytest.param([S.ACCEPTED, S.FAILED], "--failed` buys them again", id="FAIL"),
        pytest.param([S.ACCEPTED, S.SUCCEEDED, S.EXPIRED], "--lost` buys them again", id="lost"),
        pytest.param([S.ACCEPTED], "goes on with them", id="running"),
    ],
)
def test_each_kind_of_trouble_has_its_next_step(
    morning: Morning, steps: list[AttemptState], advice: str
) -> None:
    """Once, after the clips; where all is done there is none."""
    facts = {S.ACCEPTED: morning.task("A")}
    morning.bought("A", *((step, facts.get(step, Facts())) for step in steps))
    text = morning.shop.call("status").stdout
    assert text.count(advice) == 1
    assert "retry JOB" not in text


def test_a_shop_without_trouble_gets_no_advice(morning: Morning) -> None:
    """Nothing was bought yet: counts and money, and no more."""
    assert len(morning.shop.call("status").stdout.splitlines()) == 4


def lines_of(shop: Shop, start: str) -> list[str]:
    """Give the lines of `status` that begin so."""
    return [line for line in shop.call("status").stdout.splitlines() if line.startswith(start)]


def test_a_clip_in_doubt_can_be_found_on_a_bill(morning: Morning) -> None:
    """When it was sent, and as which request."""
    morning.bought("A", (S.UNKNOWN, Facts(error="no answer in time")))
    (line,) = lines_of(morning.shop, "uncertain: A")
    assert f"A / main, sent {local_time(morning.now)}, request r-A, 1.25 CNY" in line
    assert line.endswith("no answer in time")


@pytest.mark.parametrize("steps", [[], [(S.UNKNOWN, Facts())]])
def test_a_call_that_a_kill_cut_off_is_told_so(
    morning: Morning, steps: list[tuple[AttemptState, Facts]]
) -> None:
    """Before the next start records it, and after."""
    morning.bought("A", *steps)
    (line,) = lines_of(morning.shop, "uncertain: A")
    assert "was stopped while it waited" in line


def test_money_at_risk_of_clips_that_are_done_is_explained(morning: Morning) -> None:
    """A doubt and a FAIL, each bought again since: their sum, and what settles it."""
    morning.bought("A", (S.UNKNOWN, Facts()))
    morning.bought("B", (S.ACCEPTED, morning.task("B1")), (S.FAILED, Facts()))
    done = [(state, Facts()) for state in (S.SUCCEEDED, S.VERIFIED, S.SAVED)]
    for sku in "AB":
        morning.bought(sku, (S.ACCEPTED, morning.task(f"{sku}2")), *done, ordered=True)
    (line,) = lines_of(morning.shop, "at risk from earlier purchases")
    assert "bought again: 2, 2.50 CNY" in line
    assert f"`batchgen ledger {morning.shop.job} --reconcile BILL --settle`" in line
    (doubt,) = lines_of(morning.shop, "uncertain: A")
    assert doubt.endswith("(bought again since)")


def test_a_simulators_hints_never_mean_the_real_account(morning: Morning) -> None:
    """Every command that is told names the simulator, as the command line did."""
    told = morning.shop.json("run", "--provider=simulator", "--limit=1")
    assert told["done"] == 1
    result = morning.shop.call("plan", "--provider=simulator", f"--save={morning.shop.folder}/p")
    assert "--provider simulator --plan" in result.stderr
    assert "finishing time" not in result.stdout
