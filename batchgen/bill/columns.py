"""Finds out which column of a bill means what, by the names that bills give them. Pure.

The columns of the providers' exports are not documented: the names are those that bills of
Chinese and international clouds use. What is not recognised can be said.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from batchgen.errors import InputError
from batchgen.messages import Message, msg

#: What is known -> names of its column, simplified by `_simplified`, the most telling first.
#: Of several amounts, what has to be paid comes before what is listed.
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "task_id": (
        "taskid",
        "任务id",
        "任务编号",
        "任务号",
        "异步任务id",
        "生成任务id",
        "task",
        "任务",
    ),
    "request_id": (
        "requestid",
        "clientrequestid",
        "reqid",
        "请求id",
        "请求编号",
        "请求号",
        "客户端请求id",
    ),
    "price": (
        "amountdue",
        "payableamount",
        "应付金额",
        "应付",
        "实际扣费",
        "扣费金额",
        "消费金额",
        "结算金额",
        "实付金额",
        "实际费用",
        "金额",
        "费用",
        "扣费",
        "amount",
        "charge",
        "charged",
        "cost",
        "totalcost",
        "fee",
        "price",
        "价格",
    ),
    "at": (
        "at",
        "time",
        "消费时间",
        "扣费时间",
        "扣款时间",
        "计费时间",
        "调用时间",
        "使用时间",
        "请求时间",
        "提交时间",
        "创建时间",
        "开始时间",
        "交易时间",
        "支付时间",
        "发生时间",
        "完成时间",
        "结束时间",
        "时间",
        "账单时间",
        "入账时间",
        "出账时间",
        "createdat",
        "createtime",
        "createdtime",
        "creationtime",
        "requesttime",
        "starttime",
        "usagetime",
        "chargetime",
        "chargedat",
        "transactiontime",
        "endtime",
        "billingtime",
        "timestamp",
        "datetime",
        "date",
        "日期",
        "消费日期",
        "交易日期",
        "账单日期",
        "账期",
    ),
    "model": (
        "model",
        "modelname",
        "modelcode",
        "模型",
        "模型名称",
        "模型编码",
        "模型id",
        "产品名称",
        "product",
        "productname",
    ),
    "currency": ("currency", "currencyunit", "币种", "货币", "结算币种"),
}
#: What a column of a bill can mean.
NAMES = tuple(_ALIASES)


def recognise(headers: Sequence[str], said: Mapping[str, str]) -> dict[str, str]:
    """Give name -> header: as it was `said`, else by the names that bills use.

    Raises:
        InputError: a header that was said is not there, or there is no amount or no id.
    """
    known = {_simplified(header): header for header in reversed(headers) if header}
    found = {name: _header(known, name, header) for name, header in said.items()}
    taken = set(found.values())
    for name, aliases in _ALIASES.items():
        header = next((known[alias] for alias in aliases if alias in known), None)
        if name not in found and header is not None and header not in taken:
            found[name] = header
    if "price" not in found:
        raise _missing(msg("no column with the amounts"), "price", headers)
    if "task_id" not in found and "request_id" not in found:
        problem = _missing(msg("no column with task ids or request ids"), "task_id", headers)
        raise InputError(
            msg(
                "{problem}. One that only sums up days or months cannot be compared: download the"
                " one with details (明细账单)",
                problem=problem.message,
            )
        )
    return {name: found[name] for name in NAMES if name in found}


def _header(known: Mapping[str, str], name: str, said: str) -> str:
    header = known.get(_simplified(said))
    if header is None:
        raise InputError(
            msg(
                "--bill-columns {name}: the bill has no column {header}; it has: {columns}",
                name=name,
                header=said,
                columns=", ".join(reversed([*known.values()])),
            )
        )
    return header


def _missing(what: Message, name: str, headers: Sequence[str]) -> InputError:
    return InputError(
        msg(
            "the bill has {what} that is recognised; its first row has: {columns}."
            " Name it: --bill-columns {name}=HEADER",
            what=what,
            columns=", ".join(filter(None, headers)),
            name=name,
        )
    )


def _simplified(header: str) -> str:
    """Leave out what headers differ by: case, blanks, signs, full width, a unit in brackets."""
    text = unicodedata.normalize("NFKC", header).casefold()
    return re.sub(r"[\s_\-:.]", "", re.sub(r"[(\[].*", "", text)) or text
