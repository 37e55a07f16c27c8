"""Where a name was seen first, however many names there are."""

from __future__ import annotations

from collections.abc import Hashable

from hypothesis import given
from hypothesis import strategies as st

from batchgen.first_seen import FirstSeen

_NAMES = st.one_of(st.text(max_size=3), st.tuples(st.text(max_size=2), st.integers(0, 3)))


@given(st.lists(_NAMES, max_size=60))
def test_it_answers_as_a_dictionary_would(names: list[Hashable]) -> None:
    """The first number of each name stands; the names are counted."""
    seen, expected = FirstSeen(), dict[Hashable, int]()
    for number, name in enumerate(names):
        assert seen.note(name, number) == expected.setdefault(name, number)
    assert len(seen) == len(expected)


def test_it_grows_and_forgets_nothing() -> None:
    """Far beyond its first size, names that share a place included."""
    seen = FirstSeen()
    for number in range(20_000):
        seen.note(number * 1024, number)
    assert [seen.note(number * 1024, 0) for number in range(20_000)] == list(range(20_000))
    assert len(seen) == 20_000


def test_a_name_whose_hash_is_the_mark_of_a_free_place_is_kept() -> None:
    """The lowest hash of all stands for nothing seen yet."""
    seen = FirstSeen()
    lowest = _Hashed(-(1 << 63))
    assert (seen.note(lowest, 7), seen.note(lowest, 8), len(seen)) == (7, 7, 1)


class _Hashed:
    def __init__(self, value: int) -> None:
        self._value = value

    def __hash__(self) -> int:
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and self._value == other._value
