"""Number formats that show more than the number: `00000`, `"SKU-"0000`, `00-000`, `0.0%`. Pure.

A format of zeros alone is how spreadsheets keep the leading zeros of a code that is stored as a
number. Formats of dates are the reader's work; those of money change no digit that matters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.etree.ElementTree import Element

from batchgen.catalogue.formats.workbook.behind.package import inside

#: Formats that need no code in the file: number -> code (ECMA-376 part 1, 18.8.30).
BUILT_IN = {"9": "0%", "10": "0.00%"}
#: Quoted or escaped text, a colour or language, padding, a zero, a sign that stands for itself,
#: and what makes the format another one.
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)'
    r"|(?P<nothing>\[(?:\$-[0-9A-Fa-f]+|(?i:black|blue|cyan|green|magenta|red|white|yellow))\]|_.|\*.)"
    r"|(?P<zero>0)|(?P<sign>[-+() &])|(?P<other>.)",
    re.DOTALL,
)
_QUOTED = re.compile(r'"[^"]*"|\\.')
#: Numbers from here on have lost digits: spreadsheets keep 15 of them.
EXACT_LIMIT = 10**15
_FEWEST_ZEROS = 2


@dataclass(frozen=True, slots=True)
class ShownFormat:
    """How a number is shown; either parts, or percent."""

    #: Texts, and `None` where a digit goes.
    parts: tuple[str | None, ...]
    is_percent: bool = False

    def show(self, number: float) -> str | None:
        """Give the text that the sheet shows; None where the bare number says as much."""
        if self.is_percent:
            return f"{_plain(Decimal(f'{number:.15g}') * 100)}%"
        if number < 0 or number >= EXACT_LIMIT or number != int(number):
            return None
        digits = str(int(number)).zfill(places := self.parts.count(None))
        return digits if places == len(self.parts) else self._filled(digits)

    def _filled(self, digits: str) -> str:
        """Put digits where they go, from the right; those too many stand at the first place."""
        spare = len(digits) - self.parts.count(None)
        rest = iter(digits)
        shown = []
        for part in self.parts:
            if part is None:
                shown.append("".join(next(rest) for _ in range(spare + 1)))
                spare = 0
            else:
                shown.append(part)
        return "".join(shown)


def shown_format(code: str) -> ShownFormat | None:
    """Read the code of a number format; None for one that shows no more than the number."""
    if "%" in _QUOTED.sub("", code.partition(";")[0]):
        return ShownFormat((), is_percent=True)
    parts: list[str | None] = []
    for token in _TOKEN.finditer(_first_section(code)):
        if token["other"]:
            return None
        if token["zero"]:
            parts.append(None)
        elif not token["nothing"]:
            parts.append(token["quoted"] or token["escaped"] or token["sign"] or "")
    return ShownFormat(tuple(parts)) if shows_more(parts) else None


def _first_section(code: str) -> str:
    """Give what comes before the first semicolon outside of quotes: the format above zero."""
    return re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', code, maxsplit=1)[0]


def shows_more(parts: Sequence[str | None]) -> bool:
    """Tell whether there are leading zeros to show, or letters right before the only digit."""
    if parts.count(None) != 1:
        return parts.count(None) >= _FEWEST_ZEROS
    before = "".join(part or "" for part in parts[: parts.index(None)])
    return any(sign.isalpha() for sign in before) and before[-1] in "-_"


def shown_formats(styles: Element) -> Mapping[str, ShownFormat]:
    """Give the style number of a cell -> its format, of `styles.xml`, where it shows more."""
    codes = dict(BUILT_IN)
    for entry in inside(styles, "numFmt"):
        codes[entry.get("numFmtId", "")] = entry.get("formatCode", "")
    known = {number: shown_format(code) for number, code in codes.items()}
    found: dict[str, ShownFormat] = {}
    for cells in inside(styles, "cellXfs"):
        for at, style in enumerate(cells):
            shown = known.get(style.get("numFmtId", ""))
            if shown is not None:
                found[str(at)] = shown
    return found


def plain_number(number: float) -> str:
    """Write a number as a spreadsheet shows it without format: 15 digits, no exponent."""
    if number.is_integer():
        return str(int(number))
    return _plain(Decimal(f"{number:.15g}"))


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
