"""Opens a job file and makes a `Job` of it, or names everything that is wrong in it at once.

The file is text-only YAML (`text_yaml`), the schema turns text into numbers, `wording` says what
the schema found. Knows no manifest, no key and no state.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from batchgen.errors import JobFileError
from batchgen.job.presets import known_platforms
from batchgen.job.schema import Job
from batchgen.job.text_yaml import (
    TextDocument,
    TextValue,
    TextYamlError,
    ValuePath,
    parse_text_yaml,
)
from batchgen.job.wording import fault_lines
from batchgen.messages import msg

_NO_OVERRIDES: Mapping[str, str] = MappingProxyType({})
#: Keys of a job that change nothing of what is asked for.
_NOT_BOUGHT = {"output", "budget", "window"}


def load_job(path: str | Path, overrides: Mapping[str, str] = _NO_OVERRIDES) -> Job:
    """Read a job file; `overrides` (dotted key -> text, from flags) win over what it says.

    Paths among the overrides must be absolute, since a job's paths start at its own folder.

    Raises:
        JobFileError: with one entry of `details` for each fault, in file order.
    """
    path = Path(path)
    document = _parse(path)
    if not isinstance(document.value, dict):
        raise JobFileError(msg("{file} is no job file: it must hold `key: value` lines", file=path))
    said = document.value
    for key, value in overrides.items():
        said = _with(said, key.split("."), value)
    folder = path.parent.resolve()
    platforms = known_platforms(folder)
    ours = {"path": folder / path.name, "platforms": platforms}
    errors = [*_foreign_keys(said, ours), *_unknown_platforms(said, platforms)]
    try:
        job = Job.model_validate({**said, **ours})
    except ValidationError as error:
        errors += error.errors(include_url=False)
        job = None
    if job is None or errors:
        details = fault_lines(errors, document.lines, overrides)
        raise JobFileError(
            msg("{file} has faults: {count}", file=path, count=len(details)), details=details
        )
    return job


def job_digest(job: Job) -> str:
    """Hash what a job says of what is bought, wherever its file lies.

    The order of axes and labels counts; the output folder, the budgets and the window do not.
    """
    bought = job.model_dump(mode="json", exclude=_NOT_BOUGHT)
    said = json.dumps(bought, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def _parse(path: Path) -> TextDocument:
    try:
        return parse_text_yaml(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise JobFileError(
            msg("the job file {file} cannot be read: {reason}", file=path, reason=reason)
        ) from error
    except UnicodeDecodeError as error:
        raise JobFileError(
            msg("the job file {file} is not UTF-8 text: save it as UTF-8", file=path)
        ) from error
    except TextYamlError as error:
        raise JobFileError(msg("{file}, {problem}", file=path, problem=error.message)) from error


def _with(said: dict[str, TextValue], keys: list[str], value: str) -> dict[str, TextValue]:
    """Put a value under dotted keys, in a copy; what is no section is left for the schema."""
    first, *deeper = keys
    if not deeper:
        return {**said, first: value}
    section = said.get(first)
    if section is None:
        section = {}
    return {**said, first: _with(section, deeper, value) if isinstance(section, dict) else section}


def _foreign_keys(said: Mapping[str, TextValue], ours: Collection[str]) -> Iterator[ErrorDetails]:
    """Refuse what the file gives itself, of those fields of `Job` that are ours."""
    for key in ours:
        if key in said:
            yield ErrorDetails(type="extra_forbidden", loc=(key,), msg="", input=said[key])


def _unknown_platforms(
    said: Mapping[str, TextValue], known: Collection[str]
) -> Iterator[ErrorDetails]:
    """Refuse a platform that is not known, in `clip` and on the axis of that name."""
    for section in ("clip", "matrix"):
        keys = said.get(section)
        named = keys.get("platform") if isinstance(keys, dict) else None
        for place, name in _texts((section, "platform"), named):
            if name not in known:
                yield ErrorDetails(
                    type="not_one_of",
                    loc=place,
                    msg="",
                    input=name,
                    ctx={"choices": ", ".join(known)},
                )


def _texts(place: ValuePath, value: TextValue) -> Iterator[tuple[ValuePath, str]]:
    """Yield a text, or those of a list or mapping, each with its place."""
    inner: Iterable[tuple[str | int, TextValue]] = ()
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for key, entry in inner:
        if isinstance(entry, str):
            yield (*place, key), entry
