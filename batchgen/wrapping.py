"""Breaks sentences at words to fit a terminal, whose width it asks for; commands stay whole."""

from __future__ import annotations

import os
import re
from textwrap import TextWrapper
from typing import TextIO
from unicodedata import east_asian_width

#: A command within a sentence: broken in two, its first half would be another command.
_COMMAND = re.compile("`[^`]*`")
#: Stands for a blank that no line may end at.
_UNBROKEN = "\0"


def fitted(text: str, stream: TextIO) -> str:
    """Wrap a sentence where the stream is a terminal; a pipe or a log gets it as one line."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):  # the terminal is gone
        columns = 0
    return wrapped(text, columns) if columns else text


def wrapped(text: str, columns: int) -> str:
    """Break a sentence into lines of at most so many columns, all but the first indented.

    A command in backticks that is wider is left whole, for the terminal to break. So is a text
    with wide characters: it has hardly any blanks to break at.
    """
    if len(text) <= columns or any(map(is_wide, text)):
        return text
    lines = TextWrapper(
        width=columns, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    held = _COMMAND.sub(lambda command: command.group().replace(" ", _UNBROKEN), text)
    return lines.fill(held).replace(_UNBROKEN, " ")


def is_wide(character: str) -> bool:
    """Tell whether a character takes two terminal columns, as East Asian ones do."""
    return east_asian_width(character) in "WF"
