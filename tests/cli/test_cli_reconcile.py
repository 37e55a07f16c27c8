"""`batchgen ledger --reconcile`: the provider's bill against the state."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from batchgen.clip import AttemptState, TaskId
from batchgen.clock import SystemClock
from batchgen.messages import msg
from batchgen.state.locks import hold, state_lock_path
from batchgen.state.writing import SqliteWriter
from tests.cli.conftest import Simulators
from tests.cli.shop import Shop, Watch, skus
from tests.cli.test_cli_run import buys

OpenShop = Callable[..., Shop]
Rows = Sequence[Mapping[str, str]]

AGREED = ("--settle", "--yes")
#: Days that reach beyond any night of these tests.
FAR = "2020-01-01..2099-12-31"
MOMENTS = ("created_at", "submitted_at", "finished_at")
#: The clip that was bought after it, so that the bill reaches beyond the night.
TONIGHT = "S005"
#: A bad night: some answers are lost, some tasks fail; the same night whenever it is run.
NIGHT = ("--seed=8", "--faults=fail=0.25,reset=0.15")


def write_bill(shop: Shop, rows: Rows, name: str = "bill.csv", encoding: str = "utf-8") -> Path:
    """Save rows as a CSV of that encoding beside the job."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path = shop.folder / name
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def billed(shop: Shop) -> list[dict[str, str]]:
    """Give what the API says it charged for this shop's purchases, lost ones included."""
    assert shop.simulator is not None
    made = {row["request_id"]: str(int(row["created_at"])) for row in purchases(shop)}
    rows = shop.simulator.bill()
    return [row | {"at": made[row["request_id"]]} for row in rows if row["request_id"] in made]


def purchases(shop: Shop) -> list[dict[str, Any]]:
    """Read every purchase from the state."""
    with closing(sqlite3.connect(shop.state)) as database:
        database.row_factory = sqlite3.Row
        rows = database.execute("SELECT * FROM attempt ORDER BY id").fetchall()
    return [dict(row) for row in rows]


def make_older(shop: Shop) -> None:
    """Let everything have been bought three days ago, but for one clip that was bought now."""
    older = ", ".join(f"{column} = {column} - 3 * 86400" for column in MOMENTS)
    with closing(sqlite3.connect(shop.state)) as database:
        database.execute(f"UPDATE attempt SET {older} WHERE sku <> ?", (TONIGHT,))
        database.commit()


def compare(shop: Shop, bill: Path, *options: str, code: int = 0) -> dict[str, Any]:
    """Reconcile and give what is printed as JSON."""
    return dict(shop.json("ledger", f"--reconcile={bill}", *options, code=code))


def figures(told: Mapping[str, Any]) -> dict[str, int]:
    """Count the entries of the four lists."""
    names = ("matched", "price_differs", "ours_only", "theirs_only")
    return {name: told[name]["count"] for name in names if told[name]["count"]}


def states(shop: Shop) -> list[str]:
    """Name the state of every purchase."""
    return [row["state"] for row in purchases(shop)]


@pytest.fixture
def bought(trading: Shop) -> Shop:
    """Make a shop that bought its three clips."""
    buys(trading)
    return trading


def spend_night(folder: Path, simulator: Watch) -> Shop:
    """Buy eight clips from that API."""
    shop = Shop(folder, simulator)
    shop.draw()
    shop.write_rows(*skus(8))
    shop.write_job()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_STATE_HOME", str(folder / "user-state"))
        environment.setenv("BATCHGEN_API_KEY", "made-up")
        environment.setenv("BATCHGEN_BASE_URL", simulator.base_url)
        buys(shop, code=3)
    make_older(shop)
    return shop


@pytest.fixture(scope="module")
def bad_night(tmp_path_factory: pytest.TempPathFactory, simulators: Simulators) -> Shop:
    """Make a shop after a bad night; nobody may change it."""
    shop = spend_night(tmp_path_factory.mktemp("night"), simulators(*NIGHT))
    assert Counter(states(shop)) == {"saved": 5, "failed": 2, "unknown": 1}
    return shop


@pytest.fixture
def night(bad_night: Shop, open_shop: OpenShop) -> Shop:
    """Give a copy of that shop."""
    shop = open_shop(*NIGHT)
    shutil.copytree(bad_night.folder, shop.folder, dirs_exist_ok=True)
    return shop


# ------------------------------------------------------------------ comparing


