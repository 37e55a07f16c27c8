"""Looks at a catalogue for which there is no job yet, and drafts the job that fits it.

Used by `batchgen init`; asks no network and needs no key.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from batchgen.catalogue import Catalogue, read_manifest
from batchgen.catalogue.profiles.schema import COLUMNS
from batchgen.catalogue.table import Row, Skipped
from batchgen.item import Item, column_name
from batchgen.job.schema import Job
from batchgen.job.writing import Draft
from batchgen.messages import Message, msg
from batchgen.plan.layout import LAID_CLASSES, Layout, by_row, lay_out
from batchgen.spill import room_to_spill, spilled
from batchgen.video_models import price_of

#: Rows that are shown, and looked at to tell what columns hold.
_SHOWN = 3
_LOOKED_AT = 200
#: A column of states has few different values.
_FEW = 6
#: Columns that tell a template nothing: pictures, and what is sent as it is.
_NOT_TOLD = frozenset(COLUMNS) - {"sku", "title"} | {"description"}
#: What batchgen calls things, in the order in which a template is offered them.
_OUR_WORDS = ("title", "sku", "brand", "category", "price", "currency", "group")
#: Columns that a template is offered, at most.
_OFFERED = 20
_MODEL = "vidu2-image"
#: A title with one of these is Chinese enough for a Chinese prompt.
_HAN = re.compile(r"[\u4e00-\u9fff]")
_NAME_LIMIT = 60
_PICTURES = frozenset({"image", "images", "start_image", "end_image"})
#: A picture's file name, also at the end of a link or in a list.
_PICTURE = re.compile(
    r"[^\s/]\.(?:jpe?g|png|webp|gif|bmp|avif|heic)(?=$|[\s?#;,|\"'])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What was found in a catalogue."""

    draft: Draft
    catalogue: Catalogue
    layout: Layout
    #: The first products.
    samples: tuple[Item, ...]
    #: Headers of which nothing is taken but for templates.
    unused: tuple[str, ...]


def look_at(
    catalogues: Sequence[Path],
    job_path: Path,
    said: Mapping[str, object],
    picture_folders: Sequence[Path] = (),
) -> FirstLook:
    """Read a catalogue and draft its job.

    `said` is what the person says of the manifest: keys of the job, None for those left open.

    Raises:
        InputError: it cannot be read, or has no SKUs.
    """
    base = job_path.resolve().parent
    manifest: dict[str, object] = {
        **{key: value for key, value in said.items() if value is not None},
        "path": [_seen_from(base, path) for path in catalogues],
        "picture_folders": [_seen_from(base, path) for path in picture_folders],
    }
    name = _name_for(catalogues[0])
    job = _job(name, manifest, "", job_path)
    catalogue = read_manifest(job)
    first = _first_items(catalogue)
    proposed, proposals = _proposed(catalogue)
    if proposed:
        manifest |= proposed
        catalogue = read_manifest(_job(name, manifest, "", job_path))
        first = _first_items(catalogue)
    job = _job(name, manifest, _prompt_for(catalogue, first), job_path)
    with room_to_spill():
        layout = lay_out(job, catalogue.rows(), lambda rows: spilled(rows, LAID_CLASSES))
    layout = replace(
        layout, warnings=by_row([*catalogue.warnings_with(layout.count), *layout.warnings])
    )
    unused = tuple(_unused(catalogue))
    columns = _columns(catalogue)
    draft = Draft(
        name=name,
        manifest=job.manifest.model_copy(update={"profile": _profile(catalogue)}),
        facts=(*_facts(catalogue), *proposals),
        columns=columns,
        for_template=_for_template(first, unused),
        model=_MODEL,
        price=price_of(_MODEL, job.account.provider)[0],
        prompt=job.clip.prompt,
        output=job.output,
        variants=_variants(job, catalogue, layout.count),
        faulty=len({(fault.file, fault.row) for fault in layout.faults}),
        states=_states(first, columns.get("status", ())),
    )
    samples = tuple(row.item for row in islice(layout.rows, _SHOWN))
    return FirstLook(draft, catalogue, layout, samples, unused)


def _job(name: str, manifest: Mapping[str, object], prompt: str, path: Path) -> Job:
    clip = {"model": _MODEL, "prompt": prompt}
    said = {"name": name, "manifest": manifest, "clip": clip, "output": f"out/{name}"}
    return Job.model_validate({**said, "path": path.resolve()})


def _seen_from(folder: Path, path: Path) -> str:
    """Give a path as a job file writes it: with forward slashes, relative where that can be."""
    try:
        return Path(os.path.relpath(path.resolve(), folder)).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _name_for(catalogue: Path) -> str:
    plain = unicodedata.normalize("NFC", catalogue.name.split(".")[0] or catalogue.name)
    return re.sub(r"[^\w-]+", "-", plain).strip("-")[:_NAME_LIMIT] or "catalogue"


def _first_items(catalogue: Catalogue) -> tuple[Item, ...]:
    items = (row.item for row in catalogue.rows() if row.item is not None)
    return tuple(islice(items, _LOOKED_AT))


