"""Writes the figures of long proofs down, one JSON line each, and adds them up for people.

`python -m tests.prove.figures FILE` prints one line for each proof: how many cases there were, and
for every figure its sum (of what is counted) or its largest value (of what is a maximum).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

#: Figures that are not added up.
_MAXIMA = {"most"}
_NAMES = {"seed", "proof"}


def note_figures(name: str, **figures: object) -> None:
    """Append figures to the file that BATCHGEN_PROVE_FIGURES names; without it, nothing."""
    file = os.environ.get("BATCHGEN_PROVE_FIGURES")
    if file is not None:
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"proof": name, **figures}) + "\n")


def summary(lines: Iterable[str]) -> list[str]:
    """Add the figures up: one line for each proof."""
    counts: dict[str, int] = {}
    sums: dict[str, dict[str, float]] = {}
    for line in lines:
        figures = json.loads(line)
        proof = figures["proof"]
        counts[proof] = counts.get(proof, 0) + 1
        sums.setdefault(proof, {})
        for name, value in figures.items():
            if name not in _NAMES and isinstance(value, int | float):
                _add(sums[proof], name, value)
    return [
        f"{proof}: {counts[proof]} cases"
        + "".join(f", {name} {value:,.10g}" for name, value in sums[proof].items())
        for proof in sorted(sums)
    ]


def _add(sums: dict[str, float], name: str, value: float) -> None:
    before = sums.get(name, 0)
    sums[name] = max(before, value) if name in _MAXIMA else before + value


if __name__ == "__main__":
    print("\n".join(summary(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())))