def test_a_bill_that_agrees(bought: Shop) -> None:
    """Everything matches: exit 0, with the sums of both sides."""
    told = compare(bought, write_bill(bought, billed(bought)))
    assert figures(told) == {"matched": 3}
    assert told["total"] == {"ours": "3.75", "theirs": "3.75", "difference": "0.00"}


def test_every_kind_of_difference_is_told(bought: Shop) -> None:
    """A price that differs, a purchase they lack, a charge we lack: exit 3."""
    rows = billed(bought)
    rows[0] |= {"price": "2.5", "at": "2026-01-01"}
    rows[1] |= {"task_id": "stranger", "request_id": "strange"}
    rows[2]["at"] = "2098-01-01"
    told = compare(bought, write_bill(bought, rows), code=3)
    assert figures(told) == {"matched": 1, "price_differs": 1, "ours_only": 1, "theirs_only": 1}
    assert told["total"] == {"ours": "3.75", "theirs": "5.00", "difference": "1.25"}


def test_the_tables_name_what_differs(bought: Shop) -> None:
    """People see clip, task and amounts, and what a foreign charge means."""
    rows = billed(bought)
    rows[0]["price"] = "1.255"
    rows[1] |= {"task_id": "stranger", "request_id": "strange"}
    text = bought.call("ledger", f"--reconcile={write_bill(bought, rows)}").stdout
    for part in (rows[0]["task_id"], "0.005", "stranger", "price=price", "look these tasks up"):
        assert part in text


def test_comparing_changes_nothing(night: Shop) -> None:
    """Without --settle the state stays as it is, to the byte."""
    bill = write_bill(night, billed(night))
    before = night.state.read_bytes()
    compare(night, bill, code=3)
    night.call("ledger", f"--reconcile={bill}")
    assert night.state.read_bytes() == before


def test_the_comparison_as_csv(bought: Shop) -> None:
    """One line an entry; foreign texts cannot become formulas."""
    rows = [*billed(bought), dict(billed(bought)[0], task_id="@1+1", request_id="r", price="-1")]
    text = bought.call("ledger", f"--reconcile={write_bill(bought, rows)}", "--csv").stdout
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["list"] for line in lines] == ["matched"] * 3 + ["theirs_only"]
    assert {line["sku"] for line in lines} == {"A", "B", "C", ""}
    assert (lines[3]["task_id"], lines[3]["theirs"]) == ("'@1+1", "-1.00")


def test_a_bill_before_anything_was_bought(shop: Shop) -> None:
    """Without a state every charge is theirs only, and no state is made."""
    bill = write_bill(shop, [{"task_id": "t", "price": "1.25"}])
    assert figures(compare(shop, bill, *AGREED, code=3)) == {"theirs_only": 1}
    assert not shop.state.parent.exists()


# ------------------------------------------------------------------ files

#: The columns of a Chinese export.
CHINESE = {
    "task_id": "任务ID",
    "request_id": "请求ID",
    "model": "模型名称",
    "price": "应付金额(元)",
    "currency": "币种",
    "at": "消费时间",
}


