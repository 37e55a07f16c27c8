"""The wrapped key."""

from __future__ import annotations

import pytest

from batchgen.errors import SettingsError
from batchgen.provider.key import Key

SECRET = "0123456789abcdef.secret"


def test_key_is_never_shown() -> None:
    """Neither repr, str, format nor a containing value show it."""
    key = Key(SECRET)
    assert SECRET not in f"{key!r} {key} {[key]} {key!s:>40}"


def test_key_is_revealed_on_request() -> None:
    """The client gets the key itself, without the blanks of a careless copy."""
    assert Key(f" {SECRET}\n").reveal() == SECRET


@pytest.mark.parametrize("text", ["", "  ", "two words", "line\nbreak", "钥匙", "a\x00b"])
def test_impossible_key_is_refused(text: str) -> None:
    """What cannot stand in a header is refused without being repeated."""
    with pytest.raises(SettingsError, match="API key is empty or holds"):
        Key(text)


def test_key_is_hidden_in_an_answer() -> None:
    """A server that quotes the key back does not get it into our state."""
    assert Key(SECRET).hide_in(f"bad key {SECRET}!".encode()) == b"bad key ***!"


def test_short_key_of_the_simulator_does_not_eat_words() -> None:
    """A key like `id` is no secret and must not damage answers."""
    assert Key("id").hide_in(b'{"id":"7"}') == b'{"id":"7"}'


@pytest.mark.parametrize(
    "words",
    [
        "bad key 0123456789abcdef.secret-of-the-shop",
        "BAD KEY 0123456789ABCDEF.SECRET-OF-THE-SHOP",
        "bad key 0123456789abcdef%2Esecret-of-the-shop",
        "bad key 0123456789abcdef.secr...",
    ],
)
def test_key_is_hidden_in_words_however_they_are_written(words: str) -> None:
    """In capitals, encoded or cut: neither half of it comes through."""
    key = Key("0123456789abcdef.secret-of-the-shop")
    told = key.hide_in_text(words).casefold()
    assert "0123456789abcdef" not in told
    assert "secret-of" not in told
    assert told.startswith("bad key ***")


def test_words_are_left_alone_beside_a_short_key() -> None:
    """The simulator's key is part of ordinary words."""
    assert Key("id").hide_in_text("no such id") == "no such id"
