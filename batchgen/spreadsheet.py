"""What a spreadsheet takes for a formula, how a cell is guarded against it, and read back. Pure.

OWASP's page on CSV injection (read 2026-11-23) names the starts `= + - @`, tab and carriage return;
blanks, invisible characters and full-width forms before or instead of them work as well.
"""

from __future__ import annotations

import unicodedata

_STARTS = ("=", "+", "-", "@")


def guarded(text: str) -> str:
    """Give a cell a leading apostrophe where a spreadsheet might take it for a formula."""
    return f"'{text}" if _is_live(text) else text


def unguarded(text: str) -> str:
    """Take the apostrophe of `guarded` off again, so that a file of ours reads as it was."""
    return text[1:] if text.startswith("'") and _is_live(text[1:]) else text


def _is_live(text: str) -> bool:
    """Look past apostrophes, blanks, invisible characters and full-width forms, in every line."""
    if text[:1].isalnum() and text.isprintable():
        return False  # most cells: one line that begins with a letter or digit, or a form of one
    text = text.lstrip("'")
    if text.lstrip(" ")[:1] in ("\t", "\r", "\n"):
        return True
    return any(_visible(line).startswith(_STARTS) for line in text.splitlines())


def _visible(line: str) -> str:
    shown = unicodedata.normalize("NFKC", line)
    return "".join(c for c in shown if unicodedata.category(c) not in ("Cf", "Cc", "Zs"))
