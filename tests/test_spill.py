"""Long sequences on disk: what is put in comes out, in order, as often as it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from batchgen.spill import Spill, in_order, spilled


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Link:
    url: str


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 23])
def test_a_stream_comes_back_in_its_order(count: int) -> None:
    """From memory below the limit, from disk above it, each time anew."""
    kept = spilled(iter(range(count)), kept=5)
    assert isinstance(kept, tuple) == (count < 5)
    assert (list(kept), list(kept), len(kept)) == ([*range(count)], [*range(count)], count)


@pytest.mark.parametrize("count", [0, 1, 5, 6, 23])
def test_a_stream_of_any_length_is_sorted(count: int) -> None:
    """Sorted in pieces on disk it comes out as if sorted whole, equals in the order they had."""
    values = [(number * 7 % 4, number) for number in range(count)]
    found = in_order(iter(values), lambda value: value[0], kept=5)
    assert list(found) == sorted(values, key=lambda value: value[0])


def test_values_of_dataclasses_come_back_equal() -> None:
    """They are written field by field, those with a single field too."""
    rows = [(_Row(f"A{n}", {"title": "mug"}), _Link(f"https://shop.example/{n}")) for n in range(9)]
    spill = Spill[tuple[_Row, _Link]]((_Row, _Link), block=2)
    for row in rows:
        spill.append(row)
    assert list(spill) == rows


def test_two_loops_read_side_by_side() -> None:
    """One that is in the middle is not disturbed by another, nor by what is put behind."""
    spill = Spill[int](block=3)
    for number in range(10):
        spill.append(number)
    first = iter(spill)
    seen = [next(first) for _ in range(4)]
    assert list(spill) == list(range(10))
    spill.append(10)
    assert [*seen, *first] == list(range(11))


def test_a_value_is_found_among_those_on_disk() -> None:
    """As in any collection."""
    kept = spilled(iter(range(100)), kept=5)
    assert 99 in kept
    assert 100 not in kept
