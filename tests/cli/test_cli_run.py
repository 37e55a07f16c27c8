"""`batchgen run`: buys once, brings everything home, and says how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.shop import Shop

ENDING = {
    "run",
    "done",
    "ready",
    "lost",
    "failed",
    "uncertain",
    "running",
    "planned",
    "changed",
    "invalid",
    "skipped",
    "spent",
    "at_risk",
    "reserved",
    "currency",
    "seconds",
    "exit",
    "stopped",
}
ALL_DONE = {
    "done": 3,
    "ready": 0,
    "lost": 0,
    "failed": 0,
    "uncertain": 0,
    "running": 0,
    "planned": 0,
    "changed": 0,
    "invalid": 0,
    "skipped": 0,
    "spent": "3.75",
    "at_risk": "0.00",
    "reserved": "0.00",
    "currency": "CNY",
    "exit": 0,
    "stopped": None,
}


def buys(shop: Shop, *options: str, code: int = 0) -> dict[str, Any]:
    """Run the job, agreeing to the price."""
    told: dict[str, Any] = shop.json("run", "--yes", *options, code=code)
    assert told["exit"] == code
    return told


def test_a_run_makes_every_clip(trading: Shop) -> None:
    """Three clips are bought, checked and saved with poster and provenance; the whole JSON."""
    told = buys(trading)
    assert set(told) == ENDING
    assert {key: told[key] for key in ALL_DONE} == ALL_DONE
    names = {path.name for path in trading.output.glob("clips/A/*")}
    assert names == {"main.mp4", "main.jpg", "main.json"}


def test_results_stand_beside_the_clips(trading: Shop) -> None:
    """Results for people and programs, with a row for each clip and no failed.csv."""
    buys(trading)
    names = {path.name for path in trading.output.iterdir() if path.is_file()}
    assert names >= {"results.csv", "results.xlsx", "results.jsonl", "report.html"}
    assert "failed.csv" not in names
    assert [row["status"] for row in trading.results()] == ["done"] * 3


def test_running_again_buys_nothing(trading: Shop) -> None:
    """The second run skips what is done and spends nothing more."""
    buys(trading)
    again = buys(trading)
    assert (again["done"], again["skipped"], again["spent"]) == (3, 3, "3.75")


def test_a_new_row_is_bought_alone(trading: Shop) -> None:
    """What the catalogue gained is paid for, nothing else, in whatever order the rows stand."""
    buys(trading)
    trading.write_rows("D", "C", "B", "A")
    assert buys(trading)["spent"] == "5.00"


def test_a_run_for_people_ends_with_what_it_cost(trading: Shop) -> None:
    """Without `--json`: the plan, the sum, where to look; progress is not on stdout."""
    result = trading.call("run", "--yes", "--no-progress")
    assert result.exit_code == 0
    assert "clips to buy: 3, for 3.75 CNY" in result.stdout
    assert "3.75 CNY spent" in result.stdout
    assert "report.html" in result.stdout
    assert "done 3, failed 0, uncertain 0 | 3.75 CNY spent" in result.stdout
    assert result.stderr == ""


def test_what_is_not_bought_is_counted_apart(trading: Shop) -> None:
    """What `--limit` left is planned; nothing has to be gone on with."""
    result = trading.call("run", "--yes", "--no-progress", "--limit=1")
    assert "done 1, failed 0, uncertain 0, planned 2 | 1.25 CNY spent" in result.stdout
    assert result.stderr == ""


def test_a_budget_that_stopped_names_the_way_on(trading: Shop) -> None:
    """The command has the options of this one, and no `batchgen run` that would stop again."""
    result = trading.call("run", "--yes", "--no-progress", "--budget=1.25", "--tier=V0")
    assert f"afresh with `batchgen run {trading.job} --tier V0 --new-run`" in result.stderr
    assert "clips not bought: 2" in result.stderr
    assert "goes on from here" not in result.stderr


def test_limit_leaves_the_rest_planned(trading: Shop) -> None:
    """`--limit 1` buys one clip and is complete."""
    told = buys(trading, "--limit=1")
    assert (told["done"], told["planned"], told["spent"]) == (1, 2, "1.25")


def test_sku_buys_only_that(trading: Shop) -> None:
    """`--sku` buys the named product."""
    buys(trading, "--sku=B")
    assert trading.clips() == {"B"}


# ------------------------------------------------------------------ agreeing


def test_without_a_terminal_yes_is_required(trading: Shop) -> None:
    """Nobody is there to ask: exit 2, naming `--yes`, nothing bought."""
    result = trading.call("run")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert trading.json("ledger") == []


def test_nothing_to_buy_needs_no_agreement(trading: Shop) -> None:
    """A run that buys nothing asks nothing."""
    buys(trading)
    assert trading.call("run").exit_code == 0


def test_the_embedded_simulator_needs_no_key_and_no_agreement(shop: Shop) -> None:
    """Its money is not real; what it made is never done for a real provider."""
    told = shop.json("run", "--provider=simulator", "--limit=1")
    assert (told["done"], told["spent"]) == (1, "1.25")
    assert shop.json("plan")["already_done"] == 0
    assert shop.json("plan", "--provider=simulator")["already_done"] == 1


# ------------------------------------------------------------------ the key and the address


def test_a_missing_key_names_the_variables(shop: Shop) -> None:
    """Without a key a run exits 2 before anything is sent; the plan needs none."""
    result = shop.call("run", "--yes")
    assert result.exit_code == 2
    for name in ("BATCHGEN_API_KEY", "ZAI_API_KEY", "ZHIPUAI_API_KEY"):
        assert name in result.stderr
    assert shop.call("plan").exit_code == 0


def test_the_key_may_stand_in_dotenv(trading: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` beside the job holds the key, which shows nowhere."""
    monkeypatch.delenv("BATCHGEN_API_KEY")
    (trading.folder / ".env").write_text("ZHIPUAI_API_KEY=secret-of-the-shop-1234\n")
    assert buys(trading, "--limit=1")["done"] == 1
    written = [p for p in trading.folder.rglob("*") if p.is_file() and p.name != ".env"]
    assert not any(b"secret-of-the-shop" in path.read_bytes() for path in written)


