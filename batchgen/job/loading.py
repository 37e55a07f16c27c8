"""Opens a job file and makes a `Job` of it, or names everything that is wrong in it at once.

The file is text-only YAML (`text_yaml`), the schema turns text into numbers, `wording` says what
the schema found. Knows no manifest, no key and no state.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from batchgen.errors import JobFileError
from batchgen.job.schema import Job
from batchgen.job.text_yaml import TextDocument, TextValue, TextYamlError, parse_text_yaml
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
    errors = _foreign_path(said)
    try:
        job = Job.model_validate({**said, "path": path.parent.resolve() / path.name})
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


def _foreign_path(said: Mapping[str, TextValue]) -> list[ErrorDetails]:
    """Refuse a `path` that the file gives itself: that field of `Job` is ours."""
    if "path" not in said:
        return []
    return [ErrorDetails(type="extra_forbidden", loc=("path",), msg="", input=said["path"])]
