"""What each answer of the API means for a clip and its money: one table, two decisions. Pure.

The code in the body decides, never the HTTP status alone: the same 429 says "too fast" and "out
of money". Only a complete answer with a code that makes no task is a refusal; everything that
cannot be understood leaves the purchase in doubt.

Source of the table: docs.bigmodel.cn and docs.z.ai, pages "api-code", the current list and the
broader one of 2025-12-29, read 2026-11-23. That a refused request is not charged is our reading;
no document says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from batchgen.provider.parsing import (
    Answer,
    ProviderError,
    Unreadable,
    cleaned,
    error_of,
    first_links,
    is_for_another,
    json_object,
    task_id_of,
    words_of_failure,
)
from batchgen.provider.port import (
    REPEATED_CODE,
    Accepted,
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


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code asks of the runner."""

    #: None: the code does not tell whether a task was made.
    reaction: Reaction | None
    stop: StopReason | None = None


_RETRY = Rule(Reaction.RETRY)
_HOLD = Rule(Reaction.HOLD)
_CLIP = Rule(Reaction.FAIL_CLIP)
_MODEL = Rule(Reaction.STOP_MODEL)
_KEY = Rule(Reaction.STOP_RUN, StopReason.KEY)
_BALANCE = Rule(Reaction.STOP_RUN, StopReason.BALANCE)
_ACCOUNT = Rule(Reaction.STOP_RUN, StopReason.ACCOUNT)
_DOUBT = Rule(None)

RULES: Mapping[str, Rule] = {
    "500": _DOUBT,  # internal error
    "1000": _KEY,  # authentication failed
    "1001": _KEY,  # no authentication header received
    "1002": _KEY,  # token invalid
    "1003": _KEY,  # token expired
    "1004": _KEY,  # token check failed
    "1005": _KEY,  # second-factor protection is on
    "1100": _RETRY,  # account cannot be read or written
    "1110": _ACCOUNT,  # account inactive
    "1111": _ACCOUNT,  # account does not exist
    "1112": _ACCOUNT,  # account locked
    "1113": _BALANCE,  # balance used up, or no resource package that fits
    "1120": _RETRY,  # account cannot be reached now
    "1121": _ACCOUNT,  # account locked for a violation
    "1200": _DOUBT,  # call failed
    "1210": _CLIP,  # parameters wrong; also seen for an unreadable picture
    "1211": _MODEL,  # model unknown
    "1212": _MODEL,  # model does not support this kind of call
    "1213": _CLIP,  # a field was not received
    "1214": _CLIP,  # a field is invalid; see `rule_for`
    "1215": _CLIP,  # two fields exclude each other
    "1220": _MODEL,  # no right to this API
    "1221": _ACCOUNT,  # API withdrawn
    "1222": _ACCOUNT,  # API does not exist: wrong base URL
    "1230": _DOUBT,  # call flow error
    REPEATED_CODE: _DOUBT,  # this request_id was seen before: an earlier submit did arrive
    "1232": _DOUBT,  # "fetch the result with the task id": no sane answer to a submit
    "1233": _DOUBT,  # task does not exist: no sane answer to a submit
    "1234": _DOUBT,  # network error inside the platform
    "1235": _DOUBT,  # network error inside the platform
    "1260": _DOUBT,  # error while running
    "1261": _CLIP,  # prompt too long
    "1300": _CLIP,  # blocked by policy
    "1301": _CLIP,  # unsafe or sensitive content
    "1302": _HOLD,  # too many at once, or too dense
    "1303": _RETRY,  # calls too frequent
    "1304": _BALANCE,  # calls of the day used up
    "1305": _RETRY,  # model or platform overloaded
    "1308": _BALANCE,  # usage limit, resets at a time named in the message
    "1309": _BALANCE,  # package expired
    "1310": _BALANCE,  # usage limit, resets at a time named in the message
    "1311": _MODEL,  # package lacks this model
    "1312": _RETRY,  # model busy
    "1313": _ACCOUNT,  # fair-use restriction
    "1314": _BALANCE,  # package expired
    "1315": _KEY,  # key is bound to another product
    "1316": _BALANCE,  # 1316 to 1321: package windows or spending caps exhausted
    "1317": _BALANCE,
    "1318": _BALANCE,
    "1319": _BALANCE,
    "1320": _BALANCE,
    "1321": _BALANCE,
}

