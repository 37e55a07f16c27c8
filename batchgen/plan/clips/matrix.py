"""The matrix of a job: which combinations are made, and what each is called. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from batchgen.job.schema import Job

#: The variant of a clip that has no labels.
PLAIN_VARIANT = "main"


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One combination of the axes' values."""

    #: Labels of the axes with more than one value, in the job's order.
    labels: tuple[str, ...] = ()
    #: Axis -> value, for every axis.
    settings: Mapping[str, str] = field(default_factory=dict)


def cells(job: Job) -> tuple[MatrixCell, ...]:
    """List the combinations of a job in its order, exclusions left out; one plain cell if none."""
    axes: dict[str, dict[str, str]] = job.matrix
    made = []
    for labels in product(*axes.values()):
        label_of = dict(zip(axes, labels, strict=True))
        if not any(_excludes(entry, label_of) for entry in job.exclude):
            named = tuple(label for axis, label in label_of.items() if len(axes[axis]) > 1)
            settings = {axis: axes[axis][label] for axis, label in label_of.items()}
            made.append(MatrixCell(named, settings))
    return tuple(made)


def _excludes(entry: Mapping[str, str], label_of: Mapping[str, str]) -> bool:
    """Tell whether every pair of a non-empty exclusion matches."""
    return bool(entry) and entry.items() <= label_of.items()


def variant_of(column: str, labels: Sequence[str]) -> str:
    """Name a variant: the manifest's `variant` cell first, then the labels, joined by `-`."""
    if not column and not labels:
        return PLAIN_VARIANT
    parts = [part for part in (column.strip(), *labels) if part]
    return "-".join(parts) or PLAIN_VARIANT
