"""What a request shows of itself."""

from __future__ import annotations

from batchgen.provider.port import Prepared


def test_a_request_shows_its_name_and_length_only() -> None:
    """A body holds prompts and whole pictures: a log or a traceback gets none of it."""
    assert repr(Prepared("request-1", b'{"prompt": "secret"}')) == "Prepared(request-1, 20 bytes)"
