"""The README is true: its commands do what it shows, its files work, its help is the help."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from batchgen.cli import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: The faults that the README's evening has: the same ones for every seed-1 simulator.
_FAULTS = "unsafe=0.05,fail=0.08"
_KEY = {"BATCHGEN_API_KEY": "made-up.key-of-the-readme"}


def blocks(kind: str) -> list[str]:
    """Give the README's fenced blocks of one kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def shown_commands() -> list[tuple[list[str], str]]:
    """Give each `$ batchgen ...` of the README with the output shown below it."""
    shown = []
    for block in blocks("console"):
        command, output = block.split("\n", 1)
        shown.append((command.removeprefix("$ batchgen ").split(), output))
    return shown


def pattern_of(output: str) -> re.Pattern[str]:
    """Turn shown output into a pattern: `...` stands for anything, seconds may differ."""
    text = re.escape(output).replace(re.escape("..."), ".*")
    return re.compile(re.sub(r"\d+(\\ )s\b", r"[0-9.]+ s", text), re.DOTALL)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a reader has: the sample data and the jobs."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "jobs", folder / "jobs", ignore=shutil.ignore_patterns(".*"))
    shutil.copytree(ROOT / "sample_data", folder / "sample_data")
    return folder


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """The simulator in the place of the real API, with the README's faults."""
    command = [sys.executable, "-m", "batchgen", "simulate", "--port", "0", "--tier", "V1"]
    with subprocess.Popen(
        [*command, "--speed", "120", "--faults", _FAULTS], stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["base_url"]
        server.terminate()


def batchgen(shop: Path, arguments: list[str], environ: dict[str, str]) -> str:
    """Run a command in the reader's folder; give what the terminal would show."""
    inherited = {name: value for name, value in os.environ.items() if "BATCHGEN" not in name}
    ended = subprocess.run(
        [sys.executable, "-m", "batchgen", *arguments],
        cwd=shop,
        env=inherited | {"HOME": str(shop), "BATCHGEN_LANG": "en", "COLUMNS": "80"} | environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return ended.stdout


def test_a_first_purchase_goes_as_the_readme_shows(shop: Path, api: str) -> None:
    """The commands of the README, one after another, print what stands below them."""
    commands = shown_commands()
    assert [arguments[0] for arguments, _ in commands] == ["init", "plan", "run", "run", "status"]
    for arguments, shown in commands:
        # A catalogue is read, and the price looked up, without a key and without an address.
        environ = {} if arguments[0] in {"init", "plan"} else _KEY | {"BATCHGEN_BASE_URL": api}
        said = batchgen(shop, arguments, environ)
        assert pattern_of(shown).fullmatch(said), said


def test_the_smallest_job_works_as_it_stands(tmp_path: Path) -> None:
    """The README's job and catalogue, copied into two files, can be planned."""
    (job,) = (block for block in blocks("yaml") if block.startswith("name:"))
    (catalogue,) = blocks("csv")
    (tmp_path / "my-shop.yaml").write_text(job, encoding="utf-8")
    (tmp_path / "my-shop.csv").write_text(catalogue, encoding="utf-8")
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (320, 240), "steelblue").save(tmp_path / "pictures" / "mug.jpg")
    said = batchgen(tmp_path, ["plan", "my-shop.yaml"], {})
    assert said.startswith("clips to buy: 2, for 2.50 CNY\n"), said
    assert "MUG-001 / main: Blue ceramic mug turns slowly on a white table" in said


def test_the_matrix_of_the_readme_stands_in_a_job(tmp_path: Path) -> None:
    """The shown matrix, exclusion included, makes three clips of every product."""
    (matrix,) = (block for block in blocks("yaml") if block.startswith("matrix:"))
    (tmp_path / "shop.csv").write_text("sku,title,image\nA,Cup,https://shop.example/a.jpg\n")
    job = "name: ads\nmanifest: {path: shop.csv}\noutput: out\n" + matrix
    (tmp_path / "ads.yaml").write_text(job, encoding="utf-8")
    said = batchgen(tmp_path, ["plan", "ads.yaml", "--json"], {})
    assert json.loads(said)["clips"] == 3


def test_the_help_of_the_readme_is_the_help(tmp_path: Path) -> None:
    """The block of commands is what `batchgen --help` prints on 80 columns."""
    said = batchgen(tmp_path, ["--help"], {})
    assert said.strip() in [block.strip() for block in blocks("text")]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_a_word_in_the_readme(name: str, tmp_path: Path) -> None:
    """No command is hidden, and each explains itself."""
    assert f"batchgen {name}" in README
    assert "Usage: batchgen" in batchgen(tmp_path, [name, "--help"], {})


@pytest.mark.parametrize("target", re.findall(r"\]\(#([^)]+)\)", README))
def test_links_inside_the_readme_lead_somewhere(target: str) -> None:
    """Each link names a heading."""
    headings = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    anchors = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert target in anchors


def test_the_two_commands_of_a_fresh_clone_are_in_the_makefile() -> None:
    """`make demo` and `make test`, which the README names, exist; so do the others."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`?make ([a-z-]+)", README):
        assert f"\n{target}: " in makefile
