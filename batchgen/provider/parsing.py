"""Reading what comes back from the provider, trusting none of it. Pure.

Whatever is wrong with a body becomes one error, `Unreadable`. What the fields mean for a clip is
not decided here (`provider.codes` does).
"""

from __future__ import annotations

import json
import re
import unicodedata
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from batchgen.clip import TaskId

#: A longer body, packed or unpacked, is not read to its end and not believed (ours).
BODY_LIMIT_BYTES = 1024 * 1024
#: Characters of the provider's words that are kept (ours).
TEXT_LIMIT = 500
#: Characters of an error code that are kept; real ones have four (ours).
CODE_LIMIT = 64
#: Longer links are not believed (ours).
LINK_LIMIT = 4096
#: A longer Retry-After is not honoured, in seconds (ours).
RETRY_AFTER_LIMIT_S = 600.0

_TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SECONDS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?")
#: A URL up to its query or fragment, and that: links to clips and pictures are signed there.
_QUERY = re.compile(r"(https?://[^\s?#]*)[?#]\S*", re.IGNORECASE)
#: Unicode categories that may reorder, hide or break text: control, format, surrogate.
_HIDDEN = frozenset({"Cc", "Cf", "Cs"})


class Unreadable(Exception):
    """A body that is not one sane JSON object; the text says why, in safe words."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer."""

    status: int
    #: At most one byte more than `BODY_LIMIT_BYTES`.
    body: bytes = b""
    #: The headers of the same names; empty when absent.
    content_type: str = ""
    retry_after: str = ""

    @property
    def is_success(self) -> bool:
        """Tell whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def is_redirect(self) -> bool:
        """Tell whether the status is 3xx."""
        return 300 <= self.status < 400

    @property
    def retry_after_s(self) -> float | None:
        """The Retry-After header in seconds, when it is a number from 0 to 600."""
        text = self.retry_after.strip()
        if not _SECONDS.fullmatch(text) or float(text) > RETRY_AFTER_LIMIT_S:
            return None
        return float(text)


@dataclass(frozen=True, slots=True)
class ProviderError:
    """What an error answer says."""

    #: None when the answer has no code.
    code: str | None
    text: str


def unpacked(body: bytes, encoding: str) -> bytes:
    """Undo gzip or deflate, to at most one byte more than `BODY_LIMIT_BYTES`.

    Raises:
        Unreadable: the body is packed in another way, or damaged.
    """
    if encoding.lower() in {"", "identity"}:
        return body
    if encoding.lower() not in {"gzip", "x-gzip", "deflate"}:
        message = "the answer is packed in a way that was not asked for"
        raise Unreadable(message)
    try:
        # 32 + MAX_WBITS: zlib finds out by itself whether it is gzip or zlib.
        unzip = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)
        return unzip.decompress(body, BODY_LIMIT_BYTES + 1)
    except zlib.error as error:
        message = "the answer is packed and damaged"
        raise Unreadable(message) from error


def json_object(answer: Answer) -> dict[str, Any]:
    """Give the body as a JSON object.

    Raises:
        Unreadable: too long, no JSON, no object, a key twice, NaN, or nested too deeply.
    """
    if len(answer.body) > BODY_LIMIT_BYTES:
        message = f"HTTP {answer.status}: the answer is longer than {BODY_LIMIT_BYTES} bytes"
        raise Unreadable(message)
    try:
        value = json.loads(
            answer.body.decode("utf-8-sig"),
            object_pairs_hook=_without_repeats,
            parse_constant=_no_such_number,
        )
    except (ValueError, RecursionError) as error:
        kind = cleaned(answer.content_type, 80) or "no content type"
        message = f"HTTP {answer.status}: the answer is not sound JSON ({kind})"
        raise Unreadable(message) from error
    if not isinstance(value, dict):
        message = f"HTTP {answer.status}: the answer is JSON, but not an object"
        raise Unreadable(message)
    return value


def task_id_of(body: Mapping[str, Any]) -> TaskId | None:
    """Give the task id of a submit answer, or None when there is no usable one."""
    value = body.get("id")
    return TaskId(value) if isinstance(value, str) and is_task_id(value) else None


def is_task_id(text: str) -> bool:
    """Tell whether the text may be put into an address as a task id."""
    return _TASK_ID.fullmatch(text) is not None


def is_for_another(body: Mapping[str, Any], request_id: str) -> bool:
    """Tell whether the answer names a request id that is not ours (a proxy's mix-up)."""
    echo = body.get("request_id")
    return echo is not None and echo != request_id


def error_of(body: Mapping[str, Any]) -> ProviderError | None:
    """Find the error in an answer: `{"error": {"code", "message"}}`, or the same without `error`.

    A bare text as `error` is an error without a code (none of its forms is sure for FAIL bodies).
    """
    nested = body.get("error")
    if isinstance(nested, dict):
        return ProviderError(_code_of(nested), _words_of(nested))
    if isinstance(nested, str):
        return ProviderError(_code_of(body), cleaned(nested) or _words_of(body))
    if body.get("code") is not None:
        return ProviderError(_code_of(body), _words_of(body))
    return None


def words_of_failure(body: Mapping[str, Any]) -> ProviderError:
    """Give whatever a FAIL answer says about its reason, which may be nothing."""
    return error_of(body) or ProviderError(None, _words_of(body))


def first_links(body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Give the links to the video and its cover: of the first result that has a video.

    One request makes one video; every answer seen holds one result, so further ones are ignored.
    """
    results = body.get("video_result")
    for result in results if isinstance(results, list) else ():
        if isinstance(result, dict) and (video := _link(result.get("url"))) is not None:
            return video, _link(result.get("cover_image_url"))
    return None, None


def cleaned(text: str, limit: int = TEXT_LIMIT) -> str:
    """Give words from outside on one line, cut at `limit`.

    Hidden characters become blanks; URLs lose their queries, which may open what they name.
    """
    # A long text is cut first: the cleaning should not walk through a megabyte.
    return _on_one_line(_QUERY.sub(r"\1", text[: limit * 4]))[:limit]


def http_date_s(text: str) -> float | None:
    """Read a `Date` header as UTC seconds since the epoch, or None."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _code_of(body: Mapping[str, Any]) -> str | None:
    code = body.get("code")
    if isinstance(code, bool) or not isinstance(code, str | int):
        return None
    return cleaned(str(code), CODE_LIMIT) or None


def _words_of(body: Mapping[str, Any]) -> str:
    for field in ("message", "msg"):
        words = body.get(field)
        if isinstance(words, str) and words.strip():
            return cleaned(words)
    return ""


def _link(value: object) -> str | None:
    """Give a link that is safe to store and show; whether it may be fetched is judged later."""
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        return None
    if len(value) > LINK_LIMIT or value != _on_one_line(value).replace(" ", ""):
        return None
    return value


def _on_one_line(text: str) -> str:
    shown = (" " if unicodedata.category(sign) in _HIDDEN else sign for sign in text)
    return " ".join("".join(shown).split())


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that has a key twice: readers disagree about which one counts."""
    body = dict(pairs)
    if len(body) != len(pairs):
        message = "a key stands twice"
        raise ValueError(message)
    return body


def _no_such_number(name: str) -> object:
    message = f"{name} is no JSON"
    raise ValueError(message)
