"""The reader's language, and the catalogue that holds the Chinese of every message."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from decimal import Decimal
from unicodedata import east_asian_width

import pytest

from batchgen.clip import MoneyPlace, Status
from batchgen.language import language_of, speaker
from batchgen.messages import Message, msg
from batchgen.words import MONEY_WORDS, STATUS_WORDS
from tests import translations

_REPORT = translations.PACKAGE / "output" / "templates" / "report.html.j2"


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_TW.UTF-8"}, "zh_CN"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LC_MESSAGES": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LC_ALL": "C", "BATCHGEN_LANG": "zh"}, "zh_CN"),
        ({"LC_ALL": "zh_CN.UTF-8", "BATCHGEN_LANG": "en"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "BATCHGEN_LANG": ""}, "zh_CN"),
    ],
)
def test_the_first_variable_that_is_set_names_the_language(
    environ: dict[str, str], language: str
) -> None:
    """The variable of batchgen goes before the locale's, in the locale's own order."""
    assert language_of(environ) == language


def test_a_message_within_a_message_is_worded_too() -> None:
    """Values that are messages are put into the reader's language."""
    message = msg("warning: {text}", text=msg("the manifest changed"))
    assert speaker("zh_CN")(message) == "警告：商品表有变化"
    assert speaker("en")(message) == str(message) == "warning: the manifest changed"


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("value", ["{", "}", "{0}", "{text}", "{{x}}", "%s"])
def test_braces_in_a_value_are_only_text(language: str, value: str) -> None:
    """What stands in a catalogue's cell is never read as a field."""
    assert value in speaker(language)(msg("warning: {text}", text=value))


@pytest.mark.parametrize(
    ("value", "shown"), [(Decimal("1.20"), "1.20"), (Status.DONE, "done"), (7, "7"), (None, "None")]
)
def test_a_value_is_shown_as_its_text(value: object, shown: str) -> None:
    """Decimals keep their digits, and enums show the word they stand for."""
    assert speaker("zh_CN")(msg("warning: {text}", text=value)) == f"警告：{shown}"


def test_the_title_of_a_vendor_is_said_in_the_readers_language() -> None:
    """Titles stand in the profiles' files, and are translated like messages."""
    titles = [title for _, title in translations.titles()]
    assert "Shopify product export" in titles
    assert not {speaker("zh_CN")(Message(title)) for title in titles} & set(titles)


def test_a_sentence_without_a_translation_is_said_in_english() -> None:
    """A missing entry costs the reader the language, never the sentence."""
    unknown = Message("nobody translated {what}", {"what": "this"})
    assert speaker("zh_CN")(unknown) == "nobody translated this"


def test_every_status_and_place_of_money_has_a_word() -> None:
    """What a person is told of a clip and its money has words in both languages."""
    assert set(STATUS_WORDS) == set(Status)
    assert set(MONEY_WORDS) == set(MoneyPlace)
    words = [*STATUS_WORDS.values(), *MONEY_WORDS.values()]
    assert not {speaker("zh_CN")(word) for word in words} & {str(word) for word in words}


def test_every_message_is_a_literal_and_gets_just_its_values() -> None:
    """`msg` is called with one literal sentence and one value for each of its fields."""
    for file, call in translations.calls_of_msg():
        text = translations.literal(call)
        assert text is not None, f"{file}:{call.lineno}: not a literal"
        names = {keyword.arg for keyword in call.keywords}
        if None not in names:
            assert translations.fields(text) == names, f"{file}:{call.lineno}"


def test_the_catalogue_holds_the_sentences_of_the_code_and_no_others() -> None:
    """Nothing is missing, nothing is left over, and nothing tells where it was made."""
    assert translations.CHINESE.read_bytes() == translations.in_step(), "run `make messages`"


def test_every_sentence_has_its_translation() -> None:
    """No entry is empty or fuzzy."""
    assert translations.untranslated() == []


def test_translations_use_the_fields_of_their_sentences() -> None:
    """No value is lost in translation, and none is made up."""
    entries = [(str(entry.id), str(entry.string)) for entry in translations.chinese() if entry.id]
    wrong = [
        text
        for text, said in entries
        if said and translations.fields(text) != translations.fields(said)
    ]
    assert entries
    assert wrong == []


def test_the_page_of_the_report_has_no_words_of_its_own() -> None:
    """Every label of the template comes from the catalogue."""
    template = _REPORT.read_text(encoding="utf-8")
    between = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|<[^>]*>", "", template)
    assert not re.search(r"\w", between)


def _help(command: str, language: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "batchgen", command, "--help"],
        env=os.environ | {"BATCHGEN_LANG": language, "COLUMNS": "80", "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return run.stdout


def _columns(line: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in line)


def test_a_help_page_is_chinese_down_to_the_words_of_click() -> None:
    """Headings, usage and the help option are translated with the rest, in 80 columns."""
    page = _help("simulate", "zh")
    assert page.startswith("用法: batchgen simulate")
    assert "选项:" in page
    assert "显示本帮助并退出。" in page
    assert "\0" not in page
    assert max(map(_columns, page.splitlines())) <= 80


def test_a_help_page_is_english_for_everybody_else() -> None:
    """Without a Chinese locale every word is English."""
    page = _help("plan", "en")
    assert "Show what a job would buy" in page
    assert page.isascii()
