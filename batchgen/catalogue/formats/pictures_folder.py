"""Reads a folder of pictures named by SKU as if it were a table of `sku` and `images`.

`MUG.jpg` is a SKU. `MUG_2.jpg`, `MUG-3.png` and `MUG (4).jpg` are its further pictures, in the
order of their numbers, but only beside a plain `MUG`: otherwise `MUG-01` and `MUG-02` are two SKUs.
"""

from __future__ import annotations

import re
from pathlib import Path

from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Mark, Row, Table
from batchgen.messages import msg

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_NUMBERED = re.compile(r"(?P<sku>.+?)(?:[_-](?P<number>\d{1,2})| ?\((?P<copy>\d{1,2})\))")


def read_pictures_folder(source: Source) -> Table:
    """List the SKUs of a folder, by name; folders in it and files of other kinds are passed over.

    Raises:
        ManifestError: it holds no picture, or cannot be listed.
    """
    try:
        files = [entry for entry in source.path.iterdir() if _is_picture(entry)]
    except OSError as error:
        raise source.error(
            msg("the folder cannot be listed: {reason}", reason=error.strerror)
        ) from error
    if not files:
        raise source.error(msg("the folder holds no picture (.jpg, .jpeg, .png, .webp)"))
    plain = {file.stem for file in files}
    pictures: dict[str, list[tuple[int, str]]] = {}
    for file in files:
        sku, number = _sku_and_number(file.stem, plain)
        pictures.setdefault(sku, []).append((number, file.name))
    rows = [
        Row(
            at,
            {"sku": sku, "images": "\n".join(name for _, name in sorted(pictures[sku]))},
            {"images": Mark.LIST},
        )
        for at, sku in enumerate(sorted(pictures), 1)
    ]
    return Table(("sku", "images"), rows)


def _is_picture(entry: Path) -> bool:
    named_so = entry.suffix.lower() in _SUFFIXES and not entry.name.startswith(".")
    return named_so and entry.is_file()


def _sku_and_number(stem: str, plain: set[str]) -> tuple[str, int]:
    """Split `MUG_2` into (`MUG`, 2) where a plain `MUG` is there too; 0 is the plain one."""
    parts = _NUMBERED.fullmatch(stem)
    if parts is None or parts["sku"] not in plain:
        return stem, 0
    return parts["sku"], int(parts["number"] or parts["copy"])
