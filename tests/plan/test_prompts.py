"""Prompt templates: what they give, what they refuse, and that none can grow out of bounds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchgen.errors import JobFileError
from batchgen.plan.clips.prompts import TEXT_LIMIT, PromptError, compile_prompt

ROW = {
    "title": "Red   mug,\n large",
    "surface": " ",
    "n": "12",
    "标题": "红色杯子",
    "Option1 Value": "XL",
}


@pytest.mark.parametrize(
    ("template", "prompt"),
    [
        ("{{ title }} turns", "Red mug, large turns"),
        ("  {{ n }}  pieces\n", "12 pieces"),
        ("{{ 标题 }}在桌上", "红色杯子在桌上"),
        ("size {{ option1_value }}", "size XL"),
        ("on {{ surface | default('white') }}", "on white"),
        ("on {{ colour | d('white') }}", "on white"),
        ("{{ n | d('some') }} pieces", "12 pieces"),
        ("{% if colour is defined %}{{ colour }}{% else %}plain{% endif %}", "plain"),
        ("{{ title.split(',')[0] | upper }}", "RED MUG"),
        ("{{ title[:3] ~ '!' }}", "Red!"),
        ("{{ (n | int / 7) | round(1) }} kg", "1.7 kg"),
        ("{{ 'many' if n | int > 10 else 'few' }}", "many"),
        ("{{ title | replace('Red', 'Blue') }}", "Blue mug, large"),
        ("<b>{{ '<&>' }}</b>", "<b><&></b>"),
        ("", ""),
    ],
)
def test_a_template_is_filled_with_the_rows_cells(template: str, prompt: str) -> None:
    """Columns, filters and conditions work, blanks are tidied, nothing is escaped for HTML."""
    assert compile_prompt(template).render(ROW) == prompt


def test_a_missing_column_is_named_with_those_the_row_has() -> None:
    """The person sees which name is wrong, where it stands and what they could have meant."""
    template = compile_prompt("{{ surface | d('x') }} {{ titel }}", "matrix.prompt.spin")
    with pytest.raises(PromptError) as caught:
        template.render(ROW)
    assert caught.value.code == "prompt-undefined"
    assert str(caught.value) == (
        "matrix.prompt.spin uses titel, which the row does not have;"
        " its columns are: title, surface, n, 标题, Option1 Value"
    )


@pytest.mark.parametrize(
    "template",
    [
        "{{ title.split(',')[9] }}",
        "{{ title['colour'] }}",
        "{{ 'x' + 1 }}",
        "{{ n | int / 0 }}",
        "{{ -title }}",
        "{{ n | round(99999999999, 'ceil') }}",
        "{{ title | truncate(1) }}",
        "{{ title ~ 1e999 }}",
        "{{ '' | first }}",
    ],
)
def test_values_that_do_not_fit_are_a_fault_of_the_row(template: str) -> None:
    """A template that fails on one row's values says so as an error of ours."""
    with pytest.raises(PromptError) as caught:
        compile_prompt(template).render(ROW)
    assert caught.value.code == "prompt-failed"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ title", "line 1: unexpected end of template"),
        ("\n{% if title %}", "line 2: Unexpected end of template"),
        ("{{ title | uper }}", "there is no filter uper"),
        ("{{ title is sweet }}", "there is no test sweet"),
    ],
)
def test_a_wrong_template_is_a_fault_of_the_job_file(template: str, reason: str) -> None:
    """The error names the template and its line before any row is read."""
    with pytest.raises(JobFileError, match=reason) as caught:
        compile_prompt(template, "clip.prompt")
    assert str(caught.value).startswith("the template clip.prompt: ")


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' * 10 ** 9 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%1000000000d' % 5 }}",
        "{{ '%1000000000d' | format(5) }}",
        "{{ '{:1000000000}'.format(5) }}",
        "{{ title.center(1000000000) }}",
        "{{ title | center(1000000000) }}",
        "{{ 'x'.ljust(1000000000) }}",
        "{{ title | indent(1000000000) }}",
        "{{ range(1000000000) | list }}",
        "{% for i in range(1000000000) %}x{% endfor %}",
        "{% set a = title ~ title %}{{ a }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include '/etc/passwd' %}",
        "{{ title.__class__.__mro__ }}",
        "{{ title['__class__']() }}",
        "{{ title | attr('__class__') }}",
        "{{ lipsum() }}",
        "{{ (((title)))() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ " + "(" * 900 + "1" + ")" * 900 + " }}",
        "{{ " + "not " * 500 + "1 }}",
        "{{ title" + " | trim" * 100 + " }}",
        "x" * (TEXT_LIMIT + 1),
    ],
)
def test_what_could_escape_or_explode_is_refused_unrendered(template: str) -> None:
    """Repetition, padding, loops, calls and Python's insides are no part of a prompt."""
    with pytest.raises(JobFileError):
        compile_prompt(template)


def test_a_class_reached_by_brackets_gives_nothing() -> None:
    """The sandbox hides Python's insides from item access too."""
    with pytest.raises(PromptError):
        compile_prompt("{{ title['__class__'] }}").render(ROW)


@pytest.mark.parametrize(
    "template",
    [
        "{{ long" + " ~ long" * 300 + " }}",
        "{{ long }}" * 200,
        "{{ title | replace('', 'aaaaaaaaaa')" + " | replace('a', 'aaaaaaaaaa')" * 30 + " }}",
    ],
)
def test_a_prompt_that_grows_too_long_is_a_fault_of_the_row(template: str) -> None:
    """What a template gives is capped however it is written."""
    with pytest.raises(PromptError) as caught:
        compile_prompt(template).render({**ROW, "long": "x" * 10_000})
    assert caught.value.code in {"prompt-too-long", "prompt-failed"}


def test_a_long_description_may_be_cut_short() -> None:
    """A cell longer than any prompt is fine when the template takes a part of it."""
    template = compile_prompt("{{ text | striptags | truncate(9, true, '') }}")
    assert template.render({"text": "<p>" + "word " * 50_000}) == "word word"


_WORDS = (
    "title n replace upper split strip truncate round default __class__ if else endif not and in is"
)
_SIGNS = "{{ }} {% %} {# #} | ~ + - / [ ] ( ) . : , == 0 9 1e999 'x' ('a','bb') ('',title)"
_PIECES = st.sampled_from(f"{_WORDS} {_SIGNS}".split())


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=12).map(" ".join), st.sampled_from(["{}", "{{{{ {} }}}}"]))
def test_any_text_gives_a_short_prompt_or_an_error_of_ours(text: str, frame: str) -> None:
    """Whatever stands in a job file, no other error leaves and nothing long comes out."""
    try:
        prompt = compile_prompt(frame.format(text)).render(ROW)
    except (JobFileError, PromptError):
        return
    assert len(prompt) <= TEXT_LIMIT
