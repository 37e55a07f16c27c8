"""The reader's language: turns messages into text, from the catalogue in `locale/`.

English stands in the messages themselves; `locale/zh_CN.po` holds the Chinese. The language is
`BATCHGEN_LANG`, else that of the locale.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any

from batchgen.messages import Message, Say

LANGUAGES = ("en", "zh_CN")
_VARIABLES = ("BATCHGEN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def language_of(environ: Mapping[str, str]) -> str:
    """Give the reader's language, `en` or `zh_CN`."""
    said = next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    return "zh_CN" if said.lower().startswith("zh") else "en"


def speaker(language: str) -> Say:
    """Give the function that words messages in a language."""
    texts = _texts(language)

    def say(message: Message) -> str:
        values = {name: _worded(value, say) for name, value in message.values.items()}
        return Formatter().vformat(texts.get(message.text, message.text), (), values)

    return say


def language_here() -> str:
    """Give the language this process was started in."""
    return language_of(os.environ)


@cache
def say_here() -> Say:
    """Give the speaker of the language this process was started in."""
    return speaker(language_here())


def _worded(value: Any, say: Say) -> Any:
    return say(value) if isinstance(value, Message) else value


@cache
def _texts(language: str) -> dict[str, str]:
    if language == "en":
        return {}
    # Only a reader of another language pays for the import.
    from babel.messages.pofile import read_po

    with resources.files("batchgen").joinpath(f"locale/{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {
        str(entry.id): str(entry.string)
        for entry in catalogue
        if entry.id and entry.string and not entry.fuzzy
    }
