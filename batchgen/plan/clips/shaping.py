"""Finds the shape of a clip: what is done to its pictures, or what the model is asked for. Pure.

Columns of a row win over the job's `clip`, and the matrix over both. The shape is `ratio`, else
the platform's. Pictures are brought to it (`fit`) where the clip takes the shape of its first
frame; a model with `aspect_ratio` is asked for it by that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from batchgen.job.schema import Job
from batchgen.messages import Message, msg
from batchgen.picture_fit import FitWay, PictureFit, in_lowest_terms
from batchgen.plan.clips.objections import bars, note, objections
from batchgen.plan.platforms import Platform
from batchgen.video_models import Breach, ModelSpec

#: What may be said of a clip's shape, in the matrix, in a row and in the job's `clip`.
SHAPING = ("platform", "ratio", "fit")
_WAYS: Mapping[str, FitWay] = {way: way for way in get_args(FitWay)}
_UNTOUCHED = "none"
_RATIO = re.compile(r"[1-9]\d{0,4}:[1-9]\d{0,4}")


@dataclass(frozen=True, slots=True)
class Shape:
    """How the clips of some rows are shaped, and what is to be told of that."""

    #: None: pictures are sent as they are.
    fit: PictureFit | None
    #: Only where the model has it, else None.
    aspect_ratio: str | None
    #: What holds each of the rows back.
    faults: tuple[Breach, ...]
    #: Told once, however many rows it concerns.
    notes: tuple[Breach, ...]


def shape_of(
    job: Job, spec: ModelSpec, matrix: Mapping[str, str], row: Mapping[str, str], size: str
) -> Shape:
    """Find the shape that a cell of the matrix and a row's cells ask for; `size` as `1280x720`."""
    asked = _Asked(job, spec, matrix, row)
    fit = asked.fit()
    aspect_ratio = asked.aspect_ratio() if spec.aspect_ratios else None
    if asked.platform is not None:
        finished = job.finish.ratio if job.finish else None
        pictured = fit.ratio if fit else None
        shown = in_lowest_terms(finished) if finished else aspect_ratio or pictured
        asked.notes += objections(job, asked.platform_name, asked.platform, shown, size)
        asked.notes += bars(job, asked.platform_name, asked.platform, fit)
    return Shape(fit, aspect_ratio, tuple(asked.faults), tuple(asked.notes))


@dataclass(slots=True)
class _Asked:
    """What is asked for, and what is found wrong with it on the way."""

    job: Job
    spec: ModelSpec
    matrix: Mapping[str, str]
    row: Mapping[str, str]
    faults: list[Breach] = field(default_factory=list)
    notes: list[Breach] = field(default_factory=list)
    platform_name: str = field(init=False)
    platform: Platform | None = field(init=False)
    ratio: str | None = field(init=False)

    def __post_init__(self) -> None:
        self.platform_name = self._said("platform")
        self.platform = self.job.platforms.get(self.platform_name)
        ratio = self._said("ratio") or (self.platform.ratio if self.platform else None)
        self.ratio = in_lowest_terms(ratio) if ratio else None

    def fit(self) -> PictureFit | None:
        """Give what is done to pictures; note where nothing is, although a shape is asked for."""
        way = _WAYS.get(self._said("fit"))
        if self.spec.aspect_ratios:
            if way is not None:
                self.notes.append(note("fit-not-used", _not_used(self.spec)))
            return None
        if way is None:
            self._note_missing_fit()
        elif self.ratio is None:
            message = msg("fit: {fit} needs a shape: write ratio or platform beside it", fit=way)
            self.faults.append(Breach("ratio-missing", "ratio", message))
        else:
            return PictureFit(way, self.ratio)
        return None

    def aspect_ratio(self) -> str:
        """Give what a model with that field is asked for: what is said of it, else the shape."""
        said = self.matrix.get("aspect_ratio") or self.row.get("aspect_ratio", "").strip()
        default = self.job.clip.aspect_ratio
        if said or "aspect_ratio" in self.job.clip.model_fields_set or self.ratio is None:
            return said or default
        if self.ratio in self.spec.aspect_ratios:
            return self.ratio
        message = msg(
            "{model} makes {offered}, not {ratio}: its clips become {default}; finish:"
            ' {{ratio: "{ratio}"}} makes second files of that shape',
            model=self.spec.name,
            offered=", ".join(self.spec.aspect_ratios),
            ratio=self.ratio,
            default=default,
        )
        self.notes.append(note("ratio-not-offered", message))
        return default

    def _note_missing_fit(self) -> None:
        is_wanted = self.matrix.get("fit") or _word(self.row, "fit") == _UNTOUCHED
        if self.ratio is None or is_wanted or "fit" in self.job.clip.model_fields_set:
            return
        if self.job.finish is None or self.job.finish.ratio is None:
            message = msg(
                "clips of {model} take the shape of their picture: write fit: crop, pad or blur"
                " beside {ratio}, or fit: none if the pictures have it",
                model=self.spec.name,
                ratio=self.ratio,
            )
            self.notes.append(note("fit-missing", message))

    def _said(self, name: str) -> str:
        """Give the matrix's word, the row's or the job's; "" for none, or one that is not known."""
        if name in self.matrix:
            return self._known(name, self.matrix[name], is_ours=True)
        cell = _word(self.row, name)
        known = self._known(name, cell, is_ours=self._speaks_of_shapes(name)) if cell else ""
        return known or getattr(self.job.clip, name) or ""

    def _speaks_of_shapes(self, name: str) -> bool:
        """Tell whether a column of this name can only be meant for us.

        Else it may be the shop's own: `fit` is "slim" in many a catalogue of clothes.
        """
        job = self.job
        is_set = not job.clip.model_fields_set.isdisjoint(SHAPING)
        return is_set or name in job.manifest.columns or not job.matrix.keys().isdisjoint(SHAPING)

    def _known(self, name: str, word: str, *, is_ours: bool) -> str:
        if self._is_known(name, word):
            return word
        if is_ours:
            self.faults.append(Breach(f"bad-{name}", name, self._unknown(name, word)))
        else:
            message = msg(
                "the column {name} is taken for the shop's own, since it holds other words than"
                " {known}; if it is meant for batchgen, name it in manifest.columns",
                name=name,
                known=self._choices(name),
            )
            self.notes.append(note("column-not-ours", message))
        return ""

    def _is_known(self, name: str, word: str) -> bool:
        if name == "ratio":
            return _RATIO.fullmatch(word) is not None
        return word in self.job.platforms if name == "platform" else word in {_UNTOUCHED, *_WAYS}

    def _choices(self, name: str) -> str:
        if name == "ratio":
            return "9:16"
        return ", ".join(self.job.platforms if name == "platform" else (_UNTOUCHED, *_WAYS))

    def _unknown(self, name: str, word: str) -> Message:
        if name == "ratio":
            return msg("ratio is a shape such as 9:16, not {value}", value=word)
        if name == "fit":
            return msg("fit is one of {known}, not {value}", known=self._choices(name), value=word)
        return msg(
            "there is no platform {platform}; there are: {known}",
            platform=word,
            known=self._choices(name),
        )


def _word(row: Mapping[str, str], name: str) -> str:
    return row.get(name, "").strip()


def _not_used(spec: ModelSpec) -> Message:
    return msg(
        "fit is not used with {model}: it is asked for a shape by aspect_ratio", model=spec.name
    )
