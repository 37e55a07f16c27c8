"""Free text without markup, entities and invisible signs; prices as plain numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgen.catalogue.profiles.cleaning import cleaned, is_clean, split_price


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("蓝牙耳机 <b>降噪</b>", "蓝牙耳机 降噪"),
        ("手机壳\n透明款", "手机壳 透明款"),
        ("one<br>two<br/>three</p><p>four", "one two three four"),
        ("<b>bo</b>ld <SPAN style='a'>x</SPAN>y", "bold xy"),
        ("a<script>if (1 < 2) b()</script>c<style>p {}</style>d", "a c d"),
        ("a<!-- <b>gone</b> -->b", "a b"),
        ("<script>never closed", "never closed"),
        ("Salt &amp; pepper &#20013; &#x4e2d; &eacute;", "Salt & pepper 中 中 é"),
        ("Tom &amp;amp; Jerry &amp;lt;b&amp;gt;x&amp;lt;/b&amp;gt;", "Tom & Jerry x"),
        ("&lt;p&gt;in&lt;/p&gt;", "in"),
        ("5 &lt; 6 &gt; 3", "5 < 6 > 3"),
        ("5 < 6 > 3", "5 < 6 > 3"),
        ("a <b", "a <b"),
        ("<NEW> <蓝牙> x<y and z>w", "<NEW> <蓝牙> x<y and z>w"),
        ("R&D at AT&T &copy &unknown;", "R&D at AT&T &copy &unknown;"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("a\x00b\x07c\u200bd\u202ee\ufefff\u00adg", "abcdefg"),
        ("  a \t\u00a0\u3000 b\r\n\r\nc ", "a b c"),
        ("👩\u200d🔬 a\u200db", "👩\u200d🔬 ab"),
        ("None", "None"),
        ("<o:p></o:p>x", "x"),
        ("<img src=x onerror='a>b'>y", "b'>y"),
    ],
)
def test_text_is_cleaned(dirty: str, clean: str) -> None:
    """What is no text goes, words stay apart, and what only looks like markup stays."""
    assert cleaned(dirty) == clean


def test_signs_of_a_wrong_encoding_stay() -> None:
    """Controls of the range 80 to 9F mean mojibake: they are left to be found, not hidden."""
    assert cleaned("caf\x8e") == "caf\x8e"


@given(st.text())
def test_what_is_clean_is_left_alone(text: str) -> None:
    """The quick look never lets a text pass that cleaning would change, but for outer blanks."""
    if is_clean(text):
        assert cleaned(text) == text.strip()


@given(st.text(alphabet="<>/&;#abscript!- \n\x00", max_size=200))
def test_cleaning_ends_and_shortens(text: str) -> None:
    """Whatever stands in a text, it is cleaned to one line that is not longer."""
    found = cleaned(text)
    assert len(found) <= len(text)
    assert "\n" not in found


def test_long_markup_is_cleaned_in_one_go() -> None:
    """A hundred thousand tags that never close cost no more than their length."""
    assert cleaned("<script>" * 100_000 + "x") == " ".join(["x"])


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("19.90", "19.90", ""),
        ("EUR 19.90", "19.90", "EUR"),
        ("19.90 EUR", "19.90", "EUR"),
        ("19,90 €", "19.90", "EUR"),
        ("€19", "19", "EUR"),
        ("¥199", "199", "¥"),
        ("￥199.00", "199.00", "¥"),
        ("199元", "199", "CNY"),
        ("$5", "5", "$"),
        ("US$5", "5", "USD"),
        ("1,299.00", "1299.00", ""),
        ("1.299,00 €", "1299.00", "EUR"),
        ("1 299,00 EUR", "1299.00", "EUR"),
        ("1'299.50 CHF", "1299.50", "CHF"),
        ("1,234,567", "1234567", ""),
        ("usd 7", "7", "USD"),
        ("1,299", "1,299", ""),
        ("1,299 EUR", "1,299 EUR", ""),
        ("19-29", "19-29", ""),
        ("from 19.90", "from 19.90", ""),
        ("EUR 5 USD", "EUR 5 USD", ""),
        ("1,29,9.00", "1,29,9.00", ""),
        ("-5", "-5", ""),
        ("", "", ""),
        ("面议", "面议", ""),
    ],
)
def test_price_is_parted_where_it_is_certain(text: str, amount: str, currency: str) -> None:
    """Amount and currency are parted; in doubt the text stays whole."""
    assert split_price(text) == (amount, currency)
