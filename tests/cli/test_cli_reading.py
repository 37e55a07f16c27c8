"""The commands that only look: `status`, `ledger`, `report`, `doctor`."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Callable

import pytest

from tests.cli.shop import Shop
from tests.cli.test_cli_run import buys

OpenShop = Callable[..., Shop]
NOTHING = {
    "done": 0,
    "ready": 0,
    "lost": 0,
    "running": 0,
    "planned": 0,
    "failed": 0,
    "uncertain": 0,
    "invalid": 0,
    "spent": "0.00",
    "at_risk": "0.00",
    "reserved": "0.00",
    "currency": "CNY",
    "next_link_dies_at": None,
    "oldest_ready_at": None,
    "attention": [],
}


# ------------------------------------------------------------------ status


def test_status_before_anything_was_bought(shop: Shop) -> None:
    """Without a state every clip is planned."""
    told = shop.json("status")
    account = {"job": "spring", "account": "bigmodel:default@open.bigmodel.cn"}
    assert told == NOTHING | account | {"planned": 3}


def test_status_after_a_run(trading: Shop) -> None:
    """Clips by status and the job's money."""
    buys(trading, "--limit=2")
    told = trading.json("status")
    assert (told["done"], told["planned"], told["spent"]) == (2, 1, "2.50")


def test_status_names_what_needs_a_person(open_shop: OpenShop) -> None:
    """A failed clip is listed with its task, its money and its reason."""
    shop = open_shop("--faults=fail=1")
    shop.write_rows("A")
    buys(shop, code=3)
    (line,) = shop.json("status")["attention"]
    assert (line["sku"], line["status"], line["money"]) == ("A", "failed", "at_risk")
    assert line["task_id"] in shop.call("status").stdout


def test_status_of_a_whole_state(trading: Shop) -> None:
    """Without a job: every job of the state that is named, each by itself."""
    buys(trading, "--limit=1")
    trading.write_job(name="summer", output="summer", clip={"prompt": "{{ title }} in the sun"})
    trading.write_rows("X")
    buys(trading)
    told = trading.json_of("status", f"--state={trading.state}")
    assert [(it["job"], it["done"], it["spent"]) for it in told] == [
        ("spring", 1, "1.25"),
        ("summer", 1, "1.25"),
    ]


@pytest.mark.parametrize("command", ["status", "ledger"])
def test_a_state_is_never_guessed(trading: Shop, command: str) -> None:
    """Without a job and a named state: exit 2 with the next step."""
    result = trading.call_alone(command)
    assert result.exit_code == 2
    assert "--state" in result.stderr


# ------------------------------------------------------------------ ledger


def test_the_ledger_of_nothing(shop: Shop) -> None:
    """Before anything was bought there are no lines."""
    assert shop.json("ledger") == []
    assert shop.call("ledger").exit_code == 0


def test_the_ledger_by_job(trading: Shop) -> None:
    """The whole line."""
    buys(trading)
    assert trading.json("ledger") == [
        {
            "job": "spring",
            "currency": "CNY",
            "attempts": 3,
            "reserved": "0.00",
            "spent": "3.75",
            "at_risk": "0.00",
            "released": "0.00",
        }
    ]


@pytest.mark.parametrize("by", ["sku", "model", "day", "variant", "run", "job,sku"])
def test_the_ledger_by_anything(trading: Shop, by: str) -> None:
    """Whatever it is grouped by, the sum is the same."""
    buys(trading, "--limit=2")
    lines = trading.json("ledger", f"--by={by}")
    assert all(set(by.split(",")) < set(line) for line in lines)
    assert sum(float(line["spent"]) for line in lines) == 2.5


def test_the_ledger_by_a_column_of_budgets(trading: Shop) -> None:
    """Bought before a budget counted by it: no value; with it: the value of each purchase."""
    buys(trading, "--limit=1")
    trading.write_job(budget={"by": {"title": "9"}})
    buys(trading)
    for lines in (
        trading.json("ledger", "--by=title"),
        trading.json_of("ledger", "--by=title", f"--state={trading.state}"),
    ):
        assert [(it["title"], it["spent"]) for it in lines] == [
            ("", "1.25"),
            ("Cup B", "1.25"),
            ("Cup C", "1.25"),
        ]
    assert "Cup B" in trading.call("ledger", "--by=title").stdout


