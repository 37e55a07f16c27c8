"""The table of codes, and the two decisions that are made with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchgen.provider.codes import decide_poll, decide_submit
from batchgen.provider.parsing import Answer, is_task_id
from batchgen.provider.port import (
    Accepted,
    NotSent,
    PollReply,
    PollTrouble,
    Reaction,
    Refused,
    Repeated,
    StillProcessing,
    StopReason,
    SubmitReply,
    TaskFailed,
    TaskSucceeded,
    TaskUnknown,
    Uncertain,
)


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    """Make a complete answer with a JSON body."""
    return Answer(status, json.dumps(body).encode(), **headers)


def error(code: object, message: str = "no", status: int = 400, **headers: str) -> Answer:
    """Make an error answer in the usual envelope."""
    return answer({"error": {"code": code, "message": message}}, status, **headers)


#: Every code of the API's lists: what a submit that gets it leads to.
REFUSALS: list[tuple[int, str, Reaction, StopReason | None]] = [
    *[(401, c, Reaction.STOP_RUN, StopReason.KEY) for c in ("1000", "1001", "1002", "1003")],
    *[(401, c, Reaction.STOP_RUN, StopReason.KEY) for c in ("1004", "1005")],
    (429, "1315", Reaction.STOP_RUN, StopReason.KEY),
    *[(429, c, Reaction.STOP_RUN, StopReason.BALANCE) for c in ("1113", "1304", "1308", "1309")],
    *[(429, c, Reaction.STOP_RUN, StopReason.BALANCE) for c in ("1310", "1314", "1316", "1317")],
    *[(429, c, Reaction.STOP_RUN, StopReason.BALANCE) for c in ("1318", "1319", "1320", "1321")],
    *[(429, c, Reaction.STOP_RUN, StopReason.ACCOUNT) for c in ("1110", "1111", "1112", "1121")],
    *[(400, c, Reaction.STOP_RUN, StopReason.ACCOUNT) for c in ("1221", "1222")],
    (429, "1313", Reaction.STOP_RUN, StopReason.ACCOUNT),
    *[(400, c, Reaction.STOP_MODEL, None) for c in ("1211", "1212")],
    (403, "1220", Reaction.STOP_MODEL, None),
    (429, "1311", Reaction.STOP_MODEL, None),
    *[(400, c, Reaction.FAIL_CLIP, None) for c in ("1210", "1213", "1214", "1215", "1261")],
    *[(400, c, Reaction.FAIL_CLIP, None) for c in ("1300", "1301")],
    (429, "1302", Reaction.HOLD, None),
    (429, "1303", Reaction.RETRY, None),
    *[(429, c, Reaction.RETRY, None) for c in ("1305", "1312")],
    *[(500, c, Reaction.RETRY, None) for c in ("1100", "1120")],
]
DOUBTS = ["500", "1200", "1230", "1232", "1233", "1234", "1235", "1260"]


@pytest.mark.parametrize(("status", "code", "reaction", "stop"), REFUSALS)
def test_refusal_is_judged_by_its_code(
    status: int, code: str, reaction: Reaction, stop: StopReason | None
) -> None:
    """Each known code that makes no task has its one reaction, at its status and at HTTP 200."""
    expected = Refused(code, "no", reaction, stop)
    assert decide_submit(error(code, status=status), "r") == expected
    assert decide_submit(error(code, status=200), "r") == expected


@pytest.mark.parametrize("code", DOUBTS)
@pytest.mark.parametrize("status", [200, 400, 429, 500])
def test_code_that_does_not_tell_leaves_doubt(code: str, status: int) -> None:
    """Codes that may hide a task never release the money, whatever the status."""
    assert decide_submit(error(code, status=status), "r") == Uncertain(f"HTTP {status}: no", code)


@pytest.mark.parametrize("status", [200, 400, 409, 429, 500])
def test_a_known_request_id_is_an_answer_of_its_own(status: int) -> None:
    """1231 tells that an earlier submit arrived, and neither frees the money nor gives a task."""
    reply = decide_submit(error("1231", "已有请求 r", status=status), "r")
    words = f"an earlier submit of this request arrived (HTTP {status}: 已有请求 r)"
    assert reply == Repeated(words)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", None),
        (b"<html>Moved</html>", None),
        (b'{"error":{"code":"1999","message":"no"}}', "1999"),
        (b'{"error":{"code":"500","message":"no"}}', "500"),
    ],
)
def test_a_redirect_leaves_doubt_and_stops_the_run(
    status: int, body: bytes, code: str | None
) -> None:
    """Every other submit would be redirected too: the person has to look at the address."""
    reply = decide_submit(Answer(status, body), "r")
    words = f"HTTP {status}: the address of the API redirects, and no paid request follows it"
    assert reply == Uncertain(f"{words}: check it", code, StopReason.ACCOUNT)


def test_a_refusal_stands_whatever_the_status() -> None:
    """A code that makes no task is a refusal on a redirect too: nothing is in doubt."""
    reply = decide_submit(error("1302", status=307), "r")
    assert reply == Refused("1302", "no", Reaction.HOLD)


@pytest.mark.parametrize(
    ("status", "reaction", "stop"),
    [
        (400, Reaction.FAIL_CLIP, None),
        (422, Reaction.FAIL_CLIP, None),
        (401, Reaction.STOP_RUN, StopReason.KEY),
        (429, Reaction.RETRY, None),
    ],
)
def test_unknown_code_falls_back_on_the_status(
    status: int, reaction: Reaction, stop: StopReason | None
) -> None:
    """A code that is in no list is judged by its HTTP status."""
    reply = decide_submit(error("1999", status=status), "r")
    assert reply == Refused("1999", "no", reaction, stop)


@pytest.mark.parametrize("status", [200, 408, 409, 500, 502, 503])
def test_unknown_code_with_a_status_that_tells_nothing_is_doubt(status: int) -> None:
    """An unknown code refuses nothing where the status does not say so."""
    assert decide_submit(error("1999", status=status), "r") == Uncertain(
        f"HTTP {status}: no", "1999"
    )


@pytest.mark.parametrize(
    "words", ["model 参数非法", "API 调用参数有误:modelCode不存在", "模型不存在", "Model: bad"]
)
def test_invalid_field_model_stops_the_model(words: str) -> None:
    """1214 about the model will hit every clip of it."""
    assert decide_submit(error("1214", words), "r") == Refused("1214", words, Reaction.STOP_MODEL)


def test_invalid_other_field_fails_the_clip() -> None:
    """1214 about a field that only resembles the word is about this clip."""
    reply = decide_submit(error("1214", "remodelled 非法"), "r")
    assert reply == Refused("1214", "remodelled 非法", Reaction.FAIL_CLIP)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": 1302, "message": "busy"}},
        {"error": {"code": "1302", "msg": "busy"}},
        {"code": 1302, "message": "busy"},
        {"code": "1302", "msg": "busy"},
        {"code": "1302", "error": "busy"},
        {"contentFilter": [{"level": 1}], "error": {"code": "1302", "message": "busy\x1b[31m"}},
    ],
)
def test_every_envelope_is_read(body: dict[str, Any]) -> None:
    """Nested or flat, number or text: the code is the same."""
    reply = decide_submit(answer(body, 429), "r")
    assert isinstance(reply, Refused)
    assert (reply.code, reply.text[:4], reply.reaction) == ("1302", "busy", Reaction.HOLD)


@pytest.mark.parametrize(
    "unclear",
    [
        Answer(502, b"<html>Bad Gateway</html>", "text/html"),
        Answer(200, b"<html>Log in to the hotel</html>", "text/html"),
        Answer(429, b"<html>slow down</html>", "text/html"),
        Answer(400, b"", ""),
        Answer(200, b""),
        Answer(302, b"{}"),
        answer({"task_status": "PROCESSING"}),
        answer({"id": 7}),
        answer({"id": ["7"]}),
        answer({"id": "../../7"}),
        answer({"id": "7" * 129}),
        answer({"id": "7", "request_id": "another"}),
        answer({"error": {"code": "1302"}, "request_id": "another"}, 429),
        answer({"error": {}}, 400),
        answer({"error": {"code": True}}, 400),
        answer({"error": {"code": {"deep": 1}}}, 400),
        answer({"timestamp": 1, "status": 400, "error": "Bad Request"}, 400),
        answer({"id": "7"}, 500),
        answer([{"id": "7"}]),
        Answer(200, b'{"id":"7","id":"8"}'),
        Answer(200, b'{"id":"7","x":NaN}'),
        Answer(200, b"[" * 200_000),
        Answer(200, b'{"id":"7","x":' + b"9" * 5000 + b"}"),
        Answer(200, b'{"id":"7"}' + b" " * 1024 * 1024),
    ],
)
def test_unintelligible_submit_answer_is_doubt(unclear: Answer) -> None:
    """Whatever is not clearly an acceptance or a coded refusal may have been bought."""
    reply = decide_submit(unclear, "r")
    assert isinstance(reply, Uncertain)
    assert reply.code is None


@pytest.mark.parametrize(
    "body",
    [
        {"id": "7", "request_id": "r", "model": "vidu2-image", "task_status": "PROCESSING"},
        {"id": "7", "request_id": None},
        {"id": "7", "task_status": "FAIL", "error": {"code": "1301"}},
    ],
)
def test_id_on_success_is_a_task(body: dict[str, Any]) -> None:
    """An answer 2xx with a usable id is a purchase, even when it speaks of an error too."""
    assert decide_submit(answer(body), "r") == Accepted(body["id"])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("600", 600.0), ("601", None), ("-1", None), ("soon", None)],
)
def test_sane_retry_after_is_passed_on(header: str, seconds: float | None) -> None:
    """Retry-After counts from 0 to 600 s."""
    refusal = decide_submit(error("1302", status=429, retry_after=header), "r")
    trouble = decide_poll(error("1302", status=429, retry_after=header), "r")
    assert refusal == Refused("1302", "no", Reaction.HOLD, None, seconds)
    assert trouble == PollTrouble("HTTP 429: no", None, seconds)


LINK = "https://files.example/a.mp4?sign=1"


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        ({"task_status": "PROCESSING"}, StillProcessing()),
        ({"task_status": "PROCESSING", "video_result": []}, StillProcessing()),
        ({"task_status": "QUEUED_SOMEHOW", "video_result": None}, StillProcessing()),
        ({"task_status": "SUCCESS"}, TaskSucceeded(None)),
        ({"task_status": "SUCCESS", "video_result": None}, TaskSucceeded(None)),
        ({"task_status": "SUCCESS", "video_result": []}, TaskSucceeded(None)),
        ({"task_status": "SUCCESS", "video_result": [None, {"url": None}]}, TaskSucceeded(None)),
        ({"task_status": "SUCCESS", "video_result": [{"url": LINK}]}, TaskSucceeded(LINK)),
        (
            {"task_status": "SUCCESS", "video_result": [{"url": LINK, "cover_image_url": LINK}]},
            TaskSucceeded(LINK, LINK),
        ),
        (
            {"task_status": "SUCCESS", "video_result": [{"url": LINK}, {"url": LINK + "2"}]},
            TaskSucceeded(LINK),
        ),
        ({"task_status": "FAIL"}, TaskFailed()),
        (
            {"task_status": "FAIL", "error": {"code": "1301", "message": "unsafe"}},
            TaskFailed("1301", "unsafe"),
        ),
        ({"task_status": "FAIL", "error": "unsafe"}, TaskFailed(None, "unsafe")),
        ({"task_status": "FAIL", "message": "unsafe"}, TaskFailed(None, "unsafe")),
    ],
)
def test_task_state_is_read(body: dict[str, Any], reply: PollReply) -> None:
    """Each documented state, and each form its fields were seen or guessed in."""
    assert decide_poll(answer({**body, "request_id": "r"}), "r") == reply


@pytest.mark.parametrize(
    ("given", "reply"),
    [
        (error("1233"), TaskUnknown("HTTP 400: no")),
        (error("1232"), TaskUnknown("HTTP 400: no")),
        (error("404", status=404), TaskUnknown("HTTP 404: no")),
        (answer({"error": "Not Found"}, 404), TaskUnknown("HTTP 404: Not Found")),
        (error("1301"), TaskFailed("1301", "no")),
        (error("1002", status=401), PollTrouble("HTTP 401: no", StopReason.KEY)),
        (error("1112", status=429), PollTrouble("HTTP 429: no", StopReason.ACCOUNT)),
        (error("1113", status=429), PollTrouble("HTTP 429: no", StopReason.BALANCE)),
        (error("1302", status=429), PollTrouble("HTTP 429: no")),
        (error("1305"), PollTrouble("HTTP 400: no")),
        (error("500", status=500), PollTrouble("HTTP 500: no")),
        (answer({}), PollTrouble("HTTP 200: no task_status")),
        (answer({"task_status": 1}), PollTrouble("HTTP 200: no task_status")),
    ],
)
def test_poll_without_a_state_is_read(given: Answer, reply: PollReply) -> None:
    """An error tells that the task is unknown, that its content was refused, or nothing."""
    assert decide_poll(given, "r") == reply


@pytest.mark.parametrize(
    "unclear",
    [
        Answer(404, b"<html>", "text/html"),
        Answer(500, b'{"task_status":"SUCCESS"}'),
        Answer(200, b"[" * 200_000),
        answer({"task_status": "SUCCESS", "request_id": "another"}),
    ],
)
def test_unintelligible_poll_answer_is_trouble(unclear: Answer) -> None:
    """An answer that is not clearly about our task changes nothing."""
    reply = decide_poll(unclear, "r")
    assert isinstance(reply, PollTrouble)
    assert reply.stop is None


@pytest.mark.parametrize(("echo", "named"), [("another", "another"), (7, None), (["r"], None)])
def test_a_poll_tells_whose_task_it_is(echo: object, named: str | None) -> None:
    """The request that the answer names is kept where it is one, for whoever adopts the task."""
    reply = decide_poll(answer({"task_status": "SUCCESS", "request_id": echo}), "r")
    assert isinstance(reply, PollTrouble)
    assert reply.other_request_id == named


_words = st.text(max_size=12) | st.sampled_from(["SUCCESS", "FAIL", "7", "r", "1302", "1113"])
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _words,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["url", "code", "message", "cover_image_url"]) | _words, inner
        )
    ),
    max_leaves=8,
)
_fields = ["id", "request_id", "task_status", "video_result", "error", "code", "message"]
_bodies = st.binary(max_size=60) | st.dictionaries(
    st.sampled_from(_fields) | _words, _values, max_size=7
).map(lambda body: json.dumps(body).encode())
SUBMIT_REPLIES: tuple[type[SubmitReply], ...] = (Accepted, Refused, Repeated, NotSent, Uncertain)


@settings(max_examples=400, deadline=None)
@given(status=st.integers(100, 599), body=_bodies, kind=st.text(max_size=9), wait=_words)
def test_no_body_breaks_the_decisions(status: int, body: bytes, kind: str, wait: str) -> None:
    """Any bytes at any status give a reply, and only a valid id makes a purchase."""
    given_answer = Answer(status, body, kind, wait)
    reply = decide_submit(given_answer, "r")
    assert isinstance(reply, SUBMIT_REPLIES)
    assert not isinstance(reply, Accepted) or is_task_id(json.loads(body)["id"])
    polled = decide_poll(given_answer, "r")
    assert not isinstance(polled, TaskSucceeded) or 200 <= status < 300
