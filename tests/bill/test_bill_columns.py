"""Which column of a bill means what."""

from __future__ import annotations

import pytest

from batchgen.bill.columns import recognise
from batchgen.errors import InputError


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        pytest.param(
            ["task_id", "request_id", "model", "price", "currency", "at"],
            {
                "task_id": "task_id",
                "request_id": "request_id",
                "price": "price",
                "at": "at",
                "model": "model",
                "currency": "currency",
            },
            id="the simulator's",
        ),
        pytest.param(
            ["任务ID", "模型名称", "原价", "应付金额(元)", "消费时间", "币种"],
            {
                "task_id": "任务ID",
                "price": "应付金额(元)",
                "at": "消费时间",
                "model": "模型名称",
                "currency": "币种",
            },
            id="Chinese",
        ),
        pytest.param(
            ["Request ID", "Amount", "Created-At"],
            {"request_id": "Request ID", "price": "Amount", "at": "Created-At"},
            id="English, other signs and case",
        ),
        pytest.param(
            ["任务ＩＤ", "金额（元）"],
            {"task_id": "任务ＩＤ", "price": "金额（元）"},
            id="full width",
        ),
    ],
)
def test_columns_are_recognised(headers: list[str], found: dict[str, str]) -> None:
    """Every column that the names tell, and no other."""
    assert recognise(headers, {}) == found


def test_what_has_to_be_paid_comes_before_what_is_listed() -> None:
    """Of several amounts the one due is taken, wherever it stands."""
    assert recognise(["id", "price", "task id", "amount due"], {})["price"] == "amount due"


@pytest.mark.parametrize("header", ["出账时间", "账期", "开始时间", "扣款时间", "Usage Time"])
def test_times_have_many_names(header: str) -> None:
    """Whatever a bill calls the moment of a charge."""
    assert recognise(["task id", "amount", header], {})["at"] == header


def test_a_time_of_the_call_comes_before_that_of_the_bill() -> None:
    """The period of a bill is the last thing to tell a time by."""
    assert recognise(["账期", "出账时间", "task id", "amount", "调用时间"], {})["at"] == "调用时间"


def test_a_column_that_was_said_wins() -> None:
    """Names said are taken as they are, and what they took means nothing else."""
    found = recognise(["task", "amount", "cost"], {"price": "COST", "request_id": "task"})
    assert found == {"request_id": "task", "price": "cost"}


@pytest.mark.parametrize(
    ("headers", "said", "told"),
    [
        pytest.param(["task_id", "sum"], {}, "--bill-columns price=HEADER", id="no amount"),
        pytest.param(["day", "price"], {}, "--bill-columns task_id=HEADER", id="no id"),
        pytest.param(["day", "price"], {}, "明细账单", id="sums of days"),
        pytest.param(["task", "price"], {"at": "when"}, "task, price", id="not there"),
    ],
)
def test_a_bill_without_its_columns_is_refused(
    headers: list[str], said: dict[str, str], told: str
) -> None:
    """Amounts and one kind of ids are needed; the message says what there is and what to do."""
    with pytest.raises(InputError, match=told):
        recognise(headers, said)
