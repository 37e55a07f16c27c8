"""What a platform would object to in the clips of a job: too short, too small, another shape. Pure.

Each objection says what mends it, and how old and how good our knowledge is. None of them holds a
clip back: the person may know better.
"""

from __future__ import annotations

from collections.abc import Iterator

from batchgen.job.schema import Job
from batchgen.messages import Message, msg
from batchgen.picture_fit import PictureFit, in_lowest_terms
from batchgen.plan.platforms import Platform
from batchgen.video_models import Breach


def note(code: str, message: Message) -> Breach:
    """Make a warning of a whole job."""
    return Breach(code, "clip", message, is_warning=True)


def objections(
    job: Job, name: str, platform: Platform, ratio: str | None, size: str
) -> Iterator[Breach]:
    """Yield what a platform would object to in every clip of a job."""
    yield from _of_length(job, name, platform)
    if platform.least is not None and _short_side(size) < platform.least_side:
        yield note(
            "platform-too-small",
            msg(
                "{platform} asks for {least} pixels at least{read}, clips of size {size} have"
                " fewer, and none is enlarged: ask the platform whether it takes them",
                platform=name,
                least=platform.least,
                size=size,
                read=_read(platform),
            ),
        )
    if platform.ratios and ratio and ratio not in map(in_lowest_terms, platform.ratios):
        yield note(
            "platform-ratio",
            msg(
                "{platform} takes the shapes {known}{read}, these clips are {ratio}",
                platform=name,
                known=", ".join(platform.ratios),
                ratio=ratio,
                read=_read(platform),
            ),
        )
    largest_mb = job.finish.max_mb if job.finish else None
    if platform.max_mb and largest_mb and largest_mb > platform.max_mb:
        yield note(
            "platform-too-heavy",
            msg(
                "{platform} takes files up to {most} MB{read}: lower finish.max_mb to that",
                platform=name,
                most=f"{platform.max_mb:g}",
                read=_read(platform),
            ),
        )


def _of_length(job: Job, name: str, platform: Platform) -> Iterator[Breach]:
    """Yield that clips are too short or too long, with the last frame held if the job says so."""
    hold_to = job.finish.hold_to if job.finish and job.finish.hold_to else 0
    length = max(job.clip.duration, hold_to)
    if platform.min_length_s and length < platform.min_length_s:
        yield note(
            "platform-too-short",
            msg(
                "{platform} takes clips from {least} s on{read}, these have {length} s: finish:"
                " {{hold_to: {least}s}} makes second files that hold the last frame so long",
                platform=name,
                least=f"{platform.min_length_s:g}",
                length=f"{length:g}",
                read=_read(platform),
            ),
        )
    if platform.max_length_s and length > platform.max_length_s:
        yield note(
            "platform-too-long",
            msg(
                "{platform} takes clips up to {most} s{read}, these are held to {length} s:"
                " lower finish.hold_to",
                platform=name,
                most=f"{platform.max_length_s:g}",
                length=f"{length:g}",
                read=_read(platform),
            ),
        )


def bars(job: Job, name: str, platform: Platform, fit: PictureFit | None) -> Iterator[Breach]:
    """Yield that a platform refuses pictures with added sides, where some are added."""
    ways = {
        "clip.fit": fit.way if fit else None,
        "finish.fill": job.finish.fill if job.finish and job.finish.ratio else None,
    }
    for key, way in ways.items():
        if not platform.bars and way in {"pad", "blur"}:
            yield note(
                "platform-bars",
                msg(
                    "{platform} refuses clips with bars{read}: write {key}: crop instead of {way}",
                    platform=name,
                    key=key,
                    way=way,
                    read=_read(platform),
                ),
            )


def _short_side(size: str) -> int:
    """Give the short side of `1280x720`; what is no size is judged elsewhere."""
    sides = size.split("x")
    return min(map(int, sides)) if all(side.isdecimal() for side in sides) else 10**9


def _read(platform: Platform) -> Message | str:
    """Say when and how a platform's figures were read."""
    if platform.checked_on is None:
        return ""
    if platform.trust == "doc":
        return msg(" (its own page, read {date})", date=platform.checked_on)
    return msg(" (second-hand, read {date})", date=platform.checked_on)
