from __future__ import annotations

import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from batchgen.clip import Balance, Status
from batchgen.messages import Message
from batchgen.output.report import Heading, ReportRows, render_report, write_report
from batchgen.output.rows import ResultRow

HEADING = Heading(
    job="Spring <2026>",
    money=Balance(reserved=Decimal(0), at_risk=Decimal("1.25"), spent=Decimal("2.50")),
    currency="CNY",
    made_at=1_700_000_000.0,
)
DONE = ResultRow(
    sku="MUG-001",
    variant="main",
    status=Status.DONE,
    cost=Decimal("1.25"),
    currency="CNY",
    money="spent",
    video_url="https://files.example/clip.mp4?signature=canary",
    cover_url="https://files.example/cover.jpg?signature=canary",
    file="clips/红杯 #1/main.mp4",
    poster="clips/红杯 #1/main.jpg",
    prompt="A red mug",
)
EVIL = "<script>alert(1)</script>\"' onload=x"
FAILED = ResultRow(
    sku=EVIL, variant=EVIL, status=Status.FAILED, prompt=EVIL, images=EVIL, error=EVIL, task_id=EVIL
)


def noted(*rows: ResultRow, limit: int = 100) -> ReportRows:
    """Let rows pass by."""
    noting = ReportRows(limit)
    assert list(noting.noting(rows)) == list(rows)
    return noting


def drawn(*rows: ResultRow) -> str:
    """Draw the page of some rows."""
    return render_report(noted(*rows), HEADING)


class Page(HTMLParser):
    """Collects tags and text; checks that every opened tag is closed."""

    VOID = frozenset({"meta", "link", "br"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost tag, which must be this one."""
        assert self.open.pop() == tag

    def values(self, tag: str, name: str) -> list[str | None]:
        """List an attribute of all tags of a kind."""
        return [attrs.get(name) for kind, attrs in self.tags if kind == tag]


def test_the_page_is_whole_html() -> None:
    """Every tag is closed, and the language is named."""
    page = Page(drawn(DONE, FAILED))
    assert page.open == []
    assert page.values("html", "lang") == ["en"]


def test_the_page_shows_figures_of_clips_and_money() -> None:
    """Clips by status and the three sums of money stand on top; invalid rows are no clips."""
    invalid = ResultRow(sku="", status=Status.INVALID)
    page = drawn(DONE, FAILED, invalid)
    figures = re.findall(r"<dt>(.*?)</dt><dd class=\"\w+\">(.*?)</dd>", page)
    assert figures == [
        ("clips", "2"),
        ("done", "1"),
        ("failed", "1"),
        ("uncertain", "0"),
        ("invalid", "1"),
        ("spent", "¥2.50"),
        ("at risk", "¥1.25"),
        ("reserved", "¥0.00"),
    ]


def test_what_needs_a_person_comes_first() -> None:
    """Failed and uncertain clips stand before the others, each group in plan order."""
    statuses = [Status.DONE, Status.PLANNED, Status.UNCERTAIN, Status.FAILED]
    rows = [ResultRow(sku=f"S-{status}", status=status) for status in statuses]
    shown = re.findall(r"<bdi>S-(\w+)</bdi>", drawn(*rows))
    assert shown == ["failed", "uncertain", "done", "planned"]


def test_a_page_of_very_many_clips_shows_the_first() -> None:
    """It says that it does, and where the others are; the figures count all of them."""
    rows = [ResultRow(sku=f"S-{n}", status=Status.DONE) for n in range(9)]
    failed = ResultRow(sku="S-x", status=Status.FAILED)
    page = render_report(noted(*rows, failed, limit=3), HEADING)
    assert re.findall(r"<bdi>S-(\w+)</bdi>", page) == ["x", "0", "1"]
    assert "The first 3 of 10 rows are shown here; results.csv has them all." in page
    assert '<dd class="done">9</dd>' in page
    assert "are shown here" not in drawn(*rows)


def test_clips_are_linked_relatively() -> None:
    """Film and poster are relative, quoted links, and nothing loads before it is played."""
    page = Page(drawn(DONE))
    ((_, video),) = [tag for tag in page.tags if tag[0] == "video"]
    assert video["src"] == "clips/%E7%BA%A2%E6%9D%AF%20%231/main.mp4"
    assert video["poster"] == "clips/%E7%BA%A2%E6%9D%AF%20%231/main.jpg"
    assert video["preload"] == "none"


def test_the_page_holds_no_signed_link_and_no_address() -> None:
    """Whoever gets the page gets no way to the provider's files."""
    page = drawn(DONE)
    assert "canary" not in page
    assert "://" not in page


def test_hostile_text_stays_text() -> None:
    """Nothing from a manifest or the API becomes markup."""
    page = Page(drawn(FAILED))
    assert "script" not in {tag for tag, _ in page.tags}
    assert not any("onload" in attrs for _, attrs in page.tags)
    assert Page(drawn()).open == []


def test_the_policy_names_the_style_and_nothing_else() -> None:
    """The content policy allows the page's own style by its hash, and files beside it."""
    (policy,) = [v for v in Page(drawn(DONE)).values("meta", "content") if v and "src" in v]
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/=]{44}'", policy)
    assert "unsafe" not in policy


def test_labels_are_said_in_the_readers_language() -> None:
    """Every label goes through `say`."""

    def shout(message: Message) -> str:
        return str(message).upper()

    page = render_report(noted(DONE), HEADING, shout)
    assert "<dt>AT RISK</dt>" in page
    assert ">DONE</span>" in page


@pytest.mark.parametrize("job", ["plain", "lone \ud800 surrogate"])
def test_the_page_is_written_into_the_folder(tmp_path: Path, job: str) -> None:
    """The file stands whole under its name, whatever the texts hold."""
    heading = Heading(job, HEADING.money, "USD", 0.0, "zh-CN")
    path = write_report(tmp_path, noted(DONE), heading)
    assert path == tmp_path / "report.html"
    assert "$2.50" in path.read_text(encoding="utf-8")
