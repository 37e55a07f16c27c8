"""Proves: no catalogue, however broken, raises anything but our errors, or mixes rows.

Nor does any cell open a file outside the picture folders.
"""

from __future__ import annotations

import io
import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import yaml
from PIL import Image

import batchgen
from batchgen.clip import AccountScope, LocalPicture
from batchgen.errors import InputError
from batchgen.item import Item
from batchgen.job.schema import Job
from batchgen.plan.layout import lay_out
from batchgen.plan.planning import make_plan
from batchgen.plan.values import History, Selection
from batchgen.video_models import MODELS, PROMPT_LIMIT
from tests.catalogue.whole import WholeCatalogue, read_whole

pytestmark = pytest.mark.prove

#: Manifests of each format; together more than 10,000.
COUNTS = {
    ".csv": 3_000,
    ".tsv": 1_500,
    ".json": 2_000,
    ".jsonl": 2_000,
    ".yaml": 1_500,
    ".xlsx": 500,
}
ACCOUNT = AccountScope("simulator", "default", "simulator")
COLUMNS = ("sku", "title", "prompt", "image", "model", "size", "take", "variant", "color")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "latin-1", "utf-7", "big5")
CANARY = "CANARY-7f3a91"
BLANKS = " \t\r\n\u00a0\u3000\ufeff"
#: What the package reads of its own: profiles of vendors.
PACKAGE = Path(batchgen.__file__).resolve().parent

