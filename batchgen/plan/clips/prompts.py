"""Prompt templates: a small, harmless part of Jinja2 over the columns of one row. Pure.

Templates come from the job file only; a manifest cell is never one. What a template may say is a
list of allowed syntax, filters and text methods: nothing in it repeats, pads or loops, so neither
the work nor the memory of a rendering can grow beyond the template and the cells it names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, meta, nodes
from jinja2.environment import Template
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from batchgen.errors import InputError, JobFileError
from batchgen.item import column_name
from batchgen.messages import Message, msg

#: Characters of a template and of what it gives. The API takes 512 (`video_models.PROMPT_LIMIT`).
TEXT_LIMIT = 4000
#: Characters that `replace` may grow a text to; a long description column is far below.
_REPLACE_LIMIT = 100_000
#: Levels of nesting; far below what Jinja2's and Python's parsers can take.
_DEPTH_LIMIT = 40

_ALLOWED_NODES = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Const,
    nodes.Name,
    nodes.List,
    nodes.Tuple,
    nodes.If,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Operand,
    nodes.Test,
    nodes.Filter,
    nodes.Keyword,
    nodes.Concat,
    nodes.Add,
    nodes.Sub,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Neg,
    nodes.Pos,
    nodes.Getitem,
    nodes.Slice,
    nodes.Getattr,
    nodes.Call,
)
_FILTERS = (
    "capitalize",
    "first",
    "float",
    "int",
    "last",
    "length",
    "lower",
    "striptags",
    "title",
    "trim",
    "truncate",
    "upper",
    "wordcount",
)
#: Methods of text that a template may call; none of them makes a text longer than it was.
_METHODS = frozenset(
    {"split", "strip", "lstrip", "rstrip", "lower", "upper", "startswith", "endswith"}
    | {"removeprefix", "removesuffix"}
)

#: How a checked template fails on a row's values. `truncate` asserts its arguments, and a number
#: too large for a float becomes a name that Python does not know.
_ROW_ERRORS = (
    TemplateError,
    ArithmeticError,
    AssertionError,
    LookupError,
    NameError,
    TypeError,
    ValueError,
)


class PromptError(InputError):
    """A template cannot be rendered for one row."""

    def __init__(self, message: Message, *, code: str) -> None:
        super().__init__(message)
        #: Stable code of the row's fault.
        self.code = code


class _Missing(StrictUndefined):
    """What the row does not have; the error text of a missing column is its bare name."""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_obj is missing and self._undefined_name is not None:
            return self._undefined_name
        return super()._undefined_message


def _default(value: object, otherwise: object = "") -> object:
    """Give the second value for a missing column and for a blank cell."""
    if isinstance(value, Undefined) or not str(value).strip():
        return otherwise
    return value


def _replace(text: object, old: object, new: object) -> str:
    """Replace text, but never grow it without bound."""
    before, old_text, new_text = str(text), str(old), str(new)
    growth = before.count(old_text) * (len(new_text) - len(old_text))
    if growth > 0 and len(before) + growth > _REPLACE_LIMIT:
        message = f"replace would make more than {_REPLACE_LIMIT} characters"
        raise SecurityError(message)
    return before.replace(old_text, new_text)


def _round(value: Any, digits: int = 0) -> float:
    """Round a number; Jinja2's own filter would raise 10 to any power it is told."""
    return round(float(value), digits)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=_Missing, autoescape=False)
    allowed: dict[str, Any] = {name: environment.filters[name] for name in _FILTERS}
    ours = {"default": _default, "d": _default, "replace": _replace, "round": _round}
    environment.filters = allowed | ours
    environment.globals.clear()
    return environment


_ENVIRONMENT = _environment()


