"""Which second files stand: a note in the provenance of each clip, beside it.

The note says of which bytes and by which recipe the second file was made; another recipe or
another clip under the name, and it is made anew. Knows files, but no picture.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from batchgen.clip import ClipKey
from batchgen.job.schema import Finish
from batchgen.output.disk import replace_patiently, sync_folder, write_beside
from batchgen.output.names import finished_file, provenance_file
from batchgen.output.rows import ResultRow

#: Of the recipe: a release that makes other files from the same words raises it.
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Original:
    """A clip that has, or is to have, a second file."""

    #: Relative to the output folder, with forward slashes.
    file: str
    sha256: str
    #: What people call it.
    name: str


def original_of(row: ResultRow) -> Original | None:
    """Give the clip of a result row, where its file is there."""
    if row.file is None or row.sha256 is None:
        return None
    return Original(row.file, row.sha256, str(ClipKey(row.sku, row.variant, row.take or 1)))


def with_finished(rows: Iterable[ResultRow], root: Path, finish: Finish) -> Iterator[ResultRow]:
    """Pass result rows on, each with its second file where that stands."""
    for row in rows:
        original = original_of(row)
        if original is not None and stands(root, original, finish):
            row = replace(row, finished_file=finished_file(original.file))
        yield row


def stands(root: Path, original: Original, finish: Finish) -> bool:
    """Tell whether a clip's second file is the one that is asked for; its bytes are not read."""
    told = _provenance(root / provenance_file(original.file)).get("finished")
    if not isinstance(told, dict) or told.get("recipe") != _recipe(finish):
        return False
    try:
        size_bytes = (root / finished_file(original.file)).stat().st_size
    except OSError:
        return False
    return (told.get("of"), told.get("bytes")) == (original.sha256, size_bytes)


def note(root: Path, original: Original, finish: Finish, facts: dict[str, Any]) -> None:
    """Write into the provenance what the second file is, and how it was made; durably."""
    path = root / provenance_file(original.file)
    told = _provenance(path)
    told["finished"] = {
        "file": finished_file(original.file),
        "of": original.sha256,
        "recipe": _recipe(finish),
        **facts,
    }
    text = json.dumps(told, ensure_ascii=False, indent=2)
    # Beside the second file: a run may write the provenance itself in this moment.
    beside = write_beside(
        root / finished_file(original.file), text.encode("utf-8", "backslashreplace")
    )
    replace_patiently(beside, path)
    sync_folder(path.parent)


def _recipe(finish: Finish) -> dict[str, Any]:
    return {"version": _VERSION, **finish.model_dump(mode="json")}


def _provenance(path: Path) -> dict[str, Any]:
    """Read what is told of a clip; nothing where it cannot be read."""
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
