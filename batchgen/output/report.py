"""Draw report.html: one page that works from disk, offline, with nothing but relative links.

The page holds no script, no signed link and no key; its policy forbids every request but those for
the clips and posters beside it. Knows result rows and sums of money only.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from batchgen.clip import Balance, MoneyPlace, Status
from batchgen.messages import Message, Say, msg
from batchgen.output.disk import write_whole
from batchgen.output.rows import ResultRow, iso_time
from batchgen.plan.values import plain
from batchgen.words import MONEY_WORDS, STATUS_WORDS

REPORT_FILE = "report.html"

#: Clips on the page; more would make it slow to open.
SHOWN = 5_000

_ALWAYS_SHOWN = (Status.DONE, Status.FAILED, Status.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the clips."""

    job: str
    #: Money of the job over all its purchases, in `currency`.
    money: Balance
    currency: str
    #: UTC seconds.
    made_at: float
    #: `en` or `zh-CN`: the language that `say` speaks.
    language: str = "en"


@dataclass(frozen=True, slots=True)
class _Figure:
    word: str
    value: str
    #: For the colour: a status, or a place of money.
    kind: str


@dataclass(slots=True)
class ReportRows:
    """The rows of a page, taken from a stream: all are counted, those that come first are kept."""

    #: Rows that are kept.
    limit: int = SHOWN
    counts: Counter[Status] = field(default_factory=Counter)
    _kept: dict[Status, list[ResultRow]] = field(default_factory=dict)

    def noting(self, rows: Iterable[ResultRow]) -> Iterator[ResultRow]:
        """Pass rows on to somebody else, taking note of each."""
        for row in rows:
            self.counts[row.status] += 1
            kept = self._kept.setdefault(row.status, [])
            if len(kept) < self.limit:
                kept.append(row)
            yield row

    @property
    def first(self) -> list[ResultRow]:
        """The rows that are shown: what needs attention first, each status in plan order."""
        by_need = (self._kept.get(status, ()) for status in STATUS_WORDS)
        return list(islice(chain.from_iterable(by_need), self.limit))


def write_report(root: Path, rows: ReportRows, heading: Heading, say: Say = str) -> Path:
    """Write the page into the output folder and give its path; blocks."""
    path = root / REPORT_FILE
    page = render_report(rows, heading, say)
    write_whole(path, page.encode("utf-8", "replace"))
    return path


def render_report(rows: ReportRows, heading: Heading, say: Say = str) -> str:
    """Draw the page; `say` words its labels in the reader's language."""
    shown, total = rows.first, rows.counts.total()
    templates = Environment(
        loader=PackageLoader("batchgen.output"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["link"] = _link
    style = templates.get_template("report.css").render()
    return templates.get_template("report.html.j2").render(
        heading=heading,
        made_at=iso_time(heading.made_at),
        figures=_figures(rows.counts, heading, say),
        rows=shown,
        shortage=say(_shortage(len(shown), total)) if len(shown) < total else None,
        status_words={status: say(word) for status, word in STATUS_WORDS.items()},
        money_words={
            "none": say(msg("not sent")),
            **{place.value: say(word) for place, word in MONEY_WORDS.items()},
        },
        words={name: say(word) for name, word in _words().items()},
        style=style,
        style_hash=_policy_hash(style),
    )


def _words() -> dict[str, Message]:
    return {
        "title": msg("Product videos"),
        "made": msg("as of"),
        "prompt": msg("prompt"),
        "empty": msg("The plan has no clips."),
        "first": msg("What needs attention comes first."),
        "pictures": msg("pictures"),
        "task": msg("task"),
        "no_file": msg("no file here"),
        "take": msg("take"),
        "finished": msg("second file"),
    }


def _shortage(shown: int, total: int) -> Message:
    return msg(
        "The first {shown} of {total} rows are shown here; results.csv has them all.",
        shown=shown,
        total=total,
    )


def _figures(counts: Counter[Status], heading: Heading, say: Say) -> list[_Figure]:
    """Tell the clips by status (invalid rows are no clips) and the three sums of money."""
    clips = counts.total() - counts[Status.INVALID]
    shown = dict.fromkeys((*_ALWAYS_SHOWN, *(s for s in STATUS_WORDS if counts[s])))
    money = heading.money
    sums = {
        MoneyPlace.SPENT: money.spent,
        MoneyPlace.AT_RISK: money.at_risk,
        MoneyPlace.RESERVED: money.reserved,
    }
    return [
        _Figure(say(msg("clips")), str(clips), "clips"),
        *(_Figure(say(STATUS_WORDS[s]), str(counts[s]), s.value) for s in shown),
        *(
            _Figure(say(MONEY_WORDS[place]), _price(amount, heading.currency), place.value)
            for place, amount in sums.items()
        ),
    ]


def _price(amount: Decimal, currency: str) -> str:
    sign = {"CNY": "¥", "USD": "$"}.get(currency, f"{currency} ")
    return f"{sign}{plain(amount)}"


def _link(path: str) -> str:
    """Write a relative path as a link; a colon is quoted, so it can never name a scheme."""
    return quote(path, safe="/")


def _policy_hash(style: str) -> str:
    """Name the page's one style block in its content policy."""
    digest = hashlib.sha256(style.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
