"""Says in our own sentences what a schema found wrong in a job file or a profile. Pure.

Each line names the dotted key, its line in the file, the fault, and the closest known key or
choice. Knows pydantic's error types; opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import NoneType
from typing import TypeGuard, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from batchgen.job.schema import Job
from batchgen.job.text_yaml import ValuePath
from batchgen.messages import Message, msg

#: Characters of a wrong value that are shown.
_SHOWN = 40


def fault_lines(
    errors: Iterable[ErrorDetails],
    lines: Mapping[ValuePath, int],
    overridden: Collection[str] = (),
    schema: type[BaseModel] = Job,
) -> tuple[Message, ...]:
    """Word every error of a schema, in file order; values `overridden` by a flag have no line."""
    worded = []
    for error in errors:
        place = tuple(part for part in error["loc"] if part != "[key]")
        key = _dotted(place) or "exclude"
        line = 0 if key in overridden else _line(place, lines)
        worded.append((line, key, _problem(error, schema)))
    worded.sort(key=lambda entry: entry[0])
    return tuple(_sentence(*entry) for entry in worded)


def _sentence(line: int, key: str, problem: Message) -> Message:
    if line == 0:
        return msg("{key}: {problem}", key=key, problem=problem)
    return msg("line {line}: {key}: {problem}", line=line, key=key, problem=problem)


def _dotted(place: ValuePath) -> str:
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def _line(place: ValuePath, lines: Mapping[ValuePath, int]) -> int:
    """Give the line of the value, else of the closest section around it; 0 for none."""
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return 0


def _problem(error: ErrorDetails, schema: type[BaseModel]) -> Message:
    if error["type"] == "extra_forbidden":
        return _unknown_key(error, schema)
    worded = _WORDING.get(error["type"])
    if worded is None:
        return msg("is not valid: {reason}", reason=error["msg"])
    return worded(error)


def _shown(error: ErrorDetails) -> str:
    text = str(error["input"])
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _not_one_of(error: ErrorDetails) -> Message:
    context = error.get("ctx", {})
    choices = context.get("choices") or context["expected"].replace("'", "").replace(" or ", ", ")
    close = get_close_matches(str(error["input"]), choices.split(", "), 1)
    if close:
        return msg(
            "{value} is not one of {choices}; did you mean {close}?",
            value=_shown(error),
            choices=choices,
            close=close[0],
        )
    return msg("{value} is not one of {choices}", value=_shown(error), choices=choices)


def _unknown_key(error: ErrorDetails, schema: type[BaseModel]) -> Message:
    *section, key = error["loc"]
    known = _keys_of(schema, section)
    close = get_close_matches(str(key), known, 1)
    if close:
        return msg("is not a known key; did you mean {close}?", close=close[0])
    elsewhere = [path for path in _section_keys(schema) if path.endswith(f".{key}")]
    if elsewhere:
        return msg("is not a known key here; it belongs to {place}", place=elsewhere[0])
    return msg("is not a known key; known here: {known}", known=", ".join(known))


def _keys_of(schema: type[BaseModel], section: Iterable[object]) -> list[str]:
    model = schema
    for part in section:
        field = model.model_fields.get(str(part))
        inner = _without_none(field.annotation) if field else None
        if not _is_section(inner):
            return []
        model = inner
    return [name for name, field in model.model_fields.items() if not field.exclude]


def _section_keys(schema: type[BaseModel]) -> Iterator[str]:
    """Yield every key that stands one level down, dotted."""
    for section in schema.model_fields:
        yield from (f"{section}.{key}" for key in _keys_of(schema, [section]))


def _without_none(annotation: object) -> object:
    """Give what an optional section is when it is there."""
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    return kinds[0] if len(kinds) == 1 else annotation


def _is_section(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _limit(error: ErrorDetails, name: str) -> object:
    return error.get("ctx", {}).get(name)


def _no_number(error: ErrorDetails) -> Message:
    return msg("{value} is not a number", value=_shown(error))


def _no_whole_number(error: ErrorDetails) -> Message:
    return msg("{value} is not a whole number", value=_shown(error))


def _no_switch(error: ErrorDetails) -> Message:
    return msg("{value} is not a switch: write true or false", value=_shown(error))


def _no_section(error: ErrorDetails) -> Message:
    return msg("must hold keys of its own (key: value), not {value}", value=_shown(error))


_WORDING: Mapping[str, Callable[[ErrorDetails], Message]] = {
    "missing": lambda _: msg("is missing"),
    "literal_error": _not_one_of,
    "not_one_of": _not_one_of,
    "bool_parsing": _no_switch,
    "bool_type": _no_switch,
    "int_parsing": _no_whole_number,
    "int_type": _no_whole_number,
    "int_from_float": _no_whole_number,
    "decimal_parsing": _no_number,
    "decimal_type": _no_number,
    "float_parsing": _no_number,
    "float_type": _no_number,
    "finite_number": _no_number,
    "decimal_max_places": lambda error: msg(
        "{value} has more than {count} digits after the point",
        value=_shown(error),
        count=_limit(error, "decimal_places"),
    ),
    "greater_than": lambda error: msg(
        "{value} must be more than {limit}", value=_shown(error), limit=_limit(error, "gt")
    ),
    "greater_than_equal": lambda error: msg(
        "{value} must be at least {limit}", value=_shown(error), limit=_limit(error, "ge")
    ),
    "less_than_equal": lambda error: msg(
        "{value} must be at most {limit}", value=_shown(error), limit=_limit(error, "le")
    ),
    "string_type": lambda _: msg("must be a text"),
    "string_pattern_mismatch": lambda error: msg(
        "{value} is not of the form {form}", value=_shown(error), form=_limit(error, "pattern")
    ),
    "string_too_short": lambda _: msg("must not be empty"),
    "string_too_long": lambda error: msg(
        "must have at most {limit} characters", limit=_limit(error, "max_length")
    ),
    "too_short": lambda _: msg("must not be empty"),
    "tuple_type": lambda error: msg("must be a list, not {value}", value=_shown(error)),
    "dict_type": _no_section,
    "model_type": _no_section,
    "model_attributes_type": _no_section,
    "axis_scalar": lambda _: msg("must be a list of values, or lines of `label: value`"),
    "window_empty": lambda _: msg("ends when it starts: leave start out to buy at any hour"),
    "axis_repeats": lambda _: msg("lists the same value twice"),
    "time_of_day": lambda error: msg(
        "{value} is not a time of day such as 01:00", value=_shown(error)
    ),
    "ratio": lambda error: msg("{value} is not a ratio such as 9:16", value=_shown(error)),
    "time_zone": lambda error: msg(
        "{value} is not a time zone such as Asia/Shanghai", value=_shown(error)
    ),
    "not_in_matrix": lambda error: msg(
        "{axis}: {label} is not in the matrix",
        axis=_limit(error, "axis"),
        label=_limit(error, "label"),
    ),
}
