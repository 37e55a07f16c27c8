"""Rows of the catalogue times cells of the matrix: the clips of a job. Pure.

For each field the matrix wins over the row's own cell, and that over the job's `clip` defaults.
A row is made whole or not at all: one fault in any of its clips holds all of them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from batchgen.clip import ClipKey, ClipRequest, Picture
from batchgen.item import Fault, Item
from batchgen.job.schema import Job
from batchgen.messages import msg
from batchgen.plan.identity import fingerprint
from batchgen.plan.matrix import MatrixCell, cells, variant_of
from batchgen.plan.prompts import PromptError, PromptTemplate, compile_prompt, tidy
from batchgen.plan.values import Clip
from batchgen.video_models import MODELS, Breach, ModelSpec, breaches, price_of

_YES = frozenset({"yes", "true", "1", "是"})
_NO = frozenset({"no", "false", "0", "否"})
#: Takes are numbered from 1 to this, as in the job file.
_MAX_TAKE = 99


@dataclass(frozen=True, slots=True)
class Expanded:
    """What one row of the catalogue becomes; with a fault it has no clips."""

    clips: tuple[Clip, ...] = ()
    #: Each distinct fault once.
    faults: tuple[Fault, ...] = ()
    #: Each distinct warning once.
    warnings: tuple[Fault, ...] = ()


def expand(job: Job, items: Iterable[Item]) -> Iterator[Expanded]:
    """Yield what each row becomes: in matrix order, then by take.

    Raises:
        JobFileError: a prompt template of the job is wrong.
    """
    templates = _templates(job)
    matrix = cells(job)
    rows_of: dict[ClipKey, int] = {}
    for item in items:
        yield _Row(job, item, templates).expand(matrix, rows_of)


def _templates(job: Job) -> dict[str, PromptTemplate]:
    """Compile every template of the job, by its text."""
    named = {"clip.prompt": job.clip.prompt}
    named |= {
        f"matrix.prompt.{label}": text for label, text in job.matrix.get("prompt", {}).items()
    }
    return {text: compile_prompt(text, name) for name, text in named.items()}


class _Row:
    """One row on its way to clips, and what was found wrong with it so far."""

    def __init__(self, job: Job, item: Item, templates: dict[str, PromptTemplate]) -> None:
        self._job = job
        self._item = item
        self._templates = templates
        self._found: list[Breach] = []

    def expand(self, matrix: Sequence[MatrixCell], rows_of: dict[ClipKey, int]) -> Expanded:
        """Make the row's clips; `rows_of` remembers which row made which clip."""
        takes = self._takes()
        tags = self._tags()
        clips: list[Clip] = []
        for cell in matrix:
            request = self._request(cell)
            if request is None:
                continue
            variant = variant_of(self._cell("variant"), cell.labels)
            price, _ = price_of(request.model, self._job.account.provider)
            identity = fingerprint(request)
            for take in takes:
                key = ClipKey(self._item.sku, variant, take)
                self._claim(key, rows_of)
                clips.append(Clip(key, request, identity, price, self._item.row, tags))
        faults = self._reports(warnings=False)
        return Expanded(() if faults else tuple(clips), faults, self._reports(warnings=True))

    def _cell(self, column: str) -> str:
        return self._item.cells.get(column, "").strip()

    def _takes(self) -> Sequence[int]:
        text = self._cell("take")
        if not text:
            return range(1, self._job.takes + 1)
        if text.isdecimal() and len(text) <= len(str(_MAX_TAKE)) and int(text) > 0:
            return [int(text)]
        message = msg("take is a number from 1 to {most}, not {value}", most=_MAX_TAKE, value=text)
        self._found.append(Breach("bad-take", "take", message))
        return []

    def _tags(self) -> dict[str, str]:
        columns = self._job.budget.by
        for column in columns:
            if column not in self._item.cells:
                message = msg(
                    "budget.by counts by {column}, which the row does not have", column=column
                )
                self._found.append(Breach("budget-column", column, message))
        return {column: self._cell(column) for column in columns}

    def _claim(self, key: ClipKey, rows_of: dict[ClipKey, int]) -> None:
        if key in rows_of:
            message = msg(
                "{clip} is made twice, first by row {row}: give one of them another variant,"
                " label or take",
                clip=str(key),
                row=rows_of[key],
            )
            self._found.append(Breach("clip-duplicate", "variant", message))
        rows_of.setdefault(key, self._item.row)

    def _request(self, cell: MatrixCell) -> ClipRequest | None:
        """Build what is sent, noting everything wrong with it; None for an unknown model."""
        prompt = self._prompt(cell)
        with_audio = self._with_audio(cell)
        spec = self._model(cell)
        if spec is None:
            return None
        request = ClipRequest(
            model=spec.name,
            prompt=prompt,
            pictures=self._pictures(spec),
            size=self._value(cell, "size"),
            duration=self._job.clip.duration,
            movement_amplitude=self._value(cell, "movement_amplitude"),
            with_audio=with_audio,
            aspect_ratio=self._value(cell, "aspect_ratio") if spec.aspect_ratios else None,
            user_id=self._job.clip.user_id,
        )
        self._found.extend(breaches(request))
        return request

    def _value(self, cell: MatrixCell, field: str) -> str:
        if field in cell.settings:
            return cell.settings[field]
        return self._cell(field) or str(getattr(self._job.clip, field))

    def _model(self, cell: MatrixCell) -> ModelSpec | None:
        name = self._value(cell, "model")
        if name not in MODELS:
            message = msg(
                "there is no model {model}; there are: {known}", model=name, known=", ".join(MODELS)
            )
            self._found.append(Breach("model-unknown", "model", message))
        return MODELS.get(name)

    def _prompt(self, cell: MatrixCell) -> str:
        """Give the prompt; only the job's own texts are templates, the row's cell is literal."""
        if "prompt" not in cell.settings and self._cell("prompt"):
            return tidy(self._cell("prompt"))
        text = cell.settings.get("prompt", self._job.clip.prompt)
        try:
            return self._templates[text].render(self._item.cells)
        except PromptError as error:
            self._found.append(Breach(error.code, "prompt", error.message))
            return "?"  # breaks no limit, so that only the row's other faults are found with it

    def _with_audio(self, cell: MatrixCell) -> bool:
        value = self._value(cell, "with_audio")
        if value.lower() in _YES | _NO:
            return value.lower() in _YES
        message = msg("with_audio is yes or no, not {value}", value=value)
        self._found.append(Breach("bad-with-audio", "with_audio", message))
        return False

    def _pictures(self, spec: ModelSpec) -> tuple[Picture, ...]:
        """Give the first pictures that the model takes; a pair must fit as it is."""
        pictures = self._item.pictures
        if spec.is_frame_pair or len(pictures) <= spec.max_pictures:
            return pictures
        message = msg(
            "{model} takes {limit} of the row's {count} pictures: the first",
            model=spec.name,
            limit=spec.max_pictures,
            count=len(pictures),
        )
        self._found.append(Breach("pictures-dropped", "images", message, is_warning=True))
        return pictures[: spec.max_pictures]

    def _reports(self, *, warnings: bool) -> tuple[Fault, ...]:
        """Give the distinct faults, or the distinct warnings, with their place in the manifest."""
        reports: list[Fault] = []
        for breach in self._found:
            fault = Fault(
                file=self._item.file,
                row=self._item.row,
                column=self._job.manifest.columns.get(breach.field, breach.field),
                code=breach.code,
                message=breach.message,
                sku=self._item.sku,
                cells=self._item.cells,
            )
            if breach.is_warning == warnings and fault not in reports:
                reports.append(fault)
        return tuple(reports)