CELLS = (
    *("", " ", "MUG-001", "mug-001", "杯子", "6.93E+12", "00123", "no", "9:16", "12:30:00", "NULL"),
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "'=1", '=HYPERLINK("http://x","y")'),
    *('"', '""', '"a', 'a"b', "'", ",", ";", "|", "a,b;c|d", "a\nb", "a\r\nb", "\\", "\\n"),
    *("\0", "\x01", "\x1b[2J", "\x7f", "\x85", "\ufeff", "\u202e", "\u2028", "\u00a0", "\ud800"),
    *("{{ title }}", "{% for i in range(9) %}", "${x}", "{0}", "%s", "<script>", "&amp;"),
    *("&a", "*a", "!!python/object", "- x", "a: b", "? x", "[1, 2", "{a: 1", "#x", "| ", "~"),
    *("vidu2-image", "vidu2-start-end", "gpt", "1280x720", "1x1", "0", "1", "99", "100", "-5"),
    *("good.png", "inside/good.png", "broken.png", "loop.png", "link-in.png", "text.png"),
    *("link-out.png", "../canary.png", "..\\canary.png", "inside/../../canary.png", "folder-out/x"),
    *("/etc/passwd", "/dev/zero", "/proc/self/environ", "~/.ssh/id_rsa", "pipe.png", "inside"),
    *("\\\\server\\share\\a.png", "//server/a.png", "C:\\Windows\\win.ini", "file:///etc/passwd"),
    *("http://127.0.0.1/x", "http://[::1", "https://shop.example/a.jpg", "ftp://x/y", "data:,x"),
    *("x" * 600, "杯" * 600, "x" * 140_000, "good.png|good.png", "good.png, inside/good.png"),
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with good, broken and treacherous pictures, and a canary beside it."""
    top = tmp_path_factory.mktemp("fuzz")
    folder = top / "shop"
    (folder / "inside").mkdir(parents=True)
    (top / "outside").mkdir()
    picture = Image.new("RGB", (400, 300), "steelblue")
    for place in ("shop/good.png", "shop/inside/good.png", "canary.png", "outside/x"):
        picture.save(top / place, format="PNG")
    whole = (folder / "good.png").read_bytes()
    (folder / "broken.png").write_bytes(whole[: len(whole) // 2])
    (folder / "text.png").write_text(CANARY)
    (folder / "link-in.png").symlink_to("inside/good.png")
    (folder / "link-out.png").symlink_to("../canary.png")
    (folder / "folder-out").symlink_to("../outside")
    (folder / "loop.png").symlink_to("loop.png")
    os.mkfifo(folder / "pipe.png")
    return folder


@pytest.fixture(scope="module")
def opened() -> Iterator[Callable[[], set[str]]]:
    """Give what was opened since the last asking, as the interpreter itself reports it."""
    paths: set[str] = set()
    is_listening = True

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if is_listening and event == "open" and isinstance(arguments[0], str | bytes | Path):
            paths.add(os.fsdecode(arguments[0]))

    sys.addaudithook(hear)  # there is no way to take it off again

    def since_last() -> set[str]:
        said = set(paths)
        paths.clear()
        return said

    yield since_last
    is_listening = False


def rows_of(chance: random.Random) -> list[dict[str, str]]:
    """Draw a small catalogue; every row carries its own mark in each of its cells at times."""
    columns = ["sku", *chance.sample(COLUMNS[1:], chance.randint(1, 6))]
    rows = []
    for number in range(chance.randint(0, 6)):
        usual = {"sku": f"SKU-{number}", "title": f"row {number}", "image": "good.png"}
        rows.append(
            {
                name: chance.choice(CELLS)
                if chance.random() < 0.25
                else usual.get(name, f"{name} {number}")
                for name in columns
            }
        )
    return rows


def as_delimited(rows: list[dict[str, str]], separator: str, chance: random.Random) -> str:
    """Write a table, quoted well or not at all."""
    is_quoted = chance.random() < 0.6

    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if is_quoted and not text.isalnum() else text

    header = list(rows[0]) if rows else ["sku"]
    lines = [header, *([row[name] for name in header] for row in rows)]
    return chance.choice(("\n", "\r\n", "\r")).join(
        separator.join(map(cell, line)) for line in lines
    )


def as_workbook(rows: list[dict[str, str]]) -> bytes:
    """Write a workbook; texts that XML cannot hold are left out."""
    content = io.BytesIO()
    workbook = xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False})
    sheet = workbook.add_worksheet()
    for column, name in enumerate(rows[0] if rows else ["sku"]):
        sheet.write_string(0, column, name)
        for at, row in enumerate(rows, 1):
            text = "".join(sign for sign in row[name] if sign.isprintable() or sign in "\n\t")
            if at % 2 or name == "sku":
                sheet.write_string(at, column, text[:32_000])
            else:
                sheet.write(at, column, text[:200].lstrip("="))
    workbook.close()
    return content.getvalue()


def text_of(suffix: str, rows: list[dict[str, str]], chance: random.Random) -> str:
    """Write rows in a format of text."""
    if suffix in {".csv", ".tsv"}:
        return as_delimited(rows, "\t" if suffix == ".tsv" else chance.choice(",;|\t"), chance)
    if suffix == ".jsonl":
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    value: Any = {"defaults": {"color": "red"}, "items": rows} if chance.random() < 0.3 else rows
    if suffix == ".json":
        return json.dumps(value, ensure_ascii=chance.random() < 0.5)
    value = json.loads(json.dumps(value).replace("\\ud800", "?"))  # YAML has no half characters
    return yaml.dump(value, allow_unicode=True, Dumper=getattr(yaml, "CDumper", yaml.Dumper))


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Flip, cut, double or throw in some bytes."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(changed) + 1)
        deed = chance.randrange(5)
        if deed == 0:
            changed[at:at] = bytes(chance.choices(b"\"',;|\t\r\n\0\xff\xfe[]{}:&*!-", k=3))
        elif deed == 1:
            del changed[at : at + chance.randint(1, 30)]
        elif deed == 2:
            changed[at:at] = changed[max(at - 60, 0) : at]
        elif deed == 3:
            del changed[at:]
        elif changed:
            changed[at % len(changed)] = chance.randrange(256)
    return bytes(changed)


def manifests(suffix: str) -> Iterator[tuple[bytes, list[dict[str, str]] | None]]:
    """Yield contents, with their rows where these are what a careful reader must find."""
    chance = random.Random(f"manifests {suffix}")
    for _ in range(COUNTS[suffix]):
        rows = rows_of(chance)
        if suffix == ".xlsx":
            content, is_faithful = as_workbook(rows), False
        else:
            encoding = chance.choice(ENCODINGS) if chance.random() < 0.3 else "utf-8"
            text = text_of(suffix, rows, chance)
            content = text.encode(
                encoding, "backslashreplace" if chance.random() < 0.5 else "ignore"
            )
            is_utf_8 = content == text.encode("utf-8", "surrogatepass")
            is_faithful = suffix in {".json", ".jsonl"} and is_utf_8
        is_damaged = chance.random() < 0.6
        yield (
            damaged(content, chance) if is_damaged else content,
            (rows if is_faithful and not is_damaged else None),
        )


def job_of(shop: Path, name: str) -> Job:
    """Make a job that uses the title in its prompt."""
    return Job.model_validate(
        {
            "name": "fuzz",
            "manifest": {"path": name, "picture_folders": ["inside"]},
            "account": {"provider": "simulator"},
            "clip": {"prompt": "{{ title | default('it') }} turns"},
            "output": "out",
            "path": shop / "job.yaml",
        }
    )


def check_plan(job: Job, catalogue: WholeCatalogue) -> None:
    """Plan what was read; every clip must be one that the API would take."""
    layout = lay_out(job, catalogue.all_rows)
    plan = make_plan(job, layout, History(), Selection(), ACCOUNT)
    skus = {item.sku for item in catalogue.items}
    for entry in plan.clips:
        request = entry.clip.request
        assert entry.clip.key.sku in skus
        assert request.model in MODELS
        assert 0 < len(request.prompt) <= PROMPT_LIMIT
    for fault in (*plan.faults, *plan.warnings):
        assert str(fault.message)
        assert fault.code


def check_items(catalogue: WholeCatalogue, shop: Path) -> None:
    """Look at every item: a SKU, no acting characters, pictures from inside only."""
    for item in catalogue.items:
        assert item.sku == item.cells["sku"]
        assert item.sku
        assert not any(
            "\0" <= sign < "\t" or sign == "\x1b" for sign in "".join(item.cells.values())
        )
        for picture in item.pictures:
            if isinstance(picture, LocalPicture):
                assert Path(picture.path).is_relative_to(shop.resolve())
                assert Path(picture.path).name == "good.png"


def is_of(item: Item, row: dict[str, str]) -> bool:
    """Tell whether an item has this row's cells and no other; a garment's size is no clip's."""
    return all(
        item.cells.get(name, item.cells.get(f"product_{name}")) == text.strip(BLANKS)
        for name, text in row.items()
        if is_kept(text)
    )


