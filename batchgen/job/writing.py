"""Writes a job file for a catalogue that was just looked at, with every choice explained beside it.

What it writes is what `job.loading` reads. Knows no catalogue: it is told what was found. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from batchgen.job.schema import Manifest
from batchgen.messages import Message, msg, visible

#: Texts that YAML takes as they stand.
_PLAIN = re.compile(r"[\w./~][\w./~ -]*(?<! )")
#: Characters of a line of comment.
_WIDTH = 100
_SHOWN = 40

Say = Callable[[Message], str]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a new job file says, and what its comments tell."""

    name: str
    #: Paths in it are relative to the job file.
    manifest: Manifest
    #: What the catalogue was recognised as, and why.
    facts: Sequence[Message]
    #: batchgen's name of a column -> headers of the file, that looked at first in front.
    columns: Mapping[str, Sequence[str]]
    #: Column that a template may name -> one of its values.
    for_template: Mapping[str, str]
    model: str
    price: Decimal
    prompt: str
    output: str
    #: Rows with faults.
    faulty: int = 0
    #: Rows of variants instead of products, where that differs.
    variants: int | None = None
    #: Column that says what is on sale -> its values.
    states: Mapping[str, Sequence[str]] = field(default_factory=dict)


def job_text(draft: Draft, say: Say) -> str:
    """Write the job file; comments are worded by `say`."""
    parts = ((0, _head(draft)), (2, _manifest(draft)), (2, _account()), (2, _clip(draft)))
    lines: list[str] = []
    for indent, part in (*parts, (0, _rest(draft))):
        for line in part:
            if isinstance(line, str):
                lines.append(visible(line))  # in quotes, YAML reads the escapes back
            else:
                lines.extend(_commented(visible(say(line)), indent))
        lines.append("")
    return "\n".join(lines)


def _head(draft: Draft) -> Iterator[str | Message]:
    yield msg("What is bought, of which catalogue, and for how much at most.")
    yield f"name: {_quoted(draft.name)}"


def _manifest(draft: Draft) -> Iterator[str | Message]:
    said = draft.manifest
    yield "manifest:"
    if len(said.path) == 1:
        yield f"  path: {_quoted(said.path[0])}"
    else:
        yield "  path:"
        yield from (f"    - {_quoted(path)}" for path in said.path)
    yield from draft.facts
    yield f"  profile: {_quoted(said.profile)}"
    for key in ("encoding", "sheet", "picture_base"):
        value = getattr(said, key)
        if value not in {None, "auto"}:
            yield f"  {key}: {_quoted(value)}"
    if said.picture_folders:
        yield f"  picture_folders: [{', '.join(map(_quoted, said.picture_folders))}]"
    yield from _columns(draft)
    if draft.variants is not None:
        yield msg(
            "`product`: one clip for each product; `variant`: one for each variant, {count} rows.",
            count=draft.variants,
        )
        yield f"  per: {said.per}"
    yield from _selected(draft)


def _columns(draft: Draft) -> Iterator[str | Message]:
    yield msg("What batchgen calls a column, and the header it is taken from. To take another:")
    named = draft.manifest.columns
    yield "  columns:" if named else "  # columns:"
    for name, headers in draft.columns.items():
        sign = "" if name in named else "# "
        yield f"  {sign}  {name}: {', '.join(map(_quoted, headers))}"


def _selected(draft: Draft) -> Iterator[str | Message]:
    yield msg("Only rows that have these values; the first of an order is bought first.")
    for column, values in draft.states.items():
        yield f"  # where: {{{_quoted(column)}: [{', '.join(map(_quoted, values))}]}}"
    if not draft.states:
        yield "  # where: {status: active}"
    yield f"  # order_by: [{'-price' if 'price' in draft.columns else 'sku'}]"
    if draft.faulty:
        yield msg(
            "Rows with faults: {count}. They are left out; `batchgen check` lists them all.",
            count=draft.faulty,
        )
        yield "  skip_invalid: true"


def _account() -> Iterator[str | Message]:
    yield "account:"
    yield "  provider: bigmodel"
    yield msg("Tasks that your account may have alive at once: V0 5, V1 10, V2 15, V3 20.")
    yield "  tier: V0"


def _clip(draft: Draft) -> Iterator[str | Message]:
    yield "clip:"
    yield msg(
        "{price} a clip. Others: vidu2-start-end (two pictures), vidu2-reference (one to three).",
        price=f"{draft.price:.2f}",
    )
    yield f"  model: {draft.model}"
    if "prompt" in draft.columns:
        yield msg("For rows whose own prompt is blank.")
    if draft.for_template:
        yield msg("Columns that it may name:")
        yield from (
            f"  #   {{{{ {name} }}}}  {_shortened(value)}"
            for name, value in draft.for_template.items()
        )
    yield f"  prompt: {json.dumps(draft.prompt, ensure_ascii=False)}"


def _rest(draft: Draft) -> Iterator[str | Message]:
    yield msg("Most that one run may cost; without it, what you confirm.")
    yield "# budget: {run: 100}"
    yield f"output: {_quoted(draft.output)}"


def _commented(text: str, indent: int) -> Iterator[str]:
    """Break a comment into lines; it belongs to the line below it."""
    start = " " * indent + "#"
    line = start
    for word in text.split():
        if len(line) + len(word) >= _WIDTH and line != start:
            yield line
            line = start
        line += f" {word}"
    yield line


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else f"{flat[: _SHOWN - 1]}…"