def test_the_ledger_as_csv(trading: Shop) -> None:
    """The same lines for a spreadsheet."""
    buys(trading, "--limit=2")
    text = trading.call("ledger", "--by=sku", "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["sku"], row["spent"]) for row in rows] == [("A", "1.25"), ("B", "1.25")]


def test_the_ledger_of_a_whole_state_keeps_accounts_apart(trading: Shop) -> None:
    """Simulated money never stands in one sum with real money."""
    buys(trading, "--limit=1")
    trading.json("run", "--provider=simulator", "--base-url=", "--limit=1", "--output=played")
    lines = trading.json_of("ledger", f"--state={trading.state}")
    assert [line["account"].split(":")[0] for line in lines] == ["bigmodel", "simulator"]


def test_an_unknown_dimension_exits_2(shop: Shop) -> None:
    """`--by` names its choices, the columns that budgets count by among them."""
    shop.write_job(budget={"by": {"title": "9"}})
    result = shop.call("ledger", "--by=colour")
    assert result.exit_code == 2
    assert "variant, run, account, title" in result.stderr


# ------------------------------------------------------------------ report


def test_a_report_is_written_again(trading: Shop) -> None:
    """Results and page come back from the state alone."""
    buys(trading, "--limit=1")
    for name in ("report.html", "results.csv", "results.jsonl"):
        (trading.output / name).unlink()
    result = trading.call("report")
    assert result.exit_code == 0
    assert str(trading.output / "report.html") in result.stdout
    assert [row["status"] for row in trading.results()] == ["done", "planned", "planned"]


def test_a_report_needs_a_state(shop: Shop) -> None:
    """Before the first run there is nothing to report."""
    assert shop.call("report").exit_code == 2
    assert not shop.output.exists()


def test_a_report_stays_out_of_foreign_folders(trading: Shop) -> None:
    """Another account's output folder is not written over."""
    buys(trading, "--limit=1")
    ours = f"--output={trading.output}"
    result = trading.call("report", "--provider=simulator", "--base-url=", ours)
    assert result.exit_code == 2
    assert "--output" in result.stderr


def test_a_report_that_cannot_be_written_exits_2(trading: Shop) -> None:
    """What is in the way is one sentence."""
    buys(trading, "--limit=1")
    (trading.output / "report.html").unlink()
    (trading.output / ".report.html.tmp").mkdir()
    result = trading.call("report")
    assert result.exit_code == 2
    assert "batchgen report" in result.stderr


# ------------------------------------------------------------------ doctor


def findings(shop: Shop, *options: str, code: int = 0) -> dict[str, bool]:
    """Give what the doctor finds: name -> is it fine."""
    told = shop.json("doctor", *options, code=code)
    return {name: finding["ok"] for name, finding in told.items()}


def test_the_doctor_finds_everything_fine(trading: Shop) -> None:
    """Versions, job, disk, key, address and state of a working shop."""
    buys(trading, "--limit=1")
    assert findings(trading) == dict.fromkeys(
        ("batchgen", "libraries", "sqlite", "job", "disk", "key", "address", "state"), True
    )


def test_the_doctor_asks_the_api(trading: Shop) -> None:
    """`--live` polls a task that does not exist: free, and it shows the clock."""
    found = findings(trading, "--live")
    assert found["api"]
    assert found["clock"]
    assert trading.json("ledger") == []


def test_the_doctor_says_where_settings_come_from(trading: Shop) -> None:
    """The origin of key and state is told, the key is not."""
    text = trading.call("doctor", f"--state={trading.state}").stdout
    assert "BATCHGEN_API_KEY" in text
    assert "--state" in text
    assert "made-up" not in text


def test_the_doctor_misses_the_key(shop: Shop) -> None:
    """Without a key for a real provider: exit 2."""
    assert findings(shop, code=2)["key"] is False
    assert findings(shop, "--provider=simulator")["key"] is True


def test_the_doctor_without_a_job(trading: Shop) -> None:
    """Key and address can be looked at before there is a job."""
    told = trading.json_of("doctor", "--live")
    assert told["key"]["ok"]
    assert told["api"]["ok"]


def test_the_doctor_meets_an_api_that_is_off(trading: Shop) -> None:
    """An API that cannot be reached is told in words."""
    told = trading.json("doctor", "--live", "--base-url=http://127.0.0.1:9/api/paas/v4", code=2)
    assert told["api"]["ok"] is False
    assert "PollTrouble" not in told["api"]["text"]


def test_the_doctor_finds_a_bad_job(shop: Shop) -> None:
    """A faulty job file is a finding, not an end."""
    shop.job.write_text("name: [")
    assert findings(shop, code=2)["job"] is False


def test_the_doctor_finds_a_damaged_state(trading: Shop) -> None:
    """A damaged state is told by `doctor` and refused by `run`, with nothing sent."""
    buys(trading)
    with sqlite3.connect(trading.state) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    content = bytearray(trading.state.read_bytes())
    content[8192:16384] = b"\xff" * 8192
    trading.state.write_bytes(bytes(content))
    told = trading.json("doctor", code=2)["state"]
    assert told["ok"] is False
    assert "\n" not in told["text"]
    assert trading.call("run", "--yes").exit_code == 2
