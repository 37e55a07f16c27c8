"""`batchgen init CATALOG`: shows what was recognised, and writes the job file that fits it."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import click

from batchgen.catalogue.profiles.schema import COLUMNS, DESCRIBING
from batchgen.cli.check import fault_json
from batchgen.cli.options import as_json, encoding_option, per_option, sheet_option
from batchgen.cli.showing.shortening import shortened
from batchgen.cli.speech import heard, remark, tell, tell_faults, tell_json
from batchgen.clip import LocalPicture, Picture
from batchgen.errors import InputError
from batchgen.first_look import FirstLook, look_at
from batchgen.item import Item
from batchgen.job.writing import job_text
from batchgen.language import say_here
from batchgen.messages import msg

#: Terminal columns of a sample's title and of its first picture.
_TITLE_COLUMNS = 60
_PICTURE_COLUMNS = 60


@click.command("init", help=heard(msg("Read a catalogue and write the job file that fits it.")))
@click.argument(
    "catalogues", metavar="CATALOG...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "-o",
    "--job",
    metavar="JOB",
    type=click.Path(path_type=Path, dir_okay=False),
    help=heard(msg("Job file to write; else named like the catalogue, in this folder.")),
)
@click.option(
    "--profile",
    help=heard(msg("Whose export it is, e.g. shopify; else told from its columns.")),
)
@click.option(
    "--column",
    "columns",
    metavar="NAME=HEADER",
    multiple=True,
    help=heard(msg("Column to take something from, e.g. sku=Code; may be repeated.")),
)
@encoding_option
@sheet_option
@per_option
@click.option(
    "--picture-base",
    help=heard(msg("Address in front of pictures that the catalogue names without one.")),
)
@click.option(
    "--picture-folder",
    "picture_folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=heard(msg("Folder of pictures besides the catalogue's own; may be repeated.")),
)
@as_json
def command(
    catalogues: tuple[Path, ...],
    job: Path | None,
    *,
    picture_folders: tuple[Path, ...],
    columns: tuple[str, ...],
    as_json: bool,
    **manifest: str | None,
) -> None:
    """Look at the catalogue and write the job."""
    target = job or Path(f"{catalogues[0].resolve().name.split('.')[0]}.yaml")
    if target.exists():
        raise InputError(
            msg("{file} is there already: delete it, or name another with -o", file=target)
        )
    said = {**manifest, "columns": _named_columns(columns)}
    found = look_at(catalogues, target, said, picture_folders)
    _write(target, job_text(found.draft, say_here()))
    if as_json:
        tell_json(_summary(found, target))
    else:
        _show(found)
    remark(msg("written: {file}", file=target))
    remark(msg("next: `{command}` shows what it costs", command=f"batchgen plan {_quoted(target)}"))


def _named_columns(pairs: tuple[str, ...]) -> dict[str, str]:
    named = {}
    for pair in pairs:
        name, sign, header = pair.partition("=")
        if not sign or name not in (*COLUMNS, *DESCRIBING):
            known = ", ".join((*COLUMNS, *DESCRIBING))
            raise InputError(
                msg(
                    "--column takes NAME=HEADER, such as sku=Code, not {pair}; names: {known}",
                    pair=pair,
                    known=known,
                )
            )
        named[name] = header
    return named


def _write(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            msg("{file} cannot be written ({reason}): name another", file=target, reason=reason)
        ) from error


def _quoted(target: Path) -> str:
    return subprocess.list2cmdline([str(target)]) if os.name == "nt" else shlex.quote(str(target))


def _show(found: FirstLook) -> None:
    """Print what was recognised, the first products, and what would be left out."""
    draft = found.draft
    tell(
        msg(
            "{catalogue}: {rows} rows, {valid} of them to be made into clips",
            catalogue=found.catalogue.manifest.name,
            rows=found.layout.count,
            valid=len(found.layout.rows),
        )
    )
    for fact in draft.facts:
        tell(msg("  {fact}", fact=fact))
    if draft.variants is not None:
        tell(msg("  with `--per variant` it would be {count} rows", count=draft.variants))
    tell(msg("columns:"))
    for name, headers in draft.columns.items():
        tell(msg("  {name}: {headers}", name=name, headers=", ".join(headers)))
    if found.unused:
        unused = ", ".join(found.unused)
        tell(msg("  for the prompt template only: {columns}", columns=unused))
    _show_samples(found)
    if found.layout.faults:
        tell(msg("rows that are left out, {count}:", count=draft.faulty))
        tell_faults(found.layout.faults)
    if found.layout.warnings:
        tell(msg("warnings:"))
        tell_faults(found.layout.warnings)


def _show_samples(found: FirstLook) -> None:
    if found.samples:
        tell(msg("the first rows:"))
    for item in found.samples:
        tell(
            msg(
                "  row {row}: {sku}  {title}  ({picture}; pictures: {count})",
                row=item.row,
                sku=item.sku,
                title=shortened(item.cells.get("title", ""), _TITLE_COLUMNS),
                count=len(item.pictures),
                picture=shortened(_named(item.pictures[0]), _PICTURE_COLUMNS),
            )
        )


def _named(picture: Picture) -> str:
    return picture.name if isinstance(picture, LocalPicture) else picture.url


def _summary(found: FirstLook, target: Path) -> dict[str, object]:
    say = say_here()
    return {
        "job": str(target),
        "profile": found.draft.manifest.profile,
        "rows": found.layout.count,
        "valid": len(found.layout.rows),
        "facts": [say(fact) for fact in found.draft.facts],
        "columns": {name: list(headers) for name, headers in found.draft.columns.items()},
        "unused": list(found.unused),
        "samples": [_sample(item) for item in found.samples],
        "faults": [fault_json(fault) for fault in found.layout.faults],
        "warnings": [fault_json(warning) for warning in found.layout.warnings],
    }


def _sample(item: Item) -> dict[str, object]:
    return {
        "row": item.row,
        "sku": item.sku,
        "title": item.cells.get("title", ""),
        "pictures": [_named(picture) for picture in item.pictures],
    }
