"""Tells by its first bytes what a file is that is no text, or text of another format. Pure."""

from __future__ import annotations

import re

from batchgen.messages import Message, msg

#: First bytes -> what has them.
_BINARY = {
    b"PK\x03\x04": msg("a zip or an Excel workbook (.xlsx)"),
    b"PK\x05\x06": msg("an empty zip"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": msg("an old Excel workbook (.xls)"),
    b"%PDF-": msg("a PDF"),
    b"\x1f\x8b": msg("a file packed by gzip (.gz)"),
    b"\xff\xd8\xff": msg("a JPEG picture"),
    b"\x89PNG\r\n": msg("a PNG picture"),
    b"GIF8": msg("a GIF picture"),
    b"7z\xbc\xaf\x27\x1c": msg("a 7z archive"),
    b"Rar!\x1a\x07": msg("a RAR archive"),
    b"SQLite format 3\x00": msg("an SQLite database"),
    b"PAR1": msg("a Parquet table (.parquet)"),
    b"{\\rtf": msg("an RTF document"),
}
_XML = re.compile(r"<(\?xml|rss|feed)\b", re.IGNORECASE)
_JSON = re.compile(r"[\[{]\s*[\"{\[]")


def binary_kind(beginning: bytes) -> Message | None:
    """Say what the file seems to be if its first bytes are those of no text."""
    kinds = (kind for mark, kind in _BINARY.items() if beginning.startswith(mark))
    return next(kinds, None)


def other_text_kind(beginning: str) -> Message | None:
    """Say what a text that should be a delimited table is instead."""
    text = beginning.lstrip("\ufeff \t\r\n")
    if _XML.match(text):
        return msg("it is XML: call it .xml")
    if _JSON.match(text):
        return msg("it is JSON: call it .json, or .jsonl with one entry a line")
    return None