def in_chinese(rows: Rows) -> Rows:
    """Name the columns as a Chinese export does, with a line that sums up."""
    named = [{CHINESE[name]: cell for name, cell in row.items()} for row in rows]
    for row in named:
        row |= {"应付金额(元)": f"¥{row['应付金额(元)']}", "币种": "人民币"}
    return [
        *named,
        dict.fromkeys(CHINESE.values(), "") | {"任务ID": "合计", "应付金额(元)": "3.75"},
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_chinese_export_is_read(bought: Shop, encoding: str) -> None:
    """Whatever its encoding, with signs, words and a sum at the end."""
    told = compare(bought, write_bill(bought, in_chinese(billed(bought)), encoding=encoding))
    assert figures(told) == {"matched": 3}
    assert told["columns"] == CHINESE


def test_a_damaged_byte_costs_its_row_alone(bought: Shop) -> None:
    """A UTF-8 bill stays UTF-8; what cannot be read of it is a fault, not another encoding."""
    path = write_bill(bought, in_chinese(billed(bought)))
    whole = "人民币".encode()
    path.write_bytes(path.read_bytes().replace(whole, whole[:-1], 1))

    told = compare(bought, path, code=3)

    assert figures(told)["matched"] == 2
    assert [fault["code"] for fault in told["faults"]] == ["row-undecodable"]


def test_a_packed_bill_is_read(bought: Shop) -> None:
    """What is packed by gzip counts as what is in it."""
    path = write_bill(bought, billed(bought))
    packed = path.with_name("bill.csv.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert figures(compare(bought, packed)) == {"matched": 3}


def test_a_workbook_is_read(bought: Shop) -> None:
    """Amounts as numbers, ids as texts."""
    path = bought.folder / "bill.xlsx"
    rows = billed(bought)
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, list(rows[0]))
        for number, row in enumerate(rows, 1):
            cells = [float(row[name]) if name == "price" else row[name] for name in row]
            sheet.write_row(number, 0, cells)
    assert figures(compare(bought, path)) == {"matched": 3}


def test_the_bill_of_the_simulator_is_read_as_it_is(bought: Shop) -> None:
    """JSON needs no conversion."""
    path = bought.folder / "bill.json"
    path.write_text(json.dumps(billed(bought)), encoding="utf-8")
    assert figures(compare(bought, path)) == {"matched": 3}


def test_columns_can_be_said(bought: Shop) -> None:
    """Names that are not known need one option."""
    rows = [{"No.": row["task_id"], "Sum": row["price"]} for row in billed(bought)]
    bill = write_bill(bought, rows)
    assert bought.call("ledger", f"--reconcile={bill}").exit_code == 2
    told = compare(bought, bill, "--bill-columns=task_id=No.,price=Sum")
    assert (figures(told), told["first"]) == ({"matched": 3}, None)


def test_a_row_that_cannot_be_used_is_named(bought: Shop) -> None:
    """File, row, column and code; the others are compared, and the bill does not agree."""
    rows = billed(bought)
    rows[1]["price"] = "much"
    told = compare(bought, write_bill(bought, rows), code=3)
    (fault,) = told["faults"]
    place = (fault["file"], fault["row"], fault["column"], fault["code"])
    assert place == ("bill.csv", 3, "price", "bill-amount")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.csv", None),
        ("empty.csv", b""),
        ("bill.pdf", b"%PDF"),
        ("bill.xlsx", b"no workbook"),
        ("days.csv", b"day,price\n2026-11-23,3.75\n"),
    ],
)
def test_a_bill_that_cannot_be_read_exits_2(bought: Shop, name: str, content: bytes | None) -> None:
    """The reason stands on stderr, and nothing on stdout."""
    path = bought.folder / name
    if content is not None:
        path.write_bytes(content)
    result = bought.call("ledger", f"--reconcile={path}", *AGREED)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")


@pytest.mark.parametrize(
    "options",
    [
        ("--settle",),
        ("--reconcile=b.csv", "--bill-columns=colour=x"),
        ("--reconcile=b.csv", "--bill-period=2026-11-01"),
    ],
)
def test_what_is_said_of_a_bill_must_make_sense(bought: Shop, options: tuple[str, ...]) -> None:
    """A bill to settle by, names that exist, and a period of two days."""
    assert bought.call("ledger", *options).exit_code == 2


# ------------------------------------------------------------------ settling


def test_a_bill_settles_a_bad_night(night: Shop) -> None:
    """Lost answers are adopted and FAILs freed; then nothing is in doubt, or bought twice."""
    assert night.simulator is not None
    bill = write_bill(night, billed(night))
    told = compare(night, bill, *AGREED)
    assert {entry["status"] for entry in told["settled"]} == {"running", "failed"}
    assert set(states(night)) == {"saved", "accepted", "refused"}
    submits = night.simulator.stats()["submits"]
    after = buys(night, code=3)
    assert (after["at_risk"], after["uncertain"], after["running"]) == ("0.00", 0, 0)
    assert night.simulator.stats()["submits"] == submits
    assert compare(night, write_bill(night, billed(night)))["total"]["difference"] == "0.00"


def in_doubt(shop: Shop) -> str:
    """Name the SKU whose answer was lost."""
    (sku,) = (row["sku"] for row in purchases(shop) if row["state"] == "unknown")
    return str(sku)


async def adopt(shop: Shop, task_id: TaskId) -> None:
    """Take a task for the clip in doubt, as a person may have done who was not told better."""
    (row,) = (row for row in purchases(shop) if row["state"] == "unknown")
    writer = SqliteWriter(shop.state, SystemClock().now)
    moment = row["created_at"]
    await writer.move(row["id"], AttemptState.ACCEPTED, task_id=task_id, submitted_at=moment)
    await writer.close()


