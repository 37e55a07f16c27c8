"""Whose export a table is, told by its headers, and which header holds what. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

from batchgen.catalogue.profiles.schema import Profile

#: What a bracket holds is a unit or a hint: `价格（元）`, `Categories (x,y,z...)`.
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
#: Decoration of Amazon's names: `contribution_sku#1.value`, with more levels behind a dot.
_NUMBERED = re.compile(r"#\d+((?:\.\w+)*)$")
_PLACEHOLDERS = {"{n}": r"(\d+)", "{currency}": r"([a-z]{3})", "{any}": r"(.*)"}
_PLACEHOLDER = re.compile(r"(\{\w+\})")
#: Fields of a clip that products have too, and what only a cell of a clip's has in it.
OF_CLIPS = {"size": re.compile(r"\d{3}"), "model": re.compile("vidu", re.IGNORECASE)}
#: A required header counts as much as so many strong ones.
_REQUIRED_WEIGHT = 3
#: Signs by which a table that has a SKU is still a list of orders.
_ORDER_SIGNS = 2


class Recognised(NamedTuple):
    """A profile that fits a row of headers."""

    profile: Profile
    #: The header's place among the rows that were looked at, from 0.
    header_row: int
    #: The headers by which it was told.
    because: tuple[str, ...]
    #: Other profiles that fit as well.
    others: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def header_key(header: str) -> str:
    """Give what counts of a header: letters and digits, in one width and case, no accents."""
    text = unicodedata.normalize("NFKC", header).casefold()
    text = _NUMBERED.sub(lambda match: re.sub(r"\.value$", "", match[1]), text.rstrip("* "))
    bare = _letters(_BRACKETED.sub("", text))
    return bare or _letters(text) or text.strip()


def _letters(text: str) -> str:
    """Keep letters and digits; those of the Latin alphabet lose their accents."""
    kept = filter(str.isalnum, text)
    bases = ((letter, unicodedata.normalize("NFD", letter)[0]) for letter in kept)
    return "".join(base if base.isascii() else letter for letter, base in bases)


@lru_cache(maxsize=4096)
def _pattern(alias: str) -> re.Pattern[str]:
    parts = _PLACEHOLDER.split(alias)
    return re.compile("".join(_PLACEHOLDERS.get(p) or re.escape(header_key(p)) for p in parts if p))


@lru_cache(maxsize=64)
def _by_key(headers: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Sort headers by what counts of them; blank ones are left out."""
    found: dict[str, list[str]] = {}
    for header in filter(None, headers):
        found.setdefault(header_key(header), []).append(header)
    return {key: tuple(alike) for key, alike in found.items()}


def matching(alias: str, headers: Sequence[str]) -> tuple[str, ...]:
    """List the headers that an alias means, those with a number in its order."""
    by_key = _by_key(tuple(headers))
    if "{" not in alias:
        return by_key.get(header_key(alias), ())
    pattern = _pattern(alias)
    found = [
        (match[1], header)
        for key, alike in by_key.items()
        if (match := pattern.fullmatch(key)) is not None
        for header in alike
    ]
    if "{n}" in alias:
        found.sort(key=lambda pair: int(pair[0]))
    return tuple(header for _, header in found)


def all_matching(aliases: Iterable[str] | None, headers: Sequence[str]) -> tuple[str, ...]:
    """List the headers that any of some aliases means, by alias, each once."""
    found = (header for alias in aliases or () for header in matching(alias, headers))
    return tuple(dict.fromkeys(found))


def columns_of(profile: Profile, headers: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Find the headers for each of our names; a name without any is left out."""
    found = {name: all_matching(aliases, headers) for name, aliases in profile.columns.items()}
    return {name: names for name, names in found.items() if names}


def of_products(headers: Sequence[str], rows: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """List those of `headers`, all in `OF_CLIPS`, that hold what a product has, such as size M."""
    found = []
    for header in headers:
        pattern = OF_CLIPS[header.casefold()]
        cells = [cells[header] for cells in rows if cells.get(header)]
        if cells and not any(map(pattern.search, cells)):
            found.append(header)
    return tuple(found)


def missing_columns(profile: Profile, headers: Sequence[str]) -> tuple[str, ...]:
    """List the required headers that are not there."""
    return tuple(" / ".join(one) for one in profile.required if not all_matching(one, headers))


def recognise(head: Sequence[Sequence[str]], profiles: Iterable[Profile]) -> Recognised | None:
    """Find the profile, and the row of headers, that fit the first rows of a table best.

    Of profiles that fit equally well the first one wins, and of rows the upper one.
    """
    fits = [
        (score, Recognised(profile, number, because))
        for profile in profiles
        for number, headers in enumerate(head)
        if (score := _score(profile, headers, because := _because(profile, headers)))
    ]
    if not fits:
        return None
    best = max(score for score, _ in fits)
    first, *others = [found for score, found in fits if score == best]
    names = dict.fromkeys(one.profile.name for one in others if one.profile != first.profile)
    return first._replace(others=tuple(names))


def _because(profile: Profile, headers: Sequence[str]) -> tuple[str, ...]:
    return tuple(found[0] for one in profile.required if (found := all_matching(one, headers)))


def _score(profile: Profile, headers: Sequence[str], because: Sequence[str]) -> int:
    """Rate how well a profile fits; 0 when it does not."""
    if not profile.required or len(because) < len(profile.required):
        return 0
    if all_matching(profile.negative, headers):
        return 0
    strong = sum(bool(matching(alias, headers)) for alias in profile.strong)
    return _REQUIRED_WEIGHT * len(because) + strong


def order_signs(
    signs: Iterable[str], columns: Mapping[str, object], headers: Sequence[str]
) -> tuple[str, ...]:
    """List the headers by which a table is one of orders, not of products; none if it is not."""
    found = all_matching(signs, headers)
    return found if len(found) >= (_ORDER_SIGNS if "sku" in columns else 1) else ()


def nearest(profile: Profile, name: str, headers: Sequence[str]) -> tuple[str, ...]:
    """Guess which headers may have been meant by one of our names, the likeliest first."""
    known = {header_key(alias): alias for alias in profile.columns.get(name, ())}
    keys = {header_key(header): header for header in headers if header}
    close = (get_close_matches(key, keys, 2, 0.7) for key in known)
    held = (key for key in keys if any(part in key for part in ("sku", "编码", "货号", "款号")))
    return tuple(
        dict.fromkeys(keys[key] for key in (*held, *(one for few in close for one in few)))
    )
