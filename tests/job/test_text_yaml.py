from __future__ import annotations

import pytest

from batchgen.job.text_yaml import TextYamlError, parse_text_yaml


@pytest.mark.parametrize(
    "text",
    [
        "9:16",
        "00123",
        "no",
        "Yes",
        "1e5",
        "0x1F",
        "2026-01-02",
        "1_000",
        ".inf",
        "true",
        "'~'",
        "=",
    ],
)
def test_plain_value_stays_text(text: str) -> None:
    """Nothing that YAML likes to convert is converted."""
    assert parse_text_yaml(f"key: {text}").value == {"key": text.strip("'")}


@pytest.mark.parametrize("text", ["", "~", "null", "NULL"])
def test_nothing_is_none(text: str) -> None:
    """An empty value, a tilde and null mean nothing."""
    assert parse_text_yaml(f"key: {text}").value == {"key": None}


def test_aliases_and_merges_are_followed() -> None:
    """`<<` brings in keys that are not given; of several mappings the first wins."""
    document = parse_text_yaml(
        "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\nd: *a\n"
    )

    assert document.value == {
        "a": {"x": "1", "y": "1"},
        "b": {"y": "2", "z": "2"},
        "c": {"x": "3", "y": "1", "z": "2"},
        "d": {"x": "1", "y": "1"},
    }


def test_lines_are_remembered() -> None:
    """Every key and list entry knows its line, counted from 1."""
    document = parse_text_yaml("# job\nclip:\n  size: x\nlist:\n- a\n- b\n")

    assert document.lines == {
        ("clip",): 2,
        ("clip", "size"): 3,
        ("list",): 4,
        ("list", 0): 5,
        ("list", 1): 6,
    }


def growing(levels: int) -> str:
    """Write lists of lists that hold ten times as much on each level."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("a: 1\nb: 2\na: 3", "line 3: the key a is given twice", id="key twice"),
        pytest.param("a: [", "line 2: this is not YAML", id="no YAML"),
        pytest.param("a: \x01", "this is not YAML: unacceptable character", id="control"),
        pytest.param("a: *b", r"line 1: \*b stands for nothing", id="unknown alias"),
        pytest.param("a: &a [*a]", r"line 1: \*a stands for nothing", id="alias in itself"),
        pytest.param(growing(9), "line 7: the document is too large", id="growing aliases"),
        pytest.param("[" * 100_000, "line 1: too many levels", id="bottomless"),
        pytest.param("a: !!python/name:os.system x", "line 1: tags such as", id="tag"),
        pytest.param("a: 1\n---\nb: 1", "line 2: a second document", id="two documents"),
        pytest.param("? [a]\n: b", "line 1: a key must be plain text", id="list as key"),
        pytest.param("a:\n  <<: 5", "line 2: << needs a mapping", id="merge of a text"),
    ],
)
def test_what_is_not_allowed_is_refused_with_its_line(text: str, words: str) -> None:
    """Everything that could surprise is refused, and its line is told."""
    with pytest.raises(TextYamlError, match=words):
        parse_text_yaml(text)
