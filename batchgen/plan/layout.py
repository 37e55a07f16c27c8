"""Lays a job out: every row of the manifest with the clips that are made of it. Pure.

The manifest may be far larger than memory: rows come as a stream and are kept by whoever is told
to, faults and warnings are collected on the way. Knows nothing of what was bought already.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from batchgen.clip import ClipKey, ClipRequest, LocalPicture, RemotePicture
from batchgen.first_seen import FirstSeen
from batchgen.item import Fault, Item, LeftOut, ManifestRow
from batchgen.job.schema import Job
from batchgen.messages import msg
from batchgen.plan.clips.expand import Expander
from batchgen.plan.values import Clip

#: Warnings of one kind that are told; more are only counted.
_TOLD = 1000


@dataclass(frozen=True, slots=True)
class LaidRow:
    """A faultless row and its clips, in matrix order, then by take."""

    item: Item
    clips: tuple[Clip, ...]


#: The classes of which rows are made before they are laid out.
ROW_CLASSES = (Item, RemotePicture, LocalPicture)
#: The classes of which laid rows are made.
LAID_CLASSES = (LaidRow, Item, Clip, ClipKey, ClipRequest, RemotePicture, LocalPicture)


@dataclass(frozen=True, slots=True)
class Layout:
    """Every row of a manifest with its clips, and what is wrong with the others."""

    #: The faultless ones, in manifest order.
    rows: Collection[LaidRow]
    #: For each clip, in order: which of `kinds` it is.
    kind_of: array[int]
    #: Model and price.
    kinds: tuple[tuple[str, Decimal], ...]
    #: By row.
    faults: tuple[Fault, ...]
    #: By row; of each kind the first thousand.
    warnings: tuple[Fault, ...]
    #: Rows of the manifest, faulty ones included.
    count: int
    #: Clips that would send the same request as an earlier clip of another SKU or variant.
    duplicates: int
    #: Rows of which nothing is made on purpose; they are not among `count`.
    left_out: Counter[LeftOut] = field(default_factory=Counter)

    @property
    def items(self) -> Iterable[Item]:
        """The faultless rows alone; may be iterated over again."""
        return _Items(self.rows)

    def clips(self) -> Iterator[Clip]:
        """Yield the clips in manifest order, then matrix order, then take."""
        for row in self.rows:
            yield from row.clips


@dataclass(frozen=True, slots=True)
class _Items:
    """The items of laid rows, as often as they are asked for."""

    rows: Iterable[LaidRow]

    def __iter__(self) -> Iterator[Item]:
        return (row.item for row in self.rows)


def lay_out(
    job: Job,
    manifest: Iterable[ManifestRow],
    keep: Callable[[Iterator[LaidRow]], Collection[LaidRow]] = tuple,
) -> Layout:
    """Lay a job out over the rows of its manifest; `keep` takes them in, one after another.

    Raises:
        JobFileError: a prompt template of the job is wrong.
        ManifestError: the manifest cannot be read to its end.
    """
    laying = _Laying(job)
    rows = keep(laying.rows(manifest))
    duplicates = laying.duplicates(rows)
    return Layout(
        rows=rows,
        kind_of=laying.kind_of,
        kinds=tuple(laying.kinds),
        faults=by_row(laying.faults),
        warnings=by_row([*laying.warnings, *laying.not_told()]),
        count=laying.count,
        duplicates=duplicates,
        left_out=laying.left_out,
    )


def by_row(reports: Iterable[Fault]) -> tuple[Fault, ...]:
    """Sort by file, as they come, then by row, those of the whole file first."""
    reports = list(reports)
    files = {file: at for at, file in enumerate(dict.fromkeys(each.file for each in reports))}
    return tuple(sorted(reports, key=lambda report: (files[report.file], report.row or 0)))


@dataclass(slots=True)
class _Laying:
    """What is collected while the rows pass."""

    job: Job
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    count: int = 0
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    kind_of: array[int] = field(default_factory=lambda: array("B"))
    kinds: dict[tuple[str, Decimal], int] = field(default_factory=dict)
    _told: Counter[str] = field(default_factory=Counter)
    _requests: FirstSeen = field(default_factory=FirstSeen)
    #: Numbers of clips whose request came before, and of the first that sent it.
    _repeating: array[int] = field(default_factory=lambda: array("I"))
    _repeated: array[int] = field(default_factory=lambda: array("I"))

    def rows(self, manifest: Iterable[ManifestRow]) -> Iterator[LaidRow]:
        """Yield the rows of which clips are made; note all the rest."""
        expander = Expander(self.job)
        for row in manifest:
            for warning in row.warnings:
                self._warn(warning)
            if row.left_out:
                self.left_out[row.left_out] += 1
                continue
            self.count += 1
            if row.item is None or row.faults:
                self.faults.extend((*row.faults, *_further_faults(expander, row)))
                continue
            made = expander.expand(row.item)
            self.faults.extend(made.faults)
            for warning in made.warnings:
                self._warn(warning)
            if made.clips:
                self._note(made.clips)
                yield LaidRow(row.item, made.clips)

    def duplicates(self, rows: Iterable[LaidRow]) -> int:
        """Count the clips that repeat the request of another SKU or variant; warn of each name.

        Takes of one clip are wanted copies, no duplicates.
        """
        if not self._repeating:
            return 0
        original_of = dict(zip(self._repeating, self._repeated, strict=True))
        wanted = set(self._repeated)
        originals: dict[int, Clip] = {}
        names: set[tuple[str, str]] = set()
        count = 0
        for number, clip in enumerate(clip for row in rows for clip in row.clips):
            if number in wanted:
                originals[number] = clip
            if number not in original_of:
                continue
            original = originals[original_of[number]]
            name = (clip.key.sku, clip.key.variant)
            if name != (original.key.sku, original.key.variant):
                count += 1
                if name not in names:
                    names.add(name)
                    self._warn(_repeats(self.job, clip, original))
        return count

    def not_told(self) -> Iterator[Fault]:
        """Say how many warnings of each kind are left out."""
        for code, count in self._told.items():
            if count > _TOLD:
                message = msg("more warnings like this: {count}", count=count - _TOLD)
                yield Fault(self.job.manifest.name, None, None, code, message)

    def _note(self, clips: Iterable[Clip]) -> None:
        for clip in clips:
            number = len(self.kind_of)
            kind = (clip.request.model, clip.price)
            self.kind_of.append(self.kinds.setdefault(kind, len(self.kinds)))
            first = self._requests.note(clip.fingerprint, number)
            if first != number:
                self._repeating.append(number)
                self._repeated.append(first)

    def _warn(self, warning: Fault) -> None:
        self._told[warning.code] += 1
        if self._told[warning.code] <= _TOLD:
            self.warnings.append(warning)


def _further_faults(expander: Expander, row: ManifestRow) -> Iterator[Fault]:
    """Find what else is wrong in a row that the catalogue found faulty: all is told at once.

    Its pictures and name were judged already; missing ones would only be told twice.
    """
    if row.item is not None:
        for fault in expander.look_at(row.item).faults:
            if not fault.code.startswith(("picture-", "clip-duplicate")):
                yield fault


def _repeats(job: Job, clip: Clip, original: Clip) -> Fault:
    message = msg(
        "{clip} sends the same request as {original}, and is paid for all the same",
        clip=str(clip.key),
        original=str(original.key),
    )
    return Fault(job.manifest.name, clip.row, None, "duplicate-request", message, clip.key.sku)
