"""Pictures on the web by their bytes: what moved, what changed, and what is not bought twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from batchgen.clip import Attempt, AttemptState, LocalPicture, RemotePicture
from batchgen.picture_fit import PictureFit
from batchgen.plan.clips.identity import by_url, fingerprint, recorded_by_url, request_record
from batchgen.plan.values import Action, Plan
from tests.plan.examples import PHOTO, REQUEST, a_history, a_job, a_plan, an_attempt, an_item
from tests.plan.examples import clips_of as made

URL = "https://shop.example/mug.jpg"
MOVED = "https://cdn.example/mug-2.jpg"
A, B = "aa" * 32, "bb" * 32
#: A picture as a job sees it: by its URL, or by its bytes where they were read.
UNREAD = RemotePicture(URL)
READ = RemotePicture(URL, A, 800, 600)


def bought(picture: RemotePicture | LocalPicture, **changes: Any) -> Attempt:
    """Make the finished purchase of a clip with a picture."""
    (clip,) = made(a_job(), an_item("A1", 2, picture))
    attempt = an_attempt(clip, AttemptState.SAVED, **changes)
    return replace(attempt, request=request_record(clip.request))


def planned(picture: RemotePicture | LocalPicture, *attempts: Attempt) -> Plan:
    """Plan the clip as its picture is seen now."""
    return a_plan(a_job(), an_item("A1", 2, picture), history=a_history(attempts))


def test_bytes_count_where_all_are_known() -> None:
    """As those of a file do; a size that was seen counts nothing."""
    local = replace(REQUEST, pictures=(PHOTO,))
    remote = replace(REQUEST, pictures=(RemotePicture(URL, PHOTO.sha256),))
    assert fingerprint(local) == fingerprint(remote)
    seen = replace(REQUEST, pictures=(RemotePicture(URL, None, 800, 600),))
    assert fingerprint(seen) == fingerprint(replace(REQUEST, pictures=(UNREAD,)))


def test_half_known_pictures_count_by_url() -> None:
    """Else a pair would be another one after each of its pictures was read."""
    half = replace(REQUEST, pictures=(READ, RemotePicture(MOVED)))
    none = replace(REQUEST, pictures=(UNREAD, RemotePicture(MOVED)))
    assert fingerprint(half) == fingerprint(none)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"prompt": '红杯子 "so"\n'},
        {"aspect_ratio": "16:9", "user_id": "customer"},
        {"fit": PictureFit("crop", "3:4")},
        {"pictures": (READ, PHOTO, RemotePicture(MOVED, B))},
    ],
    ids=str,
)
def test_a_record_tells_the_fingerprint_by_url(changes: dict[str, Any]) -> None:
    """So that a purchase is known again when the bytes are forgotten."""
    read = replace(REQUEST, **{"pictures": (READ,), **changes})
    unread = replace(
        read,
        pictures=tuple(
            RemotePicture(it.url) if isinstance(it, RemotePicture) else it for it in read.pictures
        ),
    )
    expected = fingerprint(unread)
    assert (by_url(read), recorded_by_url(request_record(read))) == (expected, expected)
    assert (by_url(unread), recorded_by_url(request_record(unread))) == (None, None)


@pytest.mark.parametrize(
    ("then", "now", "action"),
    [
        pytest.param(UNREAD, READ, Action.DONE, id="identity was turned on"),
        pytest.param(READ, UNREAD, Action.DONE, id="off again, or the cache was emptied"),
        pytest.param(READ, READ, Action.DONE, id="nothing changed"),
        pytest.param(READ, RemotePicture(MOVED, A), Action.DONE, id="the same bytes elsewhere"),
        pytest.param(READ, RemotePicture(URL, B), Action.CHANGED, id="other bytes there"),
        pytest.param(READ, RemotePicture(MOVED), Action.CHANGED, id="elsewhere and not read"),
        pytest.param(UNREAD, RemotePicture(MOVED, A), Action.CHANGED, id="never read, elsewhere"),
        pytest.param(
            replace(PHOTO, sha256=A), RemotePicture(MOVED, A), Action.DONE, id="the file, uploaded"
        ),
    ],
)
def test_what_becomes_of_a_bought_clip(
    then: RemotePicture | LocalPicture, now: RemotePicture, action: Action
) -> None:
    """Only bytes that were read then and are others now, or another address, are a change."""
    (entry,) = planned(now, bought(then)).clips
    assert entry.action is action


@pytest.mark.parametrize("lost", [0, 1])
def test_a_pair_half_of_which_is_read_again_is_known(lost: int) -> None:
    """A probe that was cut off, or one server that is away, makes no other request of it."""
    job = a_job(clip={"model": "vidu2-reference", "prompt": "p"})
    pair = [READ, RemotePicture(MOVED, B)]
    (clip,) = made(job, an_item("A1", 2, *pair))
    attempt = an_attempt(clip, AttemptState.SAVED)
    attempt = replace(attempt, request=request_record(clip.request))
    pair[lost] = replace(pair[lost], sha256=None)
    (entry,) = a_plan(job, an_item("A1", 2, *pair), history=a_history([attempt])).clips
    assert entry.action is Action.DONE


def test_the_attempt_of_a_plan_is_as_the_state_has_it() -> None:
    """What was matched by another name is still told under its own."""
    attempt = bought(UNREAD)
    (entry,) = planned(READ, attempt).clips
    assert entry.attempt == attempt


def test_another_sku_is_never_known_again() -> None:
    """The same picture of another product is another clip."""
    (clip,) = made(a_job(), an_item("B2", 2, UNREAD))
    (entry,) = planned(READ, an_attempt(clip, AttemptState.SAVED)).clips
    assert entry.action is Action.BUY


@pytest.mark.parametrize(
    ("state", "action"),
    [
        (AttemptState.REFUSED, Action.LEAVE),
        (AttemptState.UNKNOWN, Action.LEAVE),
        (AttemptState.FAILED, Action.LEAVE),
        (AttemptState.ACCEPTED, Action.BRING_HOME),
        (AttemptState.REJECTED, Action.BUY),
    ],
)
def test_what_was_bought_by_url_keeps_its_standing(state: AttemptState, action: Action) -> None:
    """A request that was refused, or is in doubt, is not sent again for being read meanwhile."""
    (entry,) = planned(READ, replace(bought(UNREAD), state=state)).clips
    assert entry.action is action