def test_dotenv_cannot_send_the_key_elsewhere(shop: Shop) -> None:
    """An address that is not official is refused in `.env`."""
    (shop.folder / ".env").write_text("BATCHGEN_BASE_URL=https://evil.example/api/paas/v4\n")
    assert shop.call("plan").exit_code == 2


def test_the_address_may_be_a_flag(trading: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--base-url` names the API."""
    assert trading.simulator
    monkeypatch.delenv("BATCHGEN_BASE_URL")
    assert buys(trading, f"--base-url={trading.simulator.base_url}", "--limit=1")["done"] == 1


@pytest.mark.parametrize(
    "url", ["http://example.com/api/paas/v4", "https://api.z.ai/api/paas/v4", "nonsense"]
)
def test_a_wrong_address_exits_2(shop: Shop, url: str) -> None:
    """Plain http to the world, another provider's host, or no address at all."""
    assert shop.call("plan", f"--base-url={url}").exit_code == 2


# ------------------------------------------------------------------ faults and changes


def test_faults_stop_a_run(trading: Shop) -> None:
    """With a faulty row nothing is sent, and all faults are told on stderr."""
    trading.write_rows("A", "B", "B")
    result = trading.call("run", "--yes")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--skip-invalid" in result.stderr
    assert trading.json("ledger") == []


def test_skip_invalid_leaves_faulty_rows_out(trading: Shop) -> None:
    """The good rows are made; the run is not complete, and failed.csv has the rest."""
    trading.write_rows("A", "B", "B")
    told = buys(trading, "--skip-invalid", code=3)
    assert (told["done"], told["invalid"]) == (2, 1)
    assert (trading.output / "failed.csv").exists()


def test_a_changed_clip_is_not_bought_unasked(trading: Shop) -> None:
    """Another title is another request: listed, priced, exit 0, bought with `--changed` only."""
    buys(trading)
    trading.write_rows("A", "B", "C", titles={"A": "Glass"})
    told = buys(trading)
    assert (told["changed"], told["spent"]) == (1, "3.75")
    changed = trading.json("plan")["changed"]
    assert (changed["clips"], changed["cost"]) == (1, "1.25")
    told = buys(trading, "--changed")
    assert (told["changed"], told["spent"]) == (0, "5.00")


def test_what_a_changed_clip_replaces_is_kept(trading: Shop) -> None:
    """The clip of the old picture moves to `old/`; the new one takes its name."""
    buys(trading, "--sku=A")
    before = (trading.output / "clips" / "A" / "main.mp4").read_bytes()
    trading.draw("crimson")
    buys(trading, "--sku=A", "--changed")
    assert (trading.output / "old" / "A" / "main.mp4").read_bytes() == before
    assert (trading.output / "clips" / "A" / "main.mp4").read_bytes() != before


@pytest.mark.parametrize(("on_change", "spent"), [("regenerate", "5.00"), ("keep", "3.75")])
def test_the_job_says_what_a_change_means(trading: Shop, on_change: str, spent: str) -> None:
    """`on_change` buys changed clips again, or takes them as done."""
    buys(trading)
    trading.write_job(on_change=on_change)
    trading.write_rows("A", "B", "C", titles={"A": "Glass"})
    told = buys(trading)
    assert (told["changed"], told["spent"]) == (0, spent)


def test_a_deleted_file_is_fetched_again(trading: Shop) -> None:
    """A done clip whose file is gone comes back while its link lives, and costs nothing."""
    buys(trading)
    file = trading.output / "clips" / "A" / "main.mp4"
    before = file.read_bytes()
    file.unlink()
    assert buys(trading)["spent"] == "3.75"
    assert file.read_bytes() == before


# ------------------------------------------------------------------ the saved plan


def saved_plan(shop: Shop, *options: str) -> str:
    """Save a plan and give the option that runs it."""
    file = shop.folder / "plan.json"
    assert shop.call("plan", f"--save={file}", *options).exit_code == 0
    return f"--plan={file}"


def test_a_saved_plan_is_run_as_it_was_saved(trading: Shop) -> None:
    """Its selection counts too: nothing outside it is bought."""
    assert buys(trading, saved_plan(trading, "--limit=2"))["spent"] == "2.50"


def test_a_saved_plan_may_be_half_done(trading: Shop) -> None:
    """What was bought since it was saved is not bought again."""
    plan = saved_plan(trading)
    buys(trading, "--limit=1")
    assert buys(trading, plan)["spent"] == "3.75"


@pytest.mark.parametrize(("budget", "spent", "code"), [("100", "2.50", 0), ("1.25", "1.25", 4)])
def test_a_saved_plan_goes_with_a_budget(
    trading: Shop, tmp_path: Path, budget: str, spent: str, code: int
) -> None:
    """A budget or an output said with it is no other plan; whichever ends first caps the run."""
    plan = saved_plan(trading, "--limit=2")
    told = buys(trading, plan, f"--budget={budget}", "--output=elsewhere", code=code)
    assert told["spent"] == spent
    assert (tmp_path / "elsewhere" / "clips" / "A" / "main.mp4").exists()


def test_a_moved_plan_is_refused(trading: Shop) -> None:
    """Another catalogue, picture, job or selection: exit 2, nothing bought."""
    plan = saved_plan(trading)
    (trading.folder / "cup.png").write_bytes((trading.folder / "cup.png").read_bytes() + b" ")
    assert trading.call("run", "--yes", plan).exit_code == 2
    trading.draw()
    assert trading.call("run", "--yes", plan, "--limit=1").exit_code == 2
    trading.write_rows("A", "B", "C", "D")
    assert trading.call("run", "--yes", plan).exit_code == 2
    assert trading.json("ledger") == []


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 1}'])
def test_a_damaged_plan_is_refused(trading: Shop, text: str) -> None:
    """A file that is no saved plan is one sentence."""
    file = trading.folder / "plan.json"
    file.write_text(text)
    result = trading.call("run", "--yes", f"--plan={file}")
    assert result.exit_code == 2
    assert "plan" in result.stderr


# ------------------------------------------------------------------ state and output


def test_the_state_is_made_beside_the_job(trading: Shop) -> None:
    """Without a `.batchgen` above, the state lies in the job's folder, for its owner only."""
    buys(trading, "--limit=1")
    state = trading.folder / ".batchgen" / "state.db"
    assert state.stat().st_mode & 0o777 == 0o600


def test_flag_and_variable_name_the_state(
    trading: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--state` wins over `BATCHGEN_STATE`."""
    monkeypatch.setenv("BATCHGEN_STATE", str(tmp_path / "variable.db"))
    buys(trading, "--limit=1")
    assert (tmp_path / "variable.db").exists()
    flag = f"--state={tmp_path / 'flag.db'}"
    assert trading.json("plan", flag)["already_done"] == 0
    assert trading.json("plan")["already_done"] == 1


def test_the_output_may_be_a_flag(trading: Shop, tmp_path: Path) -> None:
    """`--output` starts at the current folder."""
    buys(trading, "--limit=1", "--output=elsewhere")
    assert list(tmp_path.glob("elsewhere/clips/A/main.mp4"))
    assert not trading.output.exists()


def test_an_output_of_another_state_is_refused(trading: Shop, tmp_path: Path) -> None:
    """An output folder remembers whose it is: exit 2 for another state, for another provider."""
    buys(trading, "--limit=1")
    for other in (f"--state={tmp_path / 'other.db'}", "--provider=simulator"):
        result = trading.call("run", "--yes", other, f"--output={trading.output}")
        assert result.exit_code == 2
        assert "--output" in result.stderr


def test_an_output_that_is_a_file_is_refused(trading: Shop) -> None:
    """An output folder that cannot be one exits 2 before anything is bought."""
    trading.output.write_text("in the way")
    result = trading.call("run", "--yes")
    assert result.exit_code == 2
    assert "--output" in result.stderr
    assert trading.json("ledger") == []


def test_results_that_cannot_be_written_exit_4(trading: Shop) -> None:
    """The clips are there and paid; what keeps the results away is told, and a run mends it."""
    buys(trading, "--limit=1")
    for name in ("results.jsonl", ".results.jsonl.tmp"):
        (trading.output / name).unlink(missing_ok=True)
    (trading.output / ".results.jsonl.tmp").mkdir()
    told = buys(trading, code=4)
    assert (told["done"], told["stopped"]) == (3, "disk")
    (trading.output / ".results.jsonl.tmp").rmdir()
    assert buys(trading)["spent"] == "3.75"


def test_two_jobs_share_a_state(trading: Shop) -> None:
    """Each has its own clips and money, under one ledger."""
    buys(trading, "--limit=1")
    trading.write_job(name="summer", output="summer", clip={"prompt": "{{ title }} in the sun"})
    trading.write_rows("X", "Y")
    assert buys(trading)["spent"] == "2.50"
    lines = {line["job"]: line["spent"] for line in trading.json("ledger")}
    assert lines == {"spring": "1.25", "summer": "2.50"}


# ------------------------------------------------------------------ what the provider does


def test_a_failed_task_is_at_risk_and_left(open_shop: Any) -> None:
    """FAIL: exit 3, money at risk, told with its remedy; the next run does not buy it again."""
    shop = open_shop("--faults=fail=1")
    told = buys(shop, code=3)
    assert (told["failed"], told["at_risk"]) == (3, "3.75")
    result = shop.call("run", "--yes")
    assert result.exit_code == 3
    assert f"may have been billed; `batchgen retry {shop.job} --failed`" in result.stderr
    assert "nothing was charged" not in result.stderr
    assert shop.json("ledger")[0]["attempts"] == 3
    assert (shop.output / "failed.csv").exists()


def test_a_refused_clip_costs_nothing(open_shop: Any) -> None:
    """A refusal for good fails the clip with its money released; the same is not sent again."""
    shop = open_shop("--faults=unsafe=1")
    told = buys(shop, code=3)
    assert (told["failed"], told["at_risk"], told["spent"]) == (3, "0.00", "0.00")
    submits = shop.simulator.stats()["submits"]
    told_again = shop.call("run", "--yes")
    assert "nothing was charged" in told_again.stderr
    assert "may have been billed" not in told_again.stderr
    assert shop.simulator.stats()["submits"] == submits


def test_a_lost_answer_is_uncertain(open_shop: Any) -> None:
    """A submit without an answer is at risk and never sent again by itself."""
    shop = open_shop("--faults=reset=1")
    shop.write_rows("A")
    told = buys(shop, code=3)
    assert (told["uncertain"], told["at_risk"]) == (1, "1.25")
    again = shop.call("run", "--yes")
    assert "clips in doubt: 1, 1.25 CNY; settle them first" in again.stderr
    assert f"`batchgen ledger {shop.job} --reconcile BILL --settle`" in again.stderr
    assert f"`batchgen retry {shop.job} --uncertain --sku X` with --adopt ID" in again.stderr
    assert shop.json("ledger")[0]["attempts"] == 1


def test_a_start_heals_doubt_where_the_account_allows_it(open_shop: Any) -> None:
    """The provider recognises the repeated request: it gives its first task, and bills it once."""
    shop = open_shop("--faults=submit-500=1", "--duplicate-request-id=same")
    shop.write_rows("A")
    assert shop.json("run", "--yes", code=3)["uncertain"] == 1
    shop.write_job(account={"tier": "V1", "resend_same_request_id": True})
    told = shop.json("run", "--yes")
    assert (told["done"], told["spent"], told["at_risk"]) == (1, "1.25", "0.00")
    assert len(shop.simulator.bill()) == 1
