"""Rows of the catalogue times cells of the matrix: the clips of a job. Pure.

For each field the matrix wins over the row's own cell, and that over the job's `clip` defaults.
A row is made whole or not at all: one fault in any of its clips holds all of them back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from batchgen.clip import ClipKey, ClipRequest, Picture, RemotePicture
from batchgen.first_seen import FirstSeen
from batchgen.item import Fault, Item
from batchgen.job.schema import Job
from batchgen.messages import msg, visible
from batchgen.plan.clips.frames import Frame, Frames
from batchgen.plan.clips.identity import fingerprint
from batchgen.plan.clips.matrix import MatrixCell, cells, variant_of
from batchgen.plan.clips.prompts import PromptError, PromptTemplate, compile_prompt, tidy
from batchgen.plan.values import Clip
from batchgen.video_models import Breach, ModelSpec, content_breaches

#: Takes are numbered from 1 to this, as in the job file.
_MAX_TAKE = 99
#: Characters of a prompt that a warning shows.
_SHOWN = 80


class Expanded(NamedTuple):
    """What one row of the catalogue becomes; with a fault it has no clips."""

    clips: tuple[Clip, ...] = ()
    #: Each distinct fault once.
    faults: tuple[Fault, ...] = ()
    #: Each distinct warning once.
    warnings: tuple[Fault, ...] = ()


class Expander:
    """Turns the rows of one catalogue into clips, one after another.

    Raises:
        JobFileError: a prompt template of the job is wrong.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._templates = _templates(job)
        self._matrix = cells(job)
        #: Clip -> the row that made it.
        self._rows = FirstSeen()
        self._frames = Frames(job)

    def expand(self, item: Item) -> Expanded:
        """Make the clips of a row: in matrix order, then by take.

        The first row that it concerns tells, as a warning of the whole file, what is to be told
        once.
        """
        made = self._row(item).expand(self._matrix, self._rows)
        notes = self._frames.new_notes()
        return made._replace(warnings=(*made.warnings, *notes)) if notes else made

    def look_at(self, item: Item) -> Expanded:
        """Do the same for a row of which nothing will be made: it takes no other row's names."""
        return self._row(item).expand(self._matrix, FirstSeen())

    def _row(self, item: Item) -> _Row:
        return _Row(self._job, item, self._templates, self._frames)


def _templates(job: Job) -> dict[str, PromptTemplate]:
    """Compile every template of the job, by its text."""
    named = {"clip.prompt": job.clip.prompt}
    named |= {
        f"matrix.prompt.{label}": text for label, text in job.matrix.get("prompt", {}).items()
    }
    return {text: compile_prompt(text, name) for name, text in named.items()}


def _blank(template: str, column: str, prompt: str) -> Breach:
    message = msg(
        '{template} names {column}, which is blank here: the prompt is "{prompt}". Fill it in, or'
        " say {{{{ {column} | default('...') }}}}",
        template=template,
        column=column,
        prompt=prompt[:_SHOWN],
    )
    return Breach("prompt-blank", column, message, is_warning=True)


def _not_here(request: ClipRequest) -> Iterator[Breach]:
    """Yield each picture that is to be shaped, and that only the provider would get."""
    for picture in request.pictures:
        if isinstance(picture, RemotePicture):
            message = msg(
                "{url} is on the web, and fit: {fit} needs the picture itself: write fetch: true"
                " under manifest, or give a file",
                url=visible(picture.url),
                fit=request.fit.way if request.fit else "none",
            )
            yield Breach("picture-fit-remote", "images", message)


class _Row:
    """One row on its way to clips, and what was found wrong with it so far."""

    def __init__(
        self, job: Job, item: Item, templates: Mapping[str, PromptTemplate], frames: Frames
    ) -> None:
        self._job = job
        self._item = item
        self._templates = templates
        self._frames = frames
        self._found: list[Breach] = []

    def expand(self, matrix: Sequence[MatrixCell], rows_of: FirstSeen) -> Expanded:
        """Make the row's clips; `rows_of` remembers which row made which clip."""
        takes = self._takes()
        tags = self._tags()
        clips: list[Clip] = []
        for cell in matrix:
            prompt = self._prompt(cell)
            frame = self._frames.frame(cell, self._item.cells)
            if not isinstance(frame, Frame):
                self._found.extend(frame)
                continue
            request = self._request(frame, prompt)
            variant = variant_of(self._cell("variant"), cell.labels)
            identity = fingerprint(request)
            for take in takes:
                key = ClipKey(self._item.sku, variant, take)
                self._claim(key, rows_of)
                clips.append(Clip(key, request, identity, frame.price, self._item.row, tags))
        if not self._found:
            return Expanded(tuple(clips))
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

    def _claim(self, key: ClipKey, rows_of: FirstSeen) -> None:
        names = len(rows_of)
        row = rows_of.note(key, self._item.row)
        if len(rows_of) == names:
            message = msg(
                "{clip} is made twice, first by row {row}: give one of them another variant,"
                " label or take",
                clip=str(key),
                row=row,
            )
            self._found.append(Breach("clip-duplicate", "variant", message))

    def _request(self, frame: Frame, prompt: str) -> ClipRequest:
        """Put the row's content into the frame, noting everything wrong with it."""
        framed = frame.request
        request = ClipRequest(
            framed.model,
            prompt,
            self._pictures(frame.spec),
            framed.size,
            framed.duration,
            framed.movement_amplitude,
            framed.with_audio,
            framed.aspect_ratio,
            framed.user_id,
            framed.fit,
        )
        self._found.extend(frame.breaches)
        if frame.needs_files:
            self._found.extend(_not_here(request))
        self._found.extend(content_breaches(request))
        return request

    def _prompt(self, cell: MatrixCell) -> str:
        """Give the prompt; only the job's own texts are templates, the row's cell is literal."""
        if "prompt" not in cell.settings and self._cell("prompt"):
            return tidy(self._cell("prompt"))
        text = cell.settings.get("prompt", self._job.clip.prompt)
        template = self._templates[text]
        try:
            prompt = template.render(self._item.cells)
        except PromptError as error:
            self._found.append(Breach(error.code, "prompt", error.message))
            return "?"  # breaks no limit, so that only the row's other faults are found with it
        for column in template.blanks(self._item.cells):
            self._found.append(_blank(template.name, column, prompt))
        return prompt

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
                column=self._item.headers.get(breach.field, breach.field),
                code=breach.code,
                message=breach.message,
                sku=self._item.sku,
                cells=self._item.cells,
            )
            if breach.is_warning == warnings and fault not in reports:
                reports.append(fault)
        return tuple(reports)
