"""Reads the platforms that are known: those of the package, and those beside a job file.

Knows what a platform looks like and nothing of what follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from batchgen.errors import JobFileError
from batchgen.job.text_yaml import TextDocument, TextYamlError, parse_text_yaml
from batchgen.messages import Message, msg
from batchgen.plan.platforms import Platform

#: The user's own platforms, beside the job file.
OWN_FILE = "platforms.yaml"
_PLATFORMS = TypeAdapter(dict[str, Platform])


def known_platforms(folder: Path) -> Mapping[str, Platform]:
    """Give every platform by name; those of a `platforms.yaml` in the folder replace ours.

    Raises:
        JobFileError: that file is wrong, with one entry of `details` for each fault.
    """
    ours = files("batchgen.plan").joinpath("platforms.yaml").read_text(encoding="utf-8")
    return _PLATFORMS.validate_python(parse_text_yaml(ours).value) | _own(folder / OWN_FILE)


def _own(path: Path) -> dict[str, Platform]:
    try:
        document = parse_text_yaml(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise JobFileError(
            msg("{file} cannot be read as UTF-8 text: {reason}", file=path, reason=str(error))
        ) from error
    except TextYamlError as error:
        raise JobFileError(msg("{file}, {problem}", file=path, problem=error.message)) from error
    try:
        return _PLATFORMS.validate_python(document.value or {})
    except ValidationError as error:
        details = _details(error, document)
        raise JobFileError(
            msg("{file} has faults: {count}", file=path, count=len(details)), details=details
        ) from error


def _details(error: ValidationError, document: TextDocument) -> tuple[Message, ...]:
    """Word every fault, with the line of what is closest to it."""
    return tuple(
        msg(
            "line {line}: {key}: {problem}",
            line=document.lines.get(fault["loc"]) or document.lines.get(fault["loc"][:1], 1),
            key=".".join(map(str, fault["loc"])),
            problem=_problem(fault),
        )
        for fault in error.errors(include_url=False)
    )


def _problem(fault: ErrorDetails) -> Message:
    if fault["type"] == "extra_forbidden":
        known = ", ".join(Platform.model_fields)
        return msg("is not a known key; known here: {known}", known=known)
    if fault["type"] == "string_pattern_mismatch":
        form = "540x960" if "least" in fault["loc"] else "9:16"
        return msg("{value} is not of the form {form}", value=fault["input"], form=form)
    return msg("is not valid: {reason}", reason=fault["msg"])
