"""Keeps a long sequence of values out of memory: written once, in order, and read many times.

`spilled` takes in a stream: a short one becomes a plain tuple, a long one goes to a temporary file.
That has no name where the system allows it, so that nothing is left of it, however the process
ends. Knows nothing of what it keeps but the classes to take apart.
"""

from __future__ import annotations

import copyreg
import pickle
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, TypeVar

from batchgen.errors import InputError
from batchgen.messages import msg

_T = TypeVar("_T")

#: So many values are kept in memory; what is longer goes to disk.
KEPT = 20_000
#: Values that are written, and read again, at once.
_BLOCK = 500


def spilled(
    values: Iterable[_T], classes: Sequence[type] = (), *, kept: int = KEPT
) -> Collection[_T]:
    """Take in a stream; give its values in their order, from memory or from disk.

    `classes`: see `Spill`.

    Raises:
        OSError: the disk of the temporary folder does not take them.
    """
    stream = iter(values)
    beginning = tuple(islice(stream, kept))
    if len(beginning) < kept:
        return beginning
    spill = Spill[_T](classes)
    for value in beginning:
        spill.append(value)
    for value in stream:
        spill.append(value)
    return spill


def in_order(
    values: Iterable[_T],
    key: Callable[[_T], Any],
    classes: Sequence[type] = (),
    *,
    kept: int = KEPT,
) -> Iterator[_T]:
    """Sort a stream of any length; what compares equal stays in its order.

    Raises:
        OSError: the disk of the temporary folder does not take it.
    """
    stream = iter(values)
    runs: list[Iterable[_T]] = []
    while block := sorted(islice(stream, kept), key=key):
        if len(block) < kept:
            runs.append(block)
            continue
        spill = Spill[_T](classes)
        for value in block:
            spill.append(value)
        runs.append(spill)
    return merge(*runs, key=key)


@contextmanager
def room_to_spill() -> Iterator[None]:
    """Word that the disk does not take a catalogue that is larger than memory.

    Raises:
        InputError: what to do about it.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            msg(
                "the catalogue is kept in {folder} meanwhile, which does not take it ({reason}):"
                " free that disk, or name another folder in TMPDIR",
                folder=tempfile.gettempdir(),
                reason=error.strerror or type(error).__name__,
            )
        ) from error


class Spill(Collection[_T], Generic[_T]):
    """A sequence on disk; may be read by several loops at once, in one thread.

    `classes` are the frozen dataclasses of which the values are made: they are written field by
    field, which is several times faster than pickle's own way.
    """

    def __init__(self, classes: Sequence[type] = (), *, block: int = _BLOCK) -> None:
        self._file = tempfile.TemporaryFile(prefix="batchgen-")  # noqa: SIM115 - see below
        weakref.finalize(self, self._file.close)
        self._table = copyreg.dispatch_table | {kind: _taken_apart(kind) for kind in classes}
        self._block = block
        #: Where each block begins in the file, and what is not written yet.
        self._places: list[int] = []
        self._newest: list[_T] = []

    def append(self, value: _T) -> None:
        """Put a value behind the others.

        Raises:
            OSError: the disk does not take it.
        """
        self._newest.append(value)
        if len(self._newest) == self._block:
            self._places.append(self._file.seek(0, 2))
            pickler = pickle.Pickler(self._file, pickle.HIGHEST_PROTOCOL)
            pickler.dispatch_table = self._table
            pickler.dump(self._newest)
            self._newest = []

    def __len__(self) -> int:
        return len(self._places) * self._block + len(self._newest)

    def __iter__(self) -> Iterator[_T]:
        for place in self._places:
            self._file.seek(place)
            # Only what this process wrote into its own file is ever read here.
            yield from pickle.load(self._file)
        yield from self._newest

    def __contains__(self, value: object) -> bool:
        return any(entry == value for entry in self)


def _taken_apart(kind: type) -> Callable[[Any], tuple[type, tuple[Any, ...]]]:
    """Give what tells pickle how to build a dataclass again: by its fields, in order."""
    names = [field.name for field in fields(kind)]
    if len(names) == 1:
        return partial(_by_one_field, kind, names[0])
    values = attrgetter(*names)
    return lambda entry: (kind, values(entry))


def _by_one_field(kind: type, name: str, entry: Any) -> tuple[type, tuple[Any, ...]]:
    return kind, (getattr(entry, name),)
