"""What each fault looks like on the wire. Pure: a good answer goes in, a spoiled one comes out."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.truth.dial import Fault
from tests.truth.wire import Ending, Reply, answer, answer_without_length, json_answer

#: How long a `hang` is silent before it leaves, and a `slow` film takes, in seconds.
HANG_S = 2.0
_PAGE = "<html><body><h1>{title}</h1></body></html>"
_KIND_OF_FILM = "video/mp4"
#: HTTP status of the codes; all others are 400.
_STATUS = {"1000": 401, "1113": 429, "1302": 429, "1303": 429, "1305": 429, "500": 500}

Spoil = Callable[[Reply, Fault], Reply]


def coded(code: str) -> Reply:
    """Refuse with a code in the platform's envelope."""
    return json_answer(
        {"error": {"code": code, "message": f"refused with {code}"}}, _STATUS.get(code, 400)
    )


def page(status: int) -> Reply:
    """Answer like a gateway: an HTML page."""
    return answer(status, _PAGE.format(title=status).encode(), "text/html")


def _redirected(status: int) -> Reply:
    return answer(status, b"", "text/html", {"Location": "/api/paas/v4/videos/generations"})


def _without(reply: Reply, name: str) -> Reply:
    fields = _fields(reply)
    fields.pop(name, None)
    return json_answer(fields)


def _with(reply: Reply, **changed: Any) -> Reply:
    return json_answer(_fields(reply) | changed)


def _fields(reply: Reply) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(body_of(reply))
    return fields


def body_of(reply: Reply) -> bytes:
    """Give what follows the head."""
    return reply.content.partition(b"\r\n\r\n")[2]


#: Faults that any JSON answer may have; the good answer is lost.
_TRANSPORT: Mapping[str, Spoil] = {
    "reset": lambda _, __: Reply(ending=Ending.RESET),
    "close": lambda _, __: Reply(ending=Ending.CLOSE),
    "hang": lambda _, fault: Reply(ending=Ending.CLOSE, silence_s=fault.amount_or(HANG_S)),
    "half-head": lambda _, __: Reply(b"HTTP/1.1 200 OK\r\nContent-Le", Ending.CLOSE),
    "garbage": lambda _, __: Reply(bytes(range(256)), Ending.CLOSE),
    "html-500": lambda _, __: page(500),
    "html-502": lambda _, __: page(502),
    "html-429": lambda _, __: page(429),
    "html-200": lambda _, __: page(200),
    "broken-json": lambda good, _: answer(200, body_of(good)[:-5], "application/json"),
    "other-request-id": lambda good, _: _with(good, request_id="of-somebody-else"),
}

SUBMIT: Mapping[str, Spoil] = {
    **_TRANSPORT,
    "no-id": lambda good, _: _without(good, "id"),
    "redirect-302": lambda _, __: _redirected(302),
    "redirect-307": lambda _, __: _redirected(307),
    "redirect-308": lambda _, __: _redirected(308),
    "code": lambda _, fault: coded(fault.name.removeprefix("code-")),
}

POLL: Mapping[str, Spoil] = {
    **_TRANSPORT,
    "unknown-404": lambda _, __: json_answer({"error": {"message": "no such task"}}, 404),
    "unknown-1233": lambda _, __: coded("1233"),
    "empty-result": lambda good, _: _with(good, video_result=[]),
    "odd-status": lambda good, _: _with(good, task_status="THINKING"),
    "code": lambda _, fault: coded(fault.name.removeprefix("code-")),
}

DOWNLOAD: Mapping[str, Spoil] = {
    "reset": _TRANSPORT["reset"],
    "hang": _TRANSPORT["hang"],
    "html-500": _TRANSPORT["html-500"],
    "cut": lambda good, _: Reply(good.content[: -len(body_of(good)) // 2], Ending.CLOSE),
    "cut-no-length": lambda good, _: answer_without_length(
        body_of(good)[: len(body_of(good)) // 2], _KIND_OF_FILM
    ),
    "page": lambda _, __: page(200),
    "gone-404": lambda _, __: page(404),
    "expired-403": lambda _, __: page(403),
    "slow": lambda good, fault: Reply(
        good.content, good.ending, pieces=20, gap_s=fault.amount_or(HANG_S) / 20
    ),
    "wrong-type": lambda good, _: answer(200, body_of(good), "text/html"),
    "endless": lambda good, _: Reply(
        answer_without_length(body_of(good), _KIND_OF_FILM).content, endless=bytes(65536)
    ),
    "gzip": lambda good, _: answer(
        200, gzip.compress(body_of(good)), _KIND_OF_FILM, {"Content-Encoding": "gzip"}
    ),
}

#: How a task that fails is told of; which form is the real one is not documented.
FAILURE: Mapping[str, Mapping[str, Any]] = {
    "bare": {},
    "error-object": {"error": {"code": "1301", "message": "unsafe content"}},
    "error-text": {"error": "render failed"},
    "message": {"message": "render failed"},
}


def spoiled(good: Reply, fault: Fault | None, kinds: Mapping[str, Spoil]) -> Reply:
    """Give what is sent in the place of a good answer."""
    if fault is None:
        return good
    kind = "code" if fault.name.startswith("code-") else fault.name
    return kinds[kind](good, fault)


def film(content: bytes) -> Reply:
    """Give a whole film."""
    return answer(200, content, _KIND_OF_FILM)