def test_a_task_that_was_adopted_by_mistake_gives_way(night: Shop) -> None:
    """It is told with both tasks; then the bill's is adopted, and the next run saves its clip."""
    sku = in_doubt(night)
    asyncio.run(adopt(night, TaskId("123")))
    bill = write_bill(night, billed(night))
    told = compare(night, bill, code=3)
    (line,) = (line for line in told["lines"] if line["list"] == "task_differs")
    assert (line["sku"], line["task_id"], told["task_differs"]["count"]) == (sku, "123", 1)
    text = night.call("ledger", f"--reconcile={bill}").stdout
    assert f"ours 123, bill {line['bill_task_id']} (row " in text
    compare(night, bill, *AGREED)
    buys(night, code=3)
    (row,) = (row for row in purchases(night) if row["sku"] == sku)
    assert (row["state"], row["task_id"]) == ("saved", line["bill_task_id"])


def test_what_was_declared_unpaid_and_is_charged_counts_again(night: Shop) -> None:
    """The person erred: the money is spent, said so, and the clip is not bought again."""
    night.call("retry", "--uncertain", f"--sku={in_doubt(night)}", "--unpaid", "--yes")
    bill = write_bill(night, billed(night))
    assert figures(compare(night, bill, code=3))["price_differs"] == 1
    assert "no budget counts them so far" in night.call("ledger", f"--reconcile={bill}").stdout
    text = night.call("ledger", f"--reconcile={bill}", *AGREED).stdout
    assert "1.25 CNY are now spent\n" in text
    assert "charged after all" in text
    assert compare(night, bill)["total"]["difference"] == "0.00"
    assert night.json("plan")["clips"] == 0


def test_a_lost_answer_that_the_bill_lacks_may_be_no_purchase(night: Shop) -> None:
    """The list of what only we have says so, and a bill of today is told how far to reach."""
    rows = [row for row in billed(night) if row["request_id"] not in lost_requests(night)]
    bill = write_bill(night, rows)
    reach = f"--bill-period={FAR}"
    text = night.call("ledger", f"--reconcile={bill}", reach).stdout
    assert "may never have become purchases" in text
    assert "it cannot reach beyond now" in text


def lost_requests(shop: Shop) -> set[str]:
    """Name the requests whose answers were lost."""
    return {row["request_id"] for row in purchases(shop) if row["state"] == "unknown"}


def test_a_charge_that_may_be_a_lost_answer_is_no_foreign_money(night: Shop) -> None:
    """Where the bill has no request ids, the stranger is shown as a candidate, and as no more."""
    rows = [row | {"request_id": ""} for row in billed(night)]
    text = night.call("ledger", f"--reconcile={write_bill(night, rows)}").stdout
    assert "perhaps row " in text
    assert "theirs only" in text
    assert "look these tasks up" not in text


def test_clips_that_are_not_compared_are_named(night: Shop) -> None:
    """Those at risk come first, at most five."""
    rows = [row for row in billed(night) if row["at"] == max(it["at"] for it in billed(night))]
    text = night.call("ledger", f"--reconcile={write_bill(night, rows[:1])}").stdout
    (line,) = (line for line in text.splitlines() if "before the bill begins" in line)
    assert line.count(" / main") == 5
    assert f"{in_doubt(night)} / main" in line
    assert ", ..." in line


def test_times_are_told_as_the_bill_tells_them(bought: Shop) -> None:
    """The bill's own digits, and the zone that they are read in, once."""
    rows = [row | {"at": "2026-11-23 23:29:46"} for row in billed(bought)]
    text = bought.call("ledger", f"--reconcile={write_bill(bought, rows)}").stdout
    assert "it covers 2026-11-23 23:29:46 to 2026-11-23 23:29:46" in text
    assert text.count("Asia/Shanghai") == 1


def test_a_column_that_looks_like_times_is_offered(bought: Shop) -> None:
    """Its name is not known: it is named with what to say."""
    rows = [row | {"Wann": "2026-11-23 23:29:46"} for row in billed(bought)]
    for row in rows:
        del row["at"]
    text = bought.call("ledger", f"--reconcile={write_bill(bought, rows)}").stdout
    assert "--bill-columns at=HEADER" in text
    assert "columns that look like times: Wann" in text


def test_a_column_of_months_needs_the_days_to_be_said(bought: Shop) -> None:
    """It is no column to rename: the period is asked for."""
    rows = [row | {"at": "2026-11"} for row in billed(bought)]
    text = bought.call("ledger", f"--reconcile={write_bill(bought, rows)}").stdout
    assert "its column at tells no moments" in text


