"""YAML in which every plain value stays text: `9:16`, `00123`, `no` and dates are never converted.

Only an empty value, `~` and `null` (nothing) and `<<` (merge) keep a meaning. Keys given twice,
own tags, and aliases that grow the document without end are refused, each with its line. Pure:
takes text, knows neither files nor what the values mean; job files and manifests share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from batchgen.messages import Message, msg

#: What a document is made of: text, nothing, lists and mappings with text keys.
TextValue = str | None | list["TextValue"] | dict[str, "TextValue"]
#: Keys and list positions from the top down to a value.
ValuePath = tuple[str | int, ...]

#: Lists and mappings inside one another.
_DEPTH_LIMIT = 50
#: Values of a document after its aliases are followed; a long text counts as many.
_VALUES_LIMIT = 2_000_000
#: Characters that count as one more value.
_VALUE_CHARACTERS = 20
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_TEXT_TAGS = frozenset({None, "!", "tag:yaml.org,2002:str"})
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class TextYamlError(Exception):
    """The text is not YAML, or uses a part of YAML that is not allowed here."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class TextDocument:
    """One YAML document and where its values stand."""

    value: TextValue
    #: Path of a value -> line of its key or list entry, from 1; what came by alias has none.
    lines: dict[ValuePath, int]


def parse_text_yaml(text: str) -> TextDocument:
    """Read one document; an empty text gives the value None.

    Raises:
        TextYamlError: with the line where there is one.
    """
    try:
        return _Builder(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = msg("this is not YAML: {problem}", problem=error.problem)
        raise TextYamlError(msg("line {line}: {problem}", line=line, problem=problem)) from error
    except yaml.YAMLError as error:
        problem = msg("this is not YAML: {problem}", problem=str(error).splitlines()[0])
        raise TextYamlError(problem) from error


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _refusal(event: Event, problem: Message) -> TextYamlError:
    return TextYamlError(msg("line {line}: {problem}", line=_line(event), problem=problem))


@dataclass(slots=True)
class _Builder:
    """Turns parser events into values; one depth-first walk."""

    events: Iterator[Event]
    lines: dict[ValuePath, int] = field(default_factory=dict)
    #: Anchor -> the finished value and how many values it holds.
    anchors: dict[str, tuple[TextValue, int]] = field(default_factory=dict)
    count: int = 0

    def document(self) -> TextDocument:
        value: TextValue = None
        started = False
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                if started:
                    raise _refusal(event, msg("a second document starts: keep one"))
                started = True
                value = self._value(next(self.events), ())
        return TextDocument(value, self.lines)

    def _value(self, event: Event, path: ValuePath) -> TextValue:
        if isinstance(event, AliasEvent):
            return self._alias(event)
        before = self.count
        self._grow(event, _weight(event))
        value = self._fresh_value(event, path)
        anchor = event.anchor if isinstance(event, NodeEvent) else None
        if anchor is not None:
            self.anchors[anchor] = (value, self.count - before)
        return value

    def _fresh_value(self, event: Event, path: ValuePath) -> TextValue:
        if len(path) > _DEPTH_LIMIT:
            raise _refusal(event, msg("too many levels inside one another"))
        tag = getattr(event, "tag", None)
        if tag not in _TEXT_TAGS:
            raise _refusal(event, msg("tags such as {tag} are not used here", tag=tag))
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        return _scalar(event)

    def _alias(self, event: AliasEvent) -> TextValue:
        if event.anchor not in self.anchors:
            problem = msg("*{anchor} stands for nothing known yet", anchor=event.anchor)
            raise _refusal(event, problem)
        value, size = self.anchors[event.anchor]
        self._grow(event, size)
        return value

    def _grow(self, event: Event, size: int) -> None:
        self.count += size
        if self.count > _VALUES_LIMIT:
            raise _refusal(event, msg("the document is too large with its aliases"))

    def _sequence(self, path: ValuePath) -> list[TextValue]:
        entries: list[TextValue] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            entry = (*path, len(entries))
            self.lines[entry] = _line(event)
            entries.append(self._value(event, entry))
        return entries

    def _mapping(self, path: ValuePath) -> dict[str, TextValue]:
        own: dict[str, TextValue] = {}
        merged: dict[str, TextValue] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = _key(event)
            if _is_merge(event):
                merged = _merged(self._value(next(self.events), path), event) | merged
                continue
            if key in own:
                raise _refusal(event, msg("the key {key} is given twice", key=key))
            self.lines[(*path, key)] = _line(event)
            own[key] = self._value(next(self.events), (*path, key))
        return merged | own


def _weight(event: Event) -> int:
    """Count a node as values: an alias of a long text is as large as the text."""
    return 1 + (len(event.value) // _VALUE_CHARACTERS if isinstance(event, ScalarEvent) else 0)


def _scalar(event: Event) -> str | None:
    if not isinstance(event, ScalarEvent):
        raise _refusal(event, msg("this is not a value"))
    return None if event.implicit[0] and event.value in _NOTHING else str(event.value)


def _key(event: Event) -> str:
    if not isinstance(event, ScalarEvent):
        raise _refusal(event, msg("a key must be plain text"))
    return str(event.value)


def _is_merge(event: Event) -> bool:
    return isinstance(event, ScalarEvent) and event.value == "<<" and bool(event.implicit[0])


def _merged(value: TextValue, event: Event) -> dict[str, TextValue]:
    """Join what `<<` brings in: one mapping, or a list of them of which the first wins."""
    joined: dict[str, TextValue] = {}
    for source in value if isinstance(value, list) else [value]:
        if not isinstance(source, dict):
            raise _refusal(event, msg("<< needs a mapping"))
        joined = source | joined
    return joined
