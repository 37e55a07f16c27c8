"""The API key, wrapped so that it cannot be shown by accident. Pure.

This module does not know where the key comes from or whom it is sent to.
"""

from __future__ import annotations

import re

from batchgen.errors import SettingsError
from batchgen.messages import msg

#: What may stand in an HTTP header as one word.
_HEADER_WORD = re.compile(r"[\x21-\x7e]+")
#: A shorter key (the simulator takes any) is no secret and may be part of ordinary words.
_SECRET_LENGTH = 16


class Key:
    """An API key; `repr` and `str` show nothing of it.

    Raises:
        SettingsError: the text is empty or cannot be a key.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text.strip()
        if not _HEADER_WORD.fullmatch(self._text):
            raise SettingsError(
                msg(
                    "the API key is empty or holds spaces or other characters that no key has:"
                    " copy it again from the provider's console"
                )
            )

    def __repr__(self) -> str:
        return "Key(***)"

    __str__ = __repr__

    def reveal(self) -> str:
        """Give the key itself, for the Authorization header and nothing else."""
        return self._text

    def hide_in(self, body: bytes) -> bytes:
        """Mask the key in bytes from outside: an error message may quote it back."""
        if len(self._text) < _SECRET_LENGTH:
            return body
        return body.replace(self._text.encode("ascii"), b"***")

    def hide_in_text(self, text: str) -> str:
        """Mask the key in words from outside, also in another case, or cut, or encoded.

        A key of this platform is `id.secret`: each of the two is masked by itself, and so is the
        beginning of a key.
        """
        if len(self._text) < _SECRET_LENGTH:
            return text
        parts = {self._text, *self._text.split("."), self._text[:_SECRET_LENGTH]}
        secrets = sorted((part for part in parts if len(part) >= _SECRET_LENGTH), key=len)
        for secret in reversed(secrets):
            text = re.sub(re.escape(secret), "***", text, flags=re.IGNORECASE)
        return text
