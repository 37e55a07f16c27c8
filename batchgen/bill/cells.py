"""Reads single cells of a bill: amounts, currencies, times and ids, as people and Excel write them.

Pure. What cannot be read for certain is refused, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal

#: How currencies are written, in lower case and half width.
_CURRENCIES: Mapping[str, str] = {
    "cny": "CNY",
    "rmb": "CNY",
    "人民币": "CNY",
    "元": "CNY",
    "¥": "CNY",
    "usd": "USD",
    "us$": "USD",
    "$": "USD",
    "美元": "USD",
}
_SIGN = "|".join(map(re.escape, _CURRENCIES))
#: `1234.5`, `1,234.50`, `1.2E-05`.
_AMOUNT = re.compile(
    rf"(?P<minus>-)?\+?(?P<before>{_SIGN})?(?P<minus2>-)?"
    r"(?P<number>(\d{1,3}(,\d{3}){1,3}|\d{1,12})(\.\d+)?(e-\d{1,2})?)"
    rf"(?P<after>{_SIGN})?"
)
#: Digits of one amount: so that a sum of many is still exact.
_DIGITS = 18
#: A day, and perhaps a time of it with perhaps a zone; months and hours may have one digit.
_TIME = re.compile(
    r"(?P<day>20\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2}|20\d{6})日?"
    r"([T\s]+(?P<clock>\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?))?"
    r"\s*(?P<zone>Z|UTC|(UTC|GMT)?[-+]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
#: Year, month and day of such a day.
_DAY = re.compile(r"^\d{4}|\d{1,2}")
#: A whole month, or a span of days: a billing period.
_SPAN = re.compile(r"20\d{2}([-/.年]\d{1,2}月?|\d{2})|20\d{2}.*(\s-\s|[~至]).*")
#: Seconds or milliseconds since the epoch, in this century.
_EPOCH = re.compile(r"(\d{10})(\d{3})?")
#: What an export puts around a number so that Excel keeps all its digits.
_ID_GUARDS = "'`\"=\t "
_NO_ID = frozenset({"", "-", "--", "/", "无", "null", "none", "n/a"})
_SCIENTIFIC = re.compile(r"\d+([.,]\d+)?[Ee]\+\d+")


def read_amount(text: str) -> tuple[Decimal, str | None]:
    """Give an amount, and the currency that stands beside it, if any.

    Raises:
        ValueError: it is no amount, or one that could be read in two ways (`1,25`).
    """
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text).casefold()).replace("\u2212", "-")
    is_refund = plain.startswith("(") and plain.endswith(")")
    match = _AMOUNT.fullmatch(plain[1:-1] if is_refund else plain)
    if match is None:
        message = f"no amount: {text}"
        raise ValueError(message)
    amount = Decimal(match["number"].replace(",", ""))
    if len(amount.as_tuple().digits) > _DIGITS or amount.adjusted() < -_DIGITS:
        message = f"more digits than money has: {text}"
        raise ValueError(message)
    sign = match["before"] or match["after"]
    is_negative = is_refund or bool(match["minus"] or match["minus2"])
    return -amount if is_negative else amount, None if sign is None else _CURRENCIES[sign]


def read_currency(text: str) -> str:
    """Give the code of a currency, or the text itself when it is not known here."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return _CURRENCIES.get(plain.casefold(), plain.upper())


def read_time(text: str, zone: tzinfo) -> float | None:
    """Give UTC seconds; a time that names no zone is one of `zone`, a day alone its beginning.

    A month or a span of days tells no moment: None.

    Raises:
        ValueError: it is no time.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if epoch := _EPOCH.fullmatch(plain):
        return int(epoch[1]) + int(epoch[2] or 0) / 1000
    if _SPAN.fullmatch(plain):
        return None
    match = _TIME.fullmatch(plain)
    if match is None:
        message = f"no time: {text}"
        raise ValueError(message)
    year, month, day = _DAY.findall(match["day"])
    hour, minute, second = [*(match["clock"] or "0").split(":"), "0", "0"][:3]
    start = datetime(int(year), int(month), int(day), tzinfo=_zone(match["zone"], zone))
    moment = start.replace(hour=int(hour), minute=int(minute))
    return moment.timestamp() + float(second)


def write_time(at: float, zone: tzinfo) -> str:
    """Write UTC seconds as most bills do: `2026-11-23 14:05:00`, in a zone that is not named."""
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M:%S}"


def looks_like_time(text: str) -> bool:
    """Tell whether a cell is surely a day or a time; figures alone may be anything else."""
    try:
        return not text.strip().isdecimal() and read_time(text, UTC) is not None
    except ValueError:
        return False


def read_id(text: str) -> str | None:
    """Give an id without what keeps Excel from rounding it; None when there is none.

    Raises:
        ValueError: Excel rounded it already.
    """
    plain = text.strip(_ID_GUARDS)
    if _SCIENTIFIC.fullmatch(plain):
        message = f"digits lost: {text}"
        raise ValueError(message)
    return None if plain.casefold() in _NO_ID else plain


def _zone(text: str | None, default: tzinfo) -> tzinfo:
    """Read `Z`, `UTC`, `+0800`, `GMT+08:00`."""
    if not text:
        return default
    digits = re.sub(r"\D", "", text)
    offset = timedelta(hours=int(digits[:2] or 0), minutes=int(digits[2:] or 0))
    return timezone(-offset if "-" in text else offset)
