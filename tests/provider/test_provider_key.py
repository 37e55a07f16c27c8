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
