"""How a help page looks: click's own words in the reader's language, wide letters in two columns.

click words its pages with gettext, which reads compiled catalogues only; ours is text. What click
says itself on a page is short, so it is worded here. Its usage errors stay English.
"""

from __future__ import annotations

from collections.abc import Iterable

import click

from batchgen.cli.speech import heard
from batchgen.messages import msg
from batchgen.wrapping import is_wide

#: What click says on a page -> the same as a message of ours.
_WORDS = {
    "Options": msg("Options"),
    "Commands": msg("Commands"),
    "Show this message and exit.": msg("Show this message and exit."),
    "Show the version and exit.": msg("Show the version and exit."),
}
#: Stands beside a wide letter while lines are broken, so that it counts for two columns.
_BESIDE = "\0"


class HelpPage(click.HelpFormatter):
    """Writes help pages in the reader's language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, f"{heard(msg('Usage:'))} ")

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        super().write_heading(_worded(heading))

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        super().write_text(_widened(text))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write options or commands with their help."""
        worded = [(term, _widened(_worded(text))) for term, text in rows]
        super().write_dl(worded, col_max, col_spacing)

    def getvalue(self) -> str:
        """Give the page."""
        return super().getvalue().replace(_BESIDE, "")


class HelpContext(click.Context):
    """Runs a command whose help is a `HelpPage`."""

    formatter_class = HelpPage


def _worded(text: str) -> str:
    return heard(_WORDS[text]) if text in _WORDS else text


def _widened(text: str) -> str:
    return "".join(letter + _BESIDE if is_wide(letter) else letter for letter in text)