def tidy(text: str) -> str:
    """Make every run of blanks and line ends one blank, and strip both ends."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """A checked template, ready to be rendered for many rows."""

    #: Where it stands in the job file, e.g. `clip.prompt`.
    name: str
    #: The columns it names, guarded by `default` or not.
    columns: frozenset[str]
    #: Those of them that it prints as they are, whatever a row has.
    printed: tuple[str, ...]
    _template: Template
    #: Filled anew for each row: a template of ours sets no names of its own.
    _context: Context

    def render(self, cells: Mapping[str, str]) -> str:
        """Fill in one row's cells and tidy the blanks.

        Raises:
            PromptError: `prompt-undefined` when the row lacks a column, `prompt-too-long` above
                `TEXT_LIMIT` characters, `prompt-failed` when the row's values do not fit.
        """
        try:
            return tidy(self._text(self._named(cells)))
        except UndefinedError as error:
            if str(error) in self.columns:
                raise self._undefined(str(error), cells) from error
            raise self._failed(error) from error
        except _ROW_ERRORS as error:
            raise self._failed(error) from error

    def blanks(self, cells: Mapping[str, str]) -> tuple[str, ...]:
        """List the columns that it prints as they are, and that are blank in a row."""
        return tuple(name for name in self.printed if not self._cell(name, cells).strip())

    def _cell(self, name: str, cells: Mapping[str, str]) -> str:
        return cells[name] if name in cells else self._named(cells).get(name, "")

    def _named(self, cells: Mapping[str, str]) -> dict[str, str]:
        """Pick the cells that the template names, as written or as `item.column_name` does."""
        named = {name: cells[name] for name in self.columns if name in cells}
        if len(named) < len(self.columns):
            for header, text in cells.items():
                name = column_name(header)
                if name in self.columns:
                    named.setdefault(name, text)
        return named

    def _text(self, cells: Mapping[str, str]) -> str:
        parts: list[str] = []
        length = 0
        self._context.parent.clear()
        self._context.parent.update(cells)
        for part in self._template.root_render_func(self._context):
            length += len(part)
            if length > TEXT_LIMIT:
                message = msg(
                    "{template} gives more than {limit} characters: shorten it",
                    template=self.name,
                    limit=TEXT_LIMIT,
                )
                raise PromptError(message, code="prompt-too-long")
            parts.append(part)
        return "".join(parts)

    def _undefined(self, name: str, cells: Mapping[str, str]) -> PromptError:
        message = msg(
            "{template} uses {name}, which the row does not have; its columns are: {columns}",
            template=self.name,
            name=name,
            columns=", ".join(cells),
        )
        return PromptError(message, code="prompt-undefined")

    def _failed(self, error: Exception) -> PromptError:
        message = msg(
            "{template} does not work with this row's values: {reason}",
            template=self.name,
            reason=str(error),
        )
        return PromptError(message, code="prompt-failed")


def compile_prompt(text: str, name: str = "clip.prompt") -> PromptTemplate:
    """Check and compile one template of the job file; `name` says where it stands there.

    Raises:
        JobFileError: it is no template, or says something that a prompt may not.
    """
    if len(text) > TEXT_LIMIT:
        raise _bad_template(name, msg("it has more than {limit} characters", limit=TEXT_LIMIT))
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        fault = msg("line {line}: {reason}", line=error.lineno, reason=error.message)
        raise _bad_template(name, fault) from error
    except RecursionError as error:
        raise _bad_template(name, msg("it is nested too deeply")) from error
    if reasons := list(_objections(tree)):
        raise _bad_template(name, reasons[0])
    columns = frozenset(meta.find_undeclared_variables(tree))
    template = _ENVIRONMENT.from_string(tree)
    return PromptTemplate(name, columns, _printed(tree), template, template.new_context())


def _printed(tree: nodes.Template) -> tuple[str, ...]:
    """List the columns that stand in a template by themselves, outside of any condition."""
    outputs = (node for node in tree.body if isinstance(node, nodes.Output))
    pieces = (piece for output in outputs for piece in output.nodes)
    return tuple(dict.fromkeys(one.name for one in pieces if isinstance(one, nodes.Name)))


def _bad_template(name: str, reason: Message) -> JobFileError:
    return JobFileError(msg("the template {name}: {reason}", name=name, reason=reason))


def _objections(node: nodes.Node, depth: int = 0) -> Iterator[Message]:
    """Yield what a prompt may not say; looks no deeper than `_DEPTH_LIMIT`."""
    if depth > _DEPTH_LIMIT:
        yield msg("it is nested too deeply")
        return
    reason = _objection(node)
    if reason is not None:
        yield msg("line {line}: {reason}", line=node.lineno, reason=reason)
    for child in node.iter_child_nodes():
        yield from _objections(child, depth + 1)


def _objection(node: nodes.Node) -> Message | None:
    """Say why this one piece of syntax is not allowed, or None."""
    match node:
        case nodes.Filter(name=name) if name not in _ENVIRONMENT.filters:
            known = ", ".join(sorted(_ENVIRONMENT.filters))
            return msg("there is no filter {name}; there are: {known}", name=name, known=known)
        case nodes.Test(name=name) if name not in _ENVIRONMENT.tests:
            return msg("there is no test {name}", name=name)
        case nodes.Call(node=called) if not isinstance(called, nodes.Getattr):
            return msg("only methods of text may be called")
        case nodes.Getattr(attr=name) if name not in _METHODS:
            known = ", ".join(sorted(_METHODS))
            return msg("{name} is no method here; these are: {known}", name=name, known=known)
        case _ if not isinstance(node, _ALLOWED_NODES):
            return msg(
                "{syntax} cannot be used in a prompt; columns, filters, if/else, comparisons"
                " and + - / ~ can",
                syntax=type(node).__name__.lower(),
            )
        case _:
            return None
