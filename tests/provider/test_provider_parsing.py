"""Reading answers without trusting them."""

from __future__ import annotations

import gzip
import zlib

import pytest

from batchgen.provider.parsing import (
    BODY_LIMIT_BYTES,
    TEXT_LIMIT,
    Unreadable,
    cleaned,
    first_links,
    http_date_s,
    is_task_id,
    unpacked,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("内容 违规", "内容 违规"),
        ("two\r\nlines\tand\x00\x1b[31m red", "two lines and [31m red"),
        ("\u202eturned\u2028broken", "turned broken"),
        ("half \ud83d character", "half character"),
        ("x" * 9000, "x" * TEXT_LIMIT),
        ("no https://cdn.example/a.jpg?sign=abc&t=1 here", "no https://cdn.example/a.jpg here"),
        ("(HTTP://cdn.example?sign=a)", "(HTTP://cdn.example"),
        (
            "see https://cdn.example/a#token https://b.example/?",
            "see https://cdn.example/a https://b.example/",
        ),
        ("what? nothing", "what? nothing"),
    ],
)
def test_words_become_one_clean_line(text: str, shown: str) -> None:
    """Nothing that steers a terminal, breaks a line or cannot be stored is left."""
    assert cleaned(text) == shown


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        ("7000000000000000001", True),
        ("20250101120000abcdef0123456789ab", True),
        ("a_b-C", True),
        ("", False),
        ("a/b", False),
        ("a\n", False),
        ("٧", False),
    ],
)
def test_task_ids_fit_into_an_address(text: str, usable: bool) -> None:
    """An id holds ASCII letters, digits, underscore and dash."""
    assert is_task_id(text) is usable


@pytest.mark.parametrize(
    "url",
    [
        "ftp://files.example/a.mp4",
        "file:///etc/passwd",
        "https://files.example/a b.mp4",
        "https://files.example/a\n.mp4",
        "https://files.example/\ud800",
        "https://files.example/" + "a" * 5000,
        7,
        None,
    ],
)
def test_odd_link_is_no_link(url: object) -> None:
    """What could not be stored, shown or fetched is treated as absent."""
    assert first_links({"video_result": [{"url": url}]}) == (None, None)


def test_link_keeps_its_signature() -> None:
    """The link to a clip is fetched as it was given, query and all."""
    url = "https://files.example/a.mp4?sign=abc&t=1"
    assert first_links({"video_result": [{"url": url}]}) == (url, None)


def test_first_result_with_a_video_is_taken() -> None:
    """Entries without a usable link are passed over."""
    body = {"video_result": [{"cover_image_url": "https://f/c"}, {"url": "https://f/v"}]}
    assert first_links(body) == ("https://f/v", None)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "GZIP"])
def test_packed_body_is_unpacked(encoding: str) -> None:
    """A server that packs without being asked is still understood."""
    pack = zlib.compress if encoding == "deflate" else gzip.compress
    assert unpacked(pack(b"{}"), encoding) == b"{}"


def test_bomb_is_unpacked_to_the_limit_only() -> None:
    """A body that unpacks to 50 MiB costs 1 MiB."""
    bomb = gzip.compress(b"\0" * 50 * 1024 * 1024)
    assert len(unpacked(bomb, "gzip")) == BODY_LIMIT_BYTES + 1


@pytest.mark.parametrize(("body", "encoding"), [(b"{}", "br"), (b"{}", "gzip")])
def test_unknown_or_damaged_packing_is_unreadable(body: bytes, encoding: str) -> None:
    """A body that cannot be unpacked is one known error."""
    with pytest.raises(Unreadable):
        unpacked(body, encoding)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Thu, 01 Jan 1970 00:01:00 GMT", 60.0),
        ("", None),
        ("yesterday", None),
        ("Thu, 99 Jan 1970 00:01:00 GMT", None),
    ],
)
def test_date_header_is_read_or_ignored(text: str, seconds: float | None) -> None:
    """A Date header that makes no sense is no date."""
    assert http_date_s(text) == seconds