def _proposed(catalogue: Catalogue) -> tuple[dict[str, object], list[Message]]:
    """Say for the job where pictures are when the catalogue does not, and tell why."""
    bases = {part.shape.picture_base for part in catalogue.parts}
    base = bases.pop() if len(bases) == 1 else None
    if base and not catalogue.manifest.picture_base and _has_nothing(catalogue):
        fact = msg("pictures that are named without an address are asked for at {base}", base=base)
        return {"picture_base": base}, [fact]
    if not _PICTURES.isdisjoint(_columns(catalogue)):
        return {}, []
    headers = list(dict.fromkeys(_picture_headers(catalogue)))
    if len(headers) == 1:
        fact = msg(
            "no column is called as pictures usually are: they are taken from {column}, which names"
            " some",
            column=headers[0],
        )
        named = {**catalogue.manifest.columns, "images": headers[0]}
        return {"columns": named}, [fact]
    if headers:
        fact = msg(
            "no column is called as pictures usually are, but these name some: {columns}. Name one"
            " in the job: manifest.columns: {{images: ...}}",
            columns=", ".join(headers),
        )
        return {}, [fact]
    return {}, []


def _has_nothing(catalogue: Catalogue) -> bool:
    """Tell whether none of the first rows can be made."""
    return not any(row.item and not row.faults for row in islice(catalogue.rows(), _LOOKED_AT))


def _picture_headers(catalogue: Catalogue) -> Iterator[str]:
    """Find the columns of which at least half the cells name pictures."""
    for part in catalogue.parts:
        entries = islice(part.table.entries, _LOOKED_AT)
        rows = [entry.cells for entry in entries if isinstance(entry, Row)]
        for header in part.shape.unused:
            cells = [cells[header] for cells in rows if cells.get(header)]
            if cells and 2 * sum(bool(_PICTURE.search(cell)) for cell in cells) >= len(cells):
                yield header


def _prompt_for(catalogue: Catalogue, items: Iterable[Item]) -> str:
    """Give a prompt that works for these products, in the language of their titles."""
    titles = " ".join(item.cells.get("title", "") for item in items)
    is_chinese = bool(_HAN.search(titles))
    if not catalogue.columns_named("title") or not titles.strip():
        return "The product turns slowly on a white table, soft studio light."
    if is_chinese:
        return "{{ title }}，在白色桌面上缓慢旋转，柔和的影棚灯光"
    return "{{ title }} turns slowly on a white table, soft studio light."


def _profile(catalogue: Catalogue) -> str:
    """Name the profile where all files have the same; else each is told anew."""
    names = {part.shape.profile for part in catalogue.parts}
    return names.pop() if len(names) == 1 else "auto"


def _variants(job: Job, catalogue: Catalogue, products: int) -> int | None:
    """Count the rows that it has with `per: variant`; None where that is no other number."""
    if not any(part.shape.tells_variants for part in catalogue.parts):
        return None
    manifest = job.manifest.model_copy(update={"per": "variant"})
    parts = read_manifest(job.model_copy(update={"manifest": manifest})).parts
    entries = (entry for part in parts for entry in part.shape.rows(part.table.entries))
    count = sum(not isinstance(entry, Skipped) for entry in entries)
    return None if count == products else count


def _facts(catalogue: Catalogue) -> Iterator[Message]:
    for part in catalogue.parts:
        for fact in (*part.table.facts, *part.shape.facts):
            if len(catalogue.parts) == 1:
                yield fact
            else:
                yield msg("{file}: {fact}", file=part.source.file, fact=fact)


def _columns(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Give the headers of each name of ours, but for those that share a header with others."""
    columns: dict[str, dict[str, None]] = {}
    for part in catalogue.parts:
        for name, headers in part.shape.columns.items():
            if name in part.shape.parts:
                continue
            columns.setdefault(name, {}).update(dict.fromkeys(headers))
    return {name: tuple(headers) for name, headers in columns.items()}


def _unused(catalogue: Catalogue) -> Iterator[str]:
    headers = (header for part in catalogue.parts for header in part.shape.unused)
    return iter(dict.fromkeys(headers))


def _for_template(items: Iterable[Item], unused: Iterable[str]) -> dict[str, str]:
    """Give the columns that say something of the products, with a value of each."""
    values = _first_values(items)
    told = {name: values[name] for name in _OUR_WORDS if name in values}
    for header in unused:
        name = column_name(header)
        if header in values and "://" not in values[header] and name.isidentifier():
            told.setdefault(name, values[header])
    return dict(islice(((name, told[name]) for name in told if name not in _NOT_TOLD), _OFFERED))


def _first_values(items: Iterable[Item]) -> dict[str, str]:
    """Give the first text of each column that has any."""
    values: dict[str, str] = {}
    for item in items:
        for column, text in item.cells.items():
            if text:
                values.setdefault(column, text)
    return values


def _states(items: Iterable[Item], headers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Find the columns that say what is on sale, where they have more than one value."""
    found: dict[str, dict[str, None]] = {header: {} for header in headers}
    for item in items:
        for header, values in found.items():
            if item.cells.get(header):
                values[item.cells[header]] = None
    return {header: tuple(values) for header, values in found.items() if 1 < len(values) <= _FEW}
