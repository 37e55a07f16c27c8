"""The small language that says what goes wrong, and the seeded dial that plays it.

    reset+made*1, none*2, html-502 5%, latency(0.2) 30%

Entries with `*n` are played first, in the order written; then each `%` is the share of what
follows. An entry with neither happens always. `+made` means: the call was bought all the same.
A number in brackets belongs to the fault (seconds, bytes).
"""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

_ENTRY = re.compile(
    r"(?P<name>[a-z][a-z0-9-]*)(\((?P<amount>[0-9.]+)\))?(?P<made>\+made)?"
    r"(\*(?P<times>[0-9]+)| +(?P<share>[0-9.]+)%)?"
)
#: Any refusal by code: `code-1305`.
_CODE = re.compile(r"code-[0-9]{3,4}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    name: str
    #: The call is booked although it goes wrong.
    made: bool = False
    amount: float | None = None

    def __str__(self) -> str:
        return f"{self.name}+made" if self.made else self.name

    def amount_or(self, usual: float) -> float:
        """Give the number in brackets, or the usual one."""
        return usual if self.amount is None else self.amount


class Dial:
    """Tells for each request of one kind what goes wrong with it; the same seed tells the same.

    Raises:
        ValueError: the text cannot be read, or names a fault that is not among `known`.
    """

    def __init__(self, text: str, known: Collection[str], chance: random.Random) -> None:
        self._chance = chance
        self._first: deque[Fault] = deque()
        self._shares: list[tuple[float, Fault]] = []
        for entry in filter(None, (part.strip() for part in text.split(","))):
            self._add(entry, known)

    def next(self) -> Fault | None:
        """Give the fault of the next request, or None when all goes well."""
        if self._first:
            return _unless_none(self._first.popleft())
        left = self._chance.random() * 100
        for share, fault in self._shares:
            left -= share
            if left < 0:
                return _unless_none(fault)
        return None

    def _add(self, entry: str, known: Collection[str]) -> None:
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise ValueError(f"{entry!r} is no fault: write name, name*2 or name 5%")
        name = match["name"]
        if name not in {"none", *known} and not ("code" in known and _CODE.fullmatch(name)):
            raise ValueError(f"{name!r} is none of {', '.join(sorted(known))}")
        amount = None if match["amount"] is None else float(match["amount"])
        fault = Fault(name, bool(match["made"]), amount)
        if match["times"] is not None:
            self._first.extend([fault] * int(match["times"]))
        else:
            self._shares.append((float(match["share"] or 100), fault))


def sections(text: str, names: Collection[str]) -> dict[str, str]:
    """Split `submit: ...; poll: ...` into its named parts; parts not named are empty.

    Raises:
        ValueError: a part has none of the names.
    """
    parts = dict.fromkeys(names, "")
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, _, entries = part.partition(":")
        if name.strip() not in parts:
            raise ValueError(f"{name.strip()!r} is none of {', '.join(names)}")
        parts[name.strip()] = entries
    return parts


def _unless_none(fault: Fault) -> Fault | None:
    return None if fault.name == "none" else fault