def test_settling_twice_changes_nothing(night: Shop) -> None:
    """The second time there is nothing left to settle."""
    bill = write_bill(night, billed(night))
    compare(night, bill, *AGREED)
    before = purchases(night)
    assert compare(night, bill, *AGREED)["settled"] == []
    assert purchases(night) == before


def test_each_settlement_leaves_its_reason(night: Shop) -> None:
    """The event names the bill; every settled purchase is one line."""
    bill = write_bill(night, billed(night), name="november.csv")
    text = night.call("ledger", f"--reconcile={bill}", *AGREED).stdout
    with closing(sqlite3.connect(night.state)) as database:
        events = database.execute("SELECT * FROM event WHERE reason LIKE '%november.csv%'")
        count = len(events.fetchall())
    assert count == text.count(" CNY are now ") > 2


def test_a_charged_fail_is_spent_and_may_be_retried(night: Shop) -> None:
    """`retry --failed` buys it again: it was settled, not given up."""
    rows = billed(night)
    failed = [row for row in purchases(night) if row["state"] == "failed"]
    extra = [dict(rows[0], task_id=row["task_id"], request_id="") for row in failed]
    compare(night, write_bill(night, [*rows, *extra]), *AGREED)
    assert states(night).count("written_off") == len(failed)
    text = night.call("retry", "--failed", "--yes", "--budget=0.01").stdout
    assert f"clips to buy again: {len(failed)}," in text


def test_a_freed_fail_waits_for_a_person(night: Shop) -> None:
    """A FAIL that was not charged is not sent again by `run`, but by `retry --failed`."""
    compare(night, write_bill(night, billed(night)), *AGREED)
    freed = states(night).count("refused")
    assert night.json("plan")["clips"] == 0
    text = night.call("retry", "--failed", "--yes", "--budget=0.01").stdout
    assert f"clips to buy again: {freed}," in text


def test_a_call_that_never_arrived_is_sent_again(shop: Shop, open_shop: OpenShop) -> None:
    """Not on the bill: planned again, said so, and bought by the next run."""
    simulator = open_shop(*NIGHT, "--lost-submit=not-made").simulator
    assert simulator is not None
    spend_night(shop.folder, simulator)
    text = shop.call("ledger", f"--reconcile={write_bill(shop, billed(shop))}", *AGREED).stdout
    assert f"`batchgen run {shop.job}` buys them" in text
    assert shop.json("plan")["clips"] == states(shop).count("declared_unpaid") == 1


def test_a_fresh_bill_proves_nothing_missing(night: Shop) -> None:
    """Bookings may come later: what a bill of the same night lacks stays at risk."""
    tonight = max(row["at"] for row in billed(night))
    rows = [row for row in billed(night) if row["at"] < tonight]
    told = compare(night, write_bill(night, rows), *AGREED)
    assert [entry["status"] for entry in told["settled"]] == ["running"]
    assert states(night).count("failed") == 2


def test_a_bill_may_be_said_to_reach_further(night: Shop) -> None:
    """The person knows what was exported: then the same rows prove what is missing."""
    tonight = max(row["at"] for row in billed(night))
    rows = [row for row in billed(night) if row["at"] < tonight]
    reach = f"--bill-period={FAR}"
    compare(night, write_bill(night, rows), *AGREED, reach, code=3)
    assert states(night).count("refused") == 2


def test_settling_asks_first(night: Shop) -> None:
    """Without a terminal and --yes nothing is settled."""
    bill = write_bill(night, billed(night))
    result = night.call("ledger", f"--reconcile={bill}", "--settle")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert "unknown" in states(night)


def test_settling_waits_for_no_run(night: Shop) -> None:
    """While a run has the state: exit 75, and nothing is settled."""
    bill = write_bill(night, billed(night))
    with hold(state_lock_path(night.state), msg("the state")):
        result = night.call("ledger", f"--reconcile={bill}", *AGREED)
        assert compare(night, bill, code=3)
    assert result.exit_code == 75
    assert "unknown" in states(night)


def test_a_bill_is_one_accounts(bought: Shop) -> None:
    """Without a job the state's only account is meant; of several, one must be named."""
    bill = write_bill(bought, billed(bought))
    options = (f"--state={bought.state}", f"--reconcile={bill}")
    assert bought.call_alone("ledger", *options).exit_code == 0
    bought.json("run", "--provider=simulator", "--base-url=", "--limit=1", "--output=played")
    result = bought.call_alone("ledger", *options)
    assert result.exit_code == 2
    assert "name a job" in result.stderr
