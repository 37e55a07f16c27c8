"""Some prompts of each model, so that a wrong column or encoding is seen before money moves."""

from __future__ import annotations

from dataclasses import replace

from batchgen.cli.showing.shortening import shortened
from batchgen.cli.speech import tell
from batchgen.clip import LocalPicture, Picture
from batchgen.messages import msg
from batchgen.plan.values import Plan, PlannedClip

#: Prompts shown of each model.
_SAMPLES = 3
#: Terminal columns of what is shown: about three lines of a usual terminal, and a half.
_PROMPT_COLUMNS = 240
_PICTURE_COLUMNS = 40


def tell_samples(plan: Plan) -> None:
    """Print the first prompts to buy of each model, with SKU and first picture, if there are any.

    Control characters stand as escapes.
    """
    samples = _samples(plan)
    if samples:
        tell(msg("sample prompts:"))
    for entry in samples:
        request = entry.clip.request
        tell(
            msg(
                "  {model}  {clip}: {prompt} [{picture}]",
                model=request.model,
                clip=str(entry.clip.key),
                picture=_named(request.pictures[0]),
                prompt=shortened(request.prompt, _PROMPT_COLUMNS),
            )
        )


def _named(picture: Picture) -> str:
    """Name a picture as the manifest does; one on the web by the last part of its address."""
    if isinstance(picture, LocalPicture):
        return shortened(picture.name, _PICTURE_COLUMNS)
    path = picture.url.partition("?")[0]
    return shortened(path.rpartition("/")[2] or picture.url, _PICTURE_COLUMNS)


def _samples(plan: Plan) -> list[PlannedClip]:
    """Give the first clips of each model, by model; looks no further than it must."""
    missing = {model: min(count, _SAMPLES) for model, count in plan.bought_models.items()}
    found: list[PlannedClip] = []
    for entry in plan.to_buy:
        if not any(missing.values()):
            break
        model = entry.clip.request.model
        if missing[model] and not _is_take_of(entry, found):
            missing[model] -= 1
            found.append(entry)
    return sorted(found, key=lambda entry: entry.clip.request.model)


def _is_take_of(entry: PlannedClip, found: list[PlannedClip]) -> bool:
    """Tell whether another take of the clip was found last: its prompt is the same."""
    key = entry.clip.key
    return any(replace(key, take=last.clip.key.take) == last.clip.key for last in found[-1:])
