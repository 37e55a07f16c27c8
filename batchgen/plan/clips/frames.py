"""Requests without their content: everything of them that many rows share. Pure.

For each field the matrix wins over the row's own cell, and that over the job's `clip` defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from batchgen.clip import ClipRequest
from batchgen.item import Fault
from batchgen.job.schema import Job
from batchgen.messages import msg
from batchgen.plan.clips.matrix import MatrixCell
from batchgen.plan.clips.shaping import SHAPING, shape_of
from batchgen.video_models import MODELS, Breach, ModelSpec, price_of, setting_breaches

_YES = frozenset({"yes", "true", "1", "是"})
_NO = frozenset({"no", "false", "0", "否"})
#: Fields of a request that a row or a cell of the matrix may set, content aside.
_SETTINGS = ("model", "size", "movement_amplitude", "with_audio")
#: Columns by which rows differ in more than their content.
_FRAMING = (*_SETTINGS, "aspect_ratio", *SHAPING)
#: Settings that differ in every row are not worth keeping.
_FRAMES_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Frame:
    """A request without its content, as many rows share it, and what is wrong with it."""

    spec: ModelSpec
    request: ClipRequest
    price: Decimal
    breaches: tuple[Breach, ...]
    #: The provider gets web pictures by itself, so that none can be shaped.
    needs_files: bool = False


class Frames:
    """Makes the frames of rows, each once; rows differ in few of their settings."""

    def __init__(self, job: Job) -> None:
        self._job = job
        #: By the labels of the cell and what the row says.
        self._made: dict[tuple[object, ...], Frame | tuple[Breach, ...]] = {}
        #: What is to be told once, by its text; and what of it was not asked for yet.
        self._noted: set[tuple[str, str]] = set()
        self._new_notes: list[Fault] = []

    def frame(self, cell: MatrixCell, row: Mapping[str, str]) -> Frame | tuple[Breach, ...]:
        """Give the frame for a row's cells; without a model, only what is wrong."""
        key = (cell.labels, *map(row.get, _FRAMING))
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= _FRAMES_KEPT:
                self._made.clear()
            made = self._made[key] = self._make(cell, row)
        return made

    def new_notes(self) -> list[Fault]:
        """Give what is to be told of the whole job, and was not given yet."""
        notes = self._new_notes
        if notes:
            self._new_notes = []
        return notes

    def _note(self, breaches: Iterable[Breach]) -> None:
        for breach in breaches:
            text = (breach.code, str(breach.message))
            if text not in self._noted:
                self._noted.add(text)
                self._new_notes.append(
                    Fault(self._job.manifest.name, None, None, breach.code, breach.message)
                )

    def _make(self, cell: MatrixCell, row: Mapping[str, str]) -> Frame | tuple[Breach, ...]:
        found: list[Breach] = []
        value = {
            name: cell.settings.get(name) or row.get(name, "").strip() or str(default)
            for name, default in self._defaults()
        }
        with_audio = _with_audio(value["with_audio"], found)
        spec = _model(value["model"], found)
        if spec is None:
            return tuple(found)
        shape = shape_of(self._job, spec, cell.settings, row, value["size"])
        self._note(shape.notes)
        request = ClipRequest(
            model=spec.name,
            prompt="",
            pictures=(),
            size=value["size"],
            duration=self._job.clip.duration,
            movement_amplitude=value["movement_amplitude"],
            with_audio=with_audio,
            aspect_ratio=shape.aspect_ratio,
            user_id=self._job.clip.user_id,
            fit=shape.fit,
        )
        price, _ = price_of(spec.name, self._job.account.provider)
        breaches = (*found, *shape.faults, *setting_breaches(request))
        needs_files = shape.fit is not None and not self._job.manifest.fetch
        return Frame(spec, request, price, breaches, needs_files)

    def _defaults(self) -> Iterator[tuple[str, object]]:
        return ((name, getattr(self._job.clip, name)) for name in _SETTINGS)


def _model(name: str, found: list[Breach]) -> ModelSpec | None:
    if name not in MODELS:
        message = msg(
            "there is no model {model}; there are: {known}", model=name, known=", ".join(MODELS)
        )
        found.append(Breach("model-unknown", "model", message))
    return MODELS.get(name)


def _with_audio(value: str, found: list[Breach]) -> bool:
    if value.lower() in _YES | _NO:
        return value.lower() in _YES
    message = msg("with_audio is yes or no, not {value}", value=value)
    found.append(Breach("bad-with-audio", "with_audio", message))
    return False
