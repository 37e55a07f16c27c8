"""Keeps `batchgen/locale/zh_CN.po` in step with the messages of the code.

`python -m tests.translations` writes the file again: new sentences come in without a translation,
old ones go. `test_language.py` fails until each sentence has one.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

import batchgen
from batchgen.job.text_yaml import parse_text_yaml

PACKAGE = Path(batchgen.__file__).parent
_VENDORS = PACKAGE / "catalogue" / "profiles" / "vendors"
CHINESE = PACKAGE / "locale" / "zh_CN.po"

_HEADER = rb"""# Chinese (Simplified) messages of batchgen.
# After a change of messages: `make messages`, then fill in what is empty here.
msgid ""
msgstr ""
"Project-Id-Version: batchgen\n"
"Language: zh_CN\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=1; plural=0;\n"

"""


def calls_of_msg() -> Iterator[tuple[str, ast.Call]]:
    """Find every call of `msg` in the package, with the name of its file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "msg":
                yield path.relative_to(PACKAGE).as_posix(), node


def literal(call: ast.Call) -> str | None:
    """Give the sentence of a call of `msg`, or None when it is no literal."""
    values = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    return values[0] if values and isinstance(values[0], str) else None


def titles() -> Iterator[tuple[str, str]]:
    """Find the title of every vendor's profile, with the name of its file."""
    for path in sorted(_VENDORS.glob("*.yaml")):
        profile = parse_text_yaml(path.read_text(encoding="utf-8")).value
        if isinstance(profile, dict):
            yield path.relative_to(PACKAGE).as_posix(), str(profile["title"])


def fields(text: str) -> set[str]:
    """Name the `{fields}` of a sentence."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def chinese() -> Catalog:
    """Read the catalogue as it stands."""
    if not CHINESE.exists():
        return Catalog(locale="zh_CN")
    with CHINESE.open("rb") as file:
        return read_po(file, locale="zh_CN", abort_invalid=True)


def in_step() -> bytes:
    """Give the file as it must be: every sentence of the code, and none besides."""
    sentences = Catalog()
    for file, call in calls_of_msg():
        text = literal(call)
        if text is not None:
            sentences.add(text, locations=[(file, call.lineno)])
    for file, title in titles():
        sentences.add(title, locations=[(file, 1)])
    catalogue = chinese()
    catalogue.update(sentences, no_fuzzy_matching=True)
    written = BytesIO(_HEADER)
    written.seek(0, 2)
    write_po(
        written,
        catalogue,
        width=100,
        omit_header=True,
        sort_by_file=True,
        ignore_obsolete=True,
        include_lineno=False,
    )
    return written.getvalue()


def untranslated() -> list[str]:
    """List the sentences without a translation that may be shown."""
    return [str(entry.id) for entry in chinese() if entry.id and (not entry.string or entry.fuzzy)]


if __name__ == "__main__":
    CHINESE.write_bytes(in_step())
    sys.exit("\n".join(["no translation yet:", *untranslated()]) if untranslated() else 0)
