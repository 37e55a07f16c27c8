"""The parts of a workbook's zip, found by the relations between them. Knows no cell."""

from __future__ import annotations

import io
import lzma
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from batchgen.messages import Message, msg

#: What unpacking a damaged, locked or strangely packed part raises.
PART_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)

#: A zip without parts.
_EMPTY = b"PK\x05\x06" + bytes(18)


class DamagedPart(Exception):
    """A part of the zip cannot be read; the text says which and why."""


def damage(error: Exception) -> Message:
    """Say for people that a workbook is damaged, and what to do."""
    return msg(
        "a part of the workbook is damaged ({reason}): open it in Excel or WPS, and save it again",
        reason=str(error),
    )


class Relation(NamedTuple):
    """Where one part points to."""

    #: The end of its type: `image`, `drawing`, `worksheet`.
    kind: str
    #: Name of a part, or an address outside.
    target: str
    is_outside: bool


class Package:
    """A workbook's zip, its parts by name; capitals do not count."""

    def __init__(self, content: bytes) -> None:
        """Open the zip; what is none has no parts, and its reader says what it is.

        Raises:
            DamagedPart: its list of parts is damaged.
        """
        if not zipfile.is_zipfile(io.BytesIO(content)):
            content = _EMPTY
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(content))
        except PART_ERRORS as error:
            raise DamagedPart(str(error)) from error

    @cached_property
    def names(self) -> dict[str, str]:
        """Give the name of each part in small letters -> the name as it is written."""
        return {name.lower(): name for name in self._archive.namelist()}

    def size_bytes(self, name: str) -> int:
        """Give how large a part is unpacked; 0 when there is none."""
        written = self.names.get(name.lower())
        return self._archive.getinfo(written).file_size if written else 0

    def part(self, name: str) -> bytes:
        """Unpack a part; nothing when there is none.

        Raises:
            DamagedPart: it cannot be unpacked.
        """
        written = self.names.get(name.lower())
        if written is None:
            return b""
        try:
            return self._archive.read(written)
        except PART_ERRORS as error:
            message = f"{name}: {error}"
            raise DamagedPart(message) from error

    def xml(self, name: str) -> Element:
        """Parse a part; an empty element stands for one that is not there.

        Raises:
            DamagedPart: it is no XML, or has entities.
        """
        content = self.part(name)
        if not content:
            return Element("")
        try:
            root: Element = fromstring(content)
        except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
            message = f"{name}: {error}"
            raise DamagedPart(message) from error
        return root

    def relations(self, name: str) -> dict[str, Relation]:
        """Give the relations of a part by their id; those of the whole package for no name."""
        folder, file = posixpath.split(name)
        root = self.xml(posixpath.join(folder, "_rels", f"{file}.rels"))
        return {entry.get("Id", ""): _relation(folder, entry) for entry in root}

    def related(self, name: str, kind: str) -> str:
        """Name the part of a kind that a part points to; no text when there is none."""
        for relation in self.relations(name).values():
            if relation.kind == kind and not relation.is_outside:
                return relation.target
        return ""


def _relation(folder: str, entry: Element) -> Relation:
    kind = entry.get("Type", "").rpartition("/")[2]
    target = entry.get("Target", "")
    if entry.get("TargetMode") == "External":
        return Relation(kind, target, is_outside=True)
    path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
    return Relation(kind, path, is_outside=False)


def local(element: Element) -> str:
    """Give an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def inside(element: Element, name: str) -> Iterator[Element]:
    """Go through all elements of a name, however deep, in the order of the file."""
    return (each for each in element.iter() if local(each) == name)


def attribute(element: Element, name: str) -> str:
    """Give an attribute by its name without namespace; no text when there is none."""
    return next((text for key, text in element.items() if key.rpartition("}")[2] == name), "")