#: Codes by which a poll is told that there is no such task.
_NO_SUCH_TASK = frozenset({"1232", "1233"})
#: Codes that, as the answer to a poll, can only be the end of the task: its content was refused.
_CONTENT_REFUSED = frozenset({"1300", "1301"})
#: The field `model` (or `modelCode`) named in the message of 1214; Chinese may stand beside it.
_NAMES_MODEL = re.compile(r"\bmodel(code)?\b|模型", re.IGNORECASE | re.ASCII)


def rule_for(error: ProviderError, status: int) -> Rule:
    """Give the rule for an error; the status only helps where the code is not known."""
    if error.code is None:
        return _DOUBT
    if error.code == "1214" and _NAMES_MODEL.search(error.text):
        return _MODEL
    return RULES.get(error.code) or _rule_by_status(status)


def _rule_by_status(status: int) -> Rule:
    if status == 429:
        return _RETRY
    if status == 401:
        return _KEY
    # 408 and 409 speak of the transport or of an earlier request, not of this one's content.
    if 400 <= status < 500 and status not in {408, 409}:
        return _CLIP
    return _DOUBT


def decide_submit(answer: Answer, request_id: str) -> SubmitReply:
    """Say whether a complete answer to a submit means bought, refused or in doubt."""
    reply = _decided(answer, request_id)
    if isinstance(reply, Uncertain) and answer.is_redirect:
        words = "the address of the API redirects, and no paid request follows it: check it"
        return replace(reply, text=_with_status(answer, words), stop=StopReason.ACCOUNT)
    return reply


def _decided(answer: Answer, request_id: str) -> SubmitReply:
    try:
        body = json_object(answer)
    except Unreadable as unreadable:
        return Uncertain(str(unreadable))
    if is_for_another(body, request_id):
        return Uncertain(f"HTTP {answer.status}: the answer names another request_id")
    task_id = task_id_of(body)
    # An id is a task, whatever else the answer says; polling it will tell the rest.
    if answer.is_success and task_id is not None:
        return Accepted(task_id)
    return _unaccepted(answer, error_of(body))


def _unaccepted(answer: Answer, error: ProviderError | None) -> Refused | Uncertain | Repeated:
    if error is None or error.code is None:
        words = error.text if error is not None else "no usable task id and no error code"
        return Uncertain(_with_status(answer, words))
    if error.code == REPEATED_CODE:
        words = _with_status(answer, error.text)
        return Repeated(f"an earlier submit of this request arrived ({words})")
    rule = rule_for(error, answer.status)
    if rule.reaction is None:
        return Uncertain(_with_status(answer, error.text), error.code)
    return Refused(error.code, error.text, rule.reaction, rule.stop, answer.retry_after_s)


def decide_poll(answer: Answer, request_id: str) -> PollReply:
    """Say what a complete answer to a poll tells of the task."""
    try:
        body = json_object(answer)
    except Unreadable as unreadable:
        return PollTrouble(str(unreadable), retry_after_s=answer.retry_after_s)
    if is_for_another(body, request_id):
        echo = body["request_id"]
        return PollTrouble(
            f"HTTP {answer.status}: the answer names another request_id",
            other_request_id=cleaned(echo) if isinstance(echo, str) else None,
        )
    if answer.is_success and isinstance(body.get("task_status"), str):
        return _task_state(body)
    return _no_state(answer, error_of(body))


def _task_state(body: Mapping[str, Any]) -> PollReply:
    match body["task_status"]:
        case "SUCCESS":
            return TaskSucceeded(*first_links(body))
        case "FAIL":
            reason = words_of_failure(body)
            return TaskFailed(reason.code, reason.text or None)
        case _:
            return StillProcessing()


def _no_state(answer: Answer, error: ProviderError | None) -> PollReply:
    if error is None:
        return PollTrouble(
            _with_status(answer, "no task_status"), retry_after_s=answer.retry_after_s
        )
    if error.code in _NO_SUCH_TASK or answer.status == 404:
        return TaskUnknown(_with_status(answer, error.text))
    if error.code in _CONTENT_REFUSED:
        return TaskFailed(error.code, error.text or None)
    stop = rule_for(error, answer.status).stop
    return PollTrouble(_with_status(answer, error.text), stop, answer.retry_after_s)


def _with_status(answer: Answer, words: str) -> str:
    return f"HTTP {answer.status}: {words}" if words else f"HTTP {answer.status}"
