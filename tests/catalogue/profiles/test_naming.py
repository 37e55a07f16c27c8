"""The pictures of a cell, and the texts of a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.catalogue.profiles.naming import split_pictures
from tests.catalogue.profiles.shaped import pictures, shaped, shaped_text

A, B = "https://h.example/a.jpg", "https://h.example/b.jpg?w=1,2"


@pytest.mark.parametrize("sign", [",", ", ", "，", ";", "；", "|", " | ", "\n", "\t", " ", ",\n"])
def test_links_are_parted(sign: str) -> None:
    """Links are parted by every sign that exports use; a comma inside a link stays."""
    assert split_pictures(f"{A}{sign}{B}{sign}{A}") == [A, B, A]


@pytest.mark.parametrize("sign", [",", ", ", "，", "、", ";", "|", "\n"])
def test_file_names_are_parted(sign: str) -> None:
    """Names of picture files are parted at commas too, since each ends as pictures do."""
    assert split_pictures(f"a 1.jpg{sign}/p/b.PNG") == ["a 1.jpg", "/p/b.PNG"]


@pytest.mark.parametrize(
    "text",
    [
        "https://h.example/w_100,h_200/a.jpg",
        "//h.example/a.jpg",
        "images/shirt,red.jpg",
        "my picture.jpg",
        "data:image/png;base64,AAAA",
    ],
)
def test_one_picture_stays_whole(text: str) -> None:
    """A comma in a link or a file name, or a blank in a name, parts nothing."""
    assert split_pictures(text) == [text]


def test_pictures_are_named_once_across_columns(tmp_path: Path) -> None:
    """The main picture comes first, however often the other columns name it again."""
    found = shaped_text(tmp_path, f'货号,副图2,副图1,主图\nX,{A};{A},"{B}|{A}",{A}\n')

    assert pictures(found.rows[0]) == [A, B]
    assert found.rows[0].cells["image"] == A


def test_what_is_sent_or_looked_up_is_not_cleaned(tmp_path: Path) -> None:
    """SKUs, prompts and pictures stay as they are written; titles and free columns are cleaned."""
    found = shaped_text(
        tmp_path,
        "sku,title,prompt,image,note\nA&amp;<b>1,T&amp;<b>1,P&amp;<b>1,a&amp;b.jpg,N&amp;<b>1\n",
    )

    assert found.rows[0].cells == {
        "sku": "A&amp;<b>1",
        "title": "T&1",
        "prompt": "P&amp;<b>1",
        "image": "a&amp;b.jpg",
        "note": "N&1",
    }


def test_prompt_of_another_name_is_not_cleaned(tmp_path: Path) -> None:
    """A prompt's column is left alone under its own name too."""
    found = shaped_text(tmp_path, "货号,提示词,标题\nA,<b>慢,<b>壶\n")

    assert [found.column(name)[0] for name in ("提示词", "prompt", "标题", "title")] == [
        "<b>慢",
        "<b>慢",
        "壶",
        "壶",
    ]


@pytest.mark.parametrize("text", ["NA", "None", "null", "N/A", "-", "无"])
def test_words_for_nothing_stay_text(tmp_path: Path, text: str) -> None:
    """What may be a brand or a title is never taken for a blank."""
    found = shaped_text(tmp_path, f"货号,品牌,标题\n{text},{text},{text}\n")

    assert [found.column(name)[0] for name in ("sku", "brand", "title")] == [text] * 3


def test_names_inside_of_categories_and_brands_are_taken(tmp_path: Path) -> None:
    """Shops' interfaces answer categories and brands as mappings: their names are what counts."""
    path = tmp_path / "c.json"
    path.write_text(
        '[{"sku": "A", "categories": [{"id": 9, "name": "Cups"}], "brand": {"name": "Nord"}}]'
    )
    found = shaped(path)

    assert (found.column("category"), found.column("brand")) == (["Cups"], ["Nord"])
