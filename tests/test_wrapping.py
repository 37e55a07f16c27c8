"""Sentences on a terminal: broken at words, never inside a command."""

from __future__ import annotations

import os

import pytest

from batchgen.wrapping import fitted, wrapped

COMMAND = "`batchgen run jobs/nightly.yaml --provider simulator`"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("short enough", ["short enough"], id="short"),
        pytest.param("one two three four five", ["one two three four", "  five"], id="words"),
        pytest.param(
            f"go on with {COMMAND} now", ["go on with", f"  {COMMAND}", "  now"], id="cmd"
        ),
        pytest.param("a " + "b" * 30, ["a", "  " + "b" * 30], id="long-word"),
        pytest.param("这句话有二十多个汉字 也有一个空格 在这里 还有一个", None, id="wide"),
    ],
)
def test_lines_end_at_words(text: str, lines: list[str] | None) -> None:
    """What has no place to break at is left whole; so are commands and wide letters."""
    assert wrapped(text, 20) == (text if lines is None else "\n".join(lines))


def test_a_pipe_gets_one_line() -> None:
    """A log keeps each sentence on its line, however long."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        assert fitted("word " * 100, stream) == "word " * 100
    os.close(reading)
