"""Words for people: a sentence and its values, kept apart until someone's language is known.

Every text that a person reads is born as `msg("SKU {sku} appears twice", sku=...)`. The English
sentence is the key of the catalogue in `locale/`; `language.say` turns a message into the
reader's language at the edge. This module knows no language, no file and no terminal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence with named values; `str()` gives the English text."""

    #: The English sentence with `{name}` fields; also the key of the translation.
    text: str
    #: Values of the fields; a value may itself be a `Message`.
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format_map(self.values)


def msg(text: str, /, **values: object) -> Message:
    """Make a message; `text` must be a literal, so that the catalogue can be checked for it."""
    return Message(text, values)


#: Words a message in the reader's language.
Say = Callable[[Message], str]

#: What acts on a terminal, forges a line or cannot be written: controls save tab, the characters
#: that turn the writing direction or end a line, halves of surrogate pairs.
_ACTING = re.compile(
    "[\x00-\x08\n-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
    "\ufffe\uffff]"
)


def visible(text: str) -> str:
    """Show acting characters as escapes: the text stays one line, and no terminal obeys it."""
    return _ACTING.sub(lambda match: match.group().encode("unicode_escape").decode(), text)
