"""Reads profiles from their YAML files: those that come with batchgen, and the user's own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import ValidationError

from batchgen.catalogue.profiles.schema import GENERIC, Profile
from batchgen.errors import JobFileError
from batchgen.job.text_yaml import TextYamlError, parse_text_yaml
from batchgen.job.wording import fault_lines
from batchgen.messages import Message, msg

_SHIPPED = Path(__file__).parent / "vendors"
_ORDER_SIGNS = Path(__file__).parent / "orders.yaml"


@cache
def shipped_profiles() -> tuple[Profile, ...]:
    """Give the profiles that come with batchgen, by name."""
    return tuple(_read(path) for path in sorted(_SHIPPED.glob("*.yaml")))


def general_profile() -> Profile:
    """Give the profile of what columns are usually called."""
    return next(one for one in shipped_profiles() if one.name == GENERIC)


@cache
def order_sign_headers() -> tuple[str, ...]:
    """Give the headers that lists of orders have, and lists of products do not."""
    document = parse_text_yaml(_ORDER_SIGNS.read_text(encoding="utf-8"))
    signs = document.value if isinstance(document.value, list) else []
    return tuple(str(sign) for sign in signs)


def own_profiles(folder: Path, name: str = "auto") -> tuple[Profile, ...]:
    """Read the user's profiles beside a job file: all in `profiles`, and the one that is named.

    A profile of the package that is named is not looked for beside the job file, where a job may
    be called like it.

    Raises:
        JobFileError: one is no profile; with a line for each fault.
    """
    paths = sorted((folder / "profiles").glob("*.yaml"))
    named = folder / f"{name}.yaml"
    shipped = {one.name for one in shipped_profiles()}
    if name != "auto" and name not in shipped and named.is_file():
        paths.insert(0, named)
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> Profile:
    try:
        document = parse_text_yaml(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise _bad(path, msg("it cannot be read: {reason}", reason=reason)) from error
    except UnicodeDecodeError as error:
        raise _bad(path, msg("it is not UTF-8 text: save it as UTF-8")) from error
    except TextYamlError as error:
        raise _bad(path, error.message) from error
    said = document.value if isinstance(document.value, dict) else {}
    try:
        return Profile.model_validate({"name": path.stem, **said})
    except ValidationError as error:
        errors = error.errors(include_url=False)
        raise _bad(path, *fault_lines(errors, document.lines, schema=Profile)) from error


def _bad(path: Path, *problems: Message) -> JobFileError:
    message = msg("the profile {file} has faults: {count}", file=path, count=len(problems))
    return JobFileError(message, details=problems)
