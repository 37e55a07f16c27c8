"""Proves: no answer of the API, however broken, raises, or passes for a task that was not made."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from batchgen.provider.codes import decide_poll, decide_submit
from batchgen.provider.parsing import Answer, Unreadable, unpacked
from batchgen.provider.port import (
    Accepted,
    NotSent,
    PollTrouble,
    Refused,
    Repeated,
    StillProcessing,
    TaskFailed,
    TaskSucceeded,
    TaskUnknown,
    Uncertain,
)

pytestmark = pytest.mark.prove

COUNT = 10_000
REQUEST_ID = "bg-5f3a"
SIGNED = "https://cdn.example/clip.mp4?sign=abc"
SUBMITTED = {
    "id": "8868902201637896192-9a1",
    "request_id": REQUEST_ID,
    "model": "vidu2-image",
    "task_status": "PROCESSING",
}
ENDED = {
    **SUBMITTED,
    "task_status": "SUCCESS",
    "video_result": [{"url": SIGNED, "cover_image_url": "https://cdn.example/cover.jpg"}],
}
REFUSED = {"error": {"code": "1302", "message": "too many at once"}}
FAILED = {**SUBMITTED, "task_status": "FAIL", "error": {"code": "1301", "message": "unsafe"}}
SOUND = (SUBMITTED, ENDED, REFUSED, FAILED)

ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        1e308,
        10**40,
        "",
        " ",
        "null",
        [],
        {},
        [[]],
        [None],
        {"": {}},
    ),
    *(
        "x" * 200,
        "../x",
        "a/b",
        "a?b",
        "a\n",
        "\0",
        "\x1b[2J",
        "\ud800",
        "杯",
        "bg-0000",
        REQUEST_ID,
    ),
    *("1113", 1113, "500", "9999", "SUCCESS", "FAIL", "success", "javascript:alert(1)", "http://"),
    *("file:///etc/passwd", "https://a b", "https://" + "a" * 5000, [{}], [{"url": 1}], [[SIGNED]]),
)
STATUSES = (200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 408, 409, 418, 429, 500, 503, 599)
RAW = (
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"[" * 200_000,
    b'{"a":' * 50_000,
    b'{"id":' + b"9" * 5_000 + b"}",
    b'{"id":"a","id":"b"}',
    b'{"id":NaN}',
    b'{"id":Infinity}',
    b"<html><body>captive portal</body></html>",
    b"\xef\xbb\xbf" + json.dumps(SUBMITTED).encode(),
    json.dumps(SUBMITTED).encode("utf-16"),
    b'{"id":"a\xff"}',
    b'{"id":"task-1"}' + b" " * (1024 * 1024),
)
NAMES = (
    "id",
    "request_id",
    "task_status",
    "video_result",
    "error",
    "code",
    "message",
    "url",
    "msg",
)


def changed(value: Any, chance: random.Random) -> Any:
    """Give a JSON value with one thing wrong in it, at any depth."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        name = chance.choice([*value, *NAMES])
        deed = chance.random()
        if deed < 0.25:
            return {key: kept for key, kept in value.items() if key != name}
        if deed < 0.6 or name not in value:
            return {**value, name: chance.choice(ODD)}
        return {**value, name: changed(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.7:
        return [changed(value[0], chance), *value, chance.choice(ODD)]
    return chance.choice(ODD)


def damaged(body: bytes, chance: random.Random) -> bytes:
    """Give bytes with some flipped, cut, doubled or thrown in."""
    content = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(content) + 1)
        deed = chance.randrange(4)
        if deed == 0:
            content[at:at] = bytes(chance.choices(b'{}[]",:\\0\x00\xff', k=chance.randint(1, 4)))
        elif deed == 1:
            del content[at : at + chance.randint(1, 8)]
        elif deed == 2:
            content += content[at : at + 40]
        elif content:
            content[at % len(content)] ^= 1 << chance.randrange(8)
    return bytes(content)


def answers() -> Iterator[Answer]:
    """Make 10,000 answers: whole JSON with wrong parts, and bytes that are no JSON any more."""
    chance = random.Random("API bodies")
    for number in range(COUNT):
        if number % 10 == 0:
            body = chance.choice(RAW)
        else:
            value: Any = chance.choice(SOUND)
            for _ in range(chance.randint(0, 3)):
                value = changed(value, chance)
            body = json.dumps(value, ensure_ascii=chance.random() < 0.7).encode(
                "utf-8", "surrogatepass"
            )
            if chance.random() < 0.4:
                body = damaged(body, chance)
        yield Answer(
            chance.choice(STATUSES),
            body,
            chance.choice(("application/json", "text/html", "", "\x1b[2J" * 50)),
            chance.choice(("", "5", "-1", "1e9", "soon", "9" * 400, " 30 ", "NaN")),
        )


def meaning(body: bytes) -> dict[str, Any]:
    """Read a body once more, by other means; an object or nothing."""
    try:
        value = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def is_one_line(text: str | None) -> bool:
    """Tell whether a text can be shown and logged as it is."""
    return text is None or (text.isprintable() and len(text) < 700)


def test_no_answer_to_a_submit_passes_for_a_task_that_was_not_made() -> None:
    """Accepted means: 2xx, a sound id, and no echo of another request; nothing is ever raised."""
    seen: dict[type, int] = {}
    for answer in answers():
        reply = decide_submit(answer, REQUEST_ID)
        seen[type(reply)] = seen.get(type(reply), 0) + 1
        said = meaning(answer.body)
        match reply:
            case Accepted(task_id):
                assert re.fullmatch(r"[A-Za-z0-9_-]{1,128}", task_id)
                assert said.get("id") == task_id
                assert said.get("request_id") in {None, REQUEST_ID}
                assert 200 <= answer.status < 300
            case Refused(code, text, _, _, wait_s):
                assert code
                assert is_one_line(code)
                assert is_one_line(text)
                assert wait_s is None or 0 <= wait_s <= 600
            case Uncertain(text, code):
                assert is_one_line(text)
                assert is_one_line(code)
            case Repeated(text):
                assert is_one_line(text)
            case NotSent():
                pytest.fail("an answer that came shows that the request was sent")
    assert min(seen[kind] for kind in (Accepted, Refused, Uncertain)) > 200


def test_no_answer_to_a_poll_raises_or_gives_an_unsafe_link() -> None:
    """A success has links of http(s) on one line; all else is one of the known replies."""
    seen: dict[type, int] = {}
    for answer in answers():
        reply = decide_poll(answer, REQUEST_ID)
        seen[type(reply)] = seen.get(type(reply), 0) + 1
        match reply:
            case TaskSucceeded(video_url, cover_url):
                assert meaning(answer.body).get("task_status") == "SUCCESS"
                assert meaning(answer.body).get("request_id") in {None, REQUEST_ID}
                for link in (video_url, cover_url):
                    assert link is None or re.fullmatch(r"https?://[!-~\u00a1-\U0010ffff]*", link)
            case TaskFailed(code, text):
                assert is_one_line(code)
                assert is_one_line(text)
            case TaskUnknown(text) | PollTrouble(text):
                assert is_one_line(text)
            case StillProcessing():
                assert answer.is_success
    assert set(seen) == {TaskSucceeded, TaskFailed, TaskUnknown, PollTrouble, StillProcessing}


@pytest.mark.parametrize("decide", [decide_submit, decide_poll])
def test_a_bare_success_without_a_body_decides_nothing(decide: Callable[..., Any]) -> None:
    """No status alone, from 100 to 599, makes a task, ends one or refuses a purchase."""
    for status in range(100, 600):
        for body in RAW[:4]:
            assert isinstance(decide(Answer(status, body), REQUEST_ID), Uncertain | PollTrouble)


def test_no_packed_body_grows_beyond_its_limit_or_raises() -> None:
    """Damaged and endless gzip either unpacks to a bounded body or is refused."""
    chance = random.Random("packed bodies")
    bomb = gzip.compress(b"[" * 50_000_000)
    for number in range(2_000):
        packed = bomb if number % 100 == 0 else gzip.compress(json.dumps(ENDED).encode())
        body = packed if number % 3 == 0 else damaged(packed, chance)
        try:
            unpacked_body = unpacked(body, chance.choice(("gzip", "deflate", "br", "GZIP", "")))
        except Unreadable:
            continue
        assert len(unpacked_body) <= max(1024 * 1024 + 1, len(body))