def is_kept(text: str) -> bool:
    """Tell whether a text is read as it stands: no markup, no sign that is cleaned away."""
    return text.strip(BLANKS).isprintable() and not {"<", "&"} & {*text} and text[:1] != "'"


@pytest.mark.parametrize("suffix", COUNTS)
def test_no_manifest_raises_mixes_rows_or_opens_what_it_may_not(
    shop: Path, opened: Callable[[], set[str]], suffix: str
) -> None:
    """Thousands of broken catalogues of each format end as items, faults or an error of ours."""
    file = shop / f"catalogue{suffix}"
    job = job_of(shop, file.name)
    ends = {"read": 0, "refused": 0, "with items": 0}
    for number, (content, rows) in enumerate(manifests(suffix)):
        file.write_bytes(content)
        opened()
        try:
            catalogue = read_whole(job)
            check_plan(job, catalogue)
        except InputError:
            ends["refused"] += 1
            continue
        except BaseException as error:
            (file.with_name(f"failed-{number}{suffix}")).write_bytes(content)
            error.add_note(f"manifest {number}{suffix}: {content[:300]!r}")
            raise
        strange = {path for path in opened() if not may_open(path, shop)}
        assert not strange
        check_items(catalogue, shop)
        ends["read"] += 1
        ends["with items"] += bool(catalogue.items)
        if rows is not None:
            assert all(is_of(item, rows[item.row - 1]) for item in catalogue.items)
    assert min(ends.values()) > COUNTS[suffix] // 20


def may_open(path: str, shop: Path) -> bool:
    """Tell whether reading a catalogue has a reason to open a file: its own, or Python's."""
    if path.startswith((sys.prefix, sys.base_prefix)) or path.endswith((".py", ".pyc")):
        return True
    real = Path(path).resolve()
    if real.is_relative_to(PACKAGE) and real.suffix == ".yaml":
        return True
    return real.is_relative_to(shop.resolve()) and real.name != "pipe.png"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_well_quoted_table_comes_back_cell_by_cell(shop: Path, separator: str) -> None:
    """Whatever stands in well quoted cells, each item has exactly the cells of its own row."""
    chance = random.Random(f"quoted {separator}")
    harmless = [cell for cell in CELLS if cell.isprintable() and is_kept(cell)]
    file = shop / "quoted.csv"
    for _ in range(500):
        rows = [
            {
                "sku": f"SKU-{at}",
                "title": chance.choice(harmless),
                "color": f"{chance.choice(harmless)}",
            }
            for at in range(chance.randint(2, 6))
        ]
        lines = [list(rows[0]), *(list(row.values()) for row in rows)]
        text = "\n".join(
            separator.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines
        )
        file.write_bytes(text.encode())
        items = read_whole(job_of(shop, file.name)).items
        assert len(items) == len(rows)
        assert all(is_of(item, rows[item.row - 2]) for item in items)
