"""Each fault of the truth server really happens, and its book counts right."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import aiohttp
import pytest

from tests.truth.book import Terms
from tests.truth.clips import film_of
from tests.truth.conftest import Asker, HandClock, Seen
from tests.truth.server import TruthServer


def _json(seen: Seen) -> dict[str, object]:
    fields: dict[str, object] = json.loads(seen.body)
    return fields


async def _one_ended_task(server: TruthServer, asker: Asker, clock: HandClock) -> str:
    task_id = str(_json(await asker.submit())["id"])
    clock.seconds += 11
    return task_id


async def test_a_good_submit_is_charged_once(server: TruthServer, asker: Asker) -> None:
    """The charge carries the request, its clip and its price."""
    seen = await asker.submit("r-7", "MUG/spin")
    truth = server.truth()
    assert _json(seen)["request_id"] == "r-7"
    assert truth["charges"][0]["task_id"] == _json(seen)["id"]
    assert truth["charges_by_clip"] == {"MUG/spin": 1}
    assert truth["bill"] == "1.25"


@pytest.mark.parametrize("made", ["", "+made"])
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("reset", "ClientOSError"),
        ("close", "ServerDisconnectedError"),
        ("hang(0)", "ServerDisconnectedError"),
        ("half-head", "ServerDisconnectedError"),
        ("garbage", "ClientResponseError"),
        ("html-500", "500"),
        ("html-502", "502"),
        ("html-429", "429"),
        ("html-200", "200"),
        ("broken-json", "200"),
        ("no-id", "200"),
        ("redirect-302", "302"),
        ("redirect-307", "307"),
        ("redirect-308", "308"),
        ("other-request-id", "200"),
        ("code-1305", "429"),
    ],
)
async def test_a_submit_fault_is_charged_only_when_made(
    server: TruthServer, asker: Asker, fault: str, expected: str, made: str
) -> None:
    """What the client sees is the same both times; the bill is not."""
    server.set_faults(f"submit: {fault}{made}")
    seen = await asker.submit()
    assert (seen.error or str(seen.status)) == expected
    assert len(server.truth()["charges"]) == (1 if made else 0)
    assert server.truth()["posts"][0]["outcome"] == fault.split("(")[0] + made


@pytest.mark.parametrize("fault", ["html-500", "html-200", "broken-json"])
async def test_a_page_or_torn_body_is_no_json(
    server: TruthServer, asker: Asker, fault: str
) -> None:
    """Its body cannot be read as an answer."""
    server.set_faults(f"submit: {fault}+made")
    seen = await asker.submit()
    with pytest.raises(ValueError, match="line 1"):
        json.loads(seen.body)


async def test_no_id_and_another_request_id(server: TruthServer, asker: Asker) -> None:
    """The answers are sound JSON, but not usable."""
    server.set_faults("submit: no-id+made*1, other-request-id+made*1")
    assert "id" not in _json(await asker.submit())
    assert _json(await asker.submit("r-2", "B/main"))["request_id"] != "r-2"


@pytest.mark.parametrize(
    ("code", "status"),
    [("1302", 429), ("1113", 429), ("1301", 400), ("1210", 400), ("1214", 400), ("1000", 401)],
)
async def test_a_refusal_carries_its_code(
    server: TruthServer, asker: Asker, code: str, status: int
) -> None:
    """The status is that of the platform."""
    server.set_faults(f"submit: code-{code}")
    seen = await asker.submit()
    assert seen.status == status
    assert json.loads(seen.body)["error"]["code"] == code


async def test_the_cap_is_counted_for_each_account(
    server: TruthServer, asker: Asker, clock: HandClock
) -> None:
    """A third task is refused and noted, until one has ended; another account has its own."""
    statuses = [(await asker.submit(f"r-{n}", f"{n}/main")).status for n in range(3)]
    assert statuses == [200, 200, 429]
    assert (await asker.submit("r-9", "9/main", key="key-2")).status == 200
    clock.seconds += 11
    assert (await asker.submit("r-10", "10/main")).status == 200
    truth = server.truth()
    assert (truth["max_in_flight"], truth["over_slots"]) == (2, 1)
    assert truth["accounts"] == ["key-1", "key-2"]


async def test_the_balance_ends_after_so_many_calls(server: TruthServer, asker: Asker) -> None:
    """Code 1113 from then on."""
    server.book.terms = Terms(calls=1)
    await asker.submit("r-1", "A/main")
    assert b"1113" in (await asker.submit("r-2", "B/main")).body


@pytest.mark.parametrize(("dedupe", "charges"), [("off", 2), ("refuse", 1), ("same", 1)])
async def test_a_repeated_request_id(
    server: TruthServer, asker: Asker, dedupe: str, charges: int
) -> None:
    """It is bought again, refused with 1231, or answered with the first task."""
    server.book.terms = Terms(dedupe=dedupe)  # type: ignore[arg-type]  # from the table above
    first, second = await asker.submit(), await asker.submit()
    assert len(server.truth()["charges"]) == charges
    assert server.truth()["posts_by_clip"] == {"A/main": 2}
    assert (b"1231" in second.body) == (dedupe == "refuse")
    assert (first.body == second.body) == (dedupe == "same")


async def test_a_task_ends_by_the_clock_and_its_link_dies(
    server: TruthServer, asker: Asker, clock: HandClock
) -> None:
    """PROCESSING, then SUCCESS with a link that lives a minute."""
    task_id = str(_json(await asker.submit())["id"])
    assert _json(await asker.poll(task_id))["task_status"] == "PROCESSING"
    assert (await asker.film(task_id)).status == 403
    clock.seconds += 11
    assert _json(await asker.poll(task_id))["task_status"] == "SUCCESS"
    assert (await asker.film(task_id)).body == film_of(task_id)
    clock.seconds += 60
    assert (await asker.film(task_id)).status == 403
    assert server.truth()["downloads_by_task"] == {task_id: 1}
    assert server.truth()["polls_by_task"] == {task_id: 2}


@pytest.mark.parametrize(
    ("failure", "field"), [("bare", None), ("error-object", "error"), ("message", "message")]
)
async def test_a_task_may_fail(
    server: TruthServer, asker: Asker, clock: HandClock, failure: str, field: str | None
) -> None:
    """It is charged, told in one of the forms, and has no film."""
    server.set_faults(f"task: {failure}")
    task_id = await _one_ended_task(server, asker, clock)
    state = _json(await asker.poll(task_id))
    assert state["task_status"] == "FAIL"
    assert field is None or field in state
    assert (await asker.film(task_id)).status == 403
    assert server.truth()["charges"][0]["failed"]


@pytest.mark.parametrize(
    ("fault", "status", "part"),
    [
        ("html-500", 500, b"<html>"),
        ("unknown-404", 404, b"no such task"),
        ("unknown-1233", 400, b"1233"),
        ("empty-result", 200, b'"video_result": []'),
        ("odd-status", 200, b"THINKING"),
        ("other-request-id", 200, b"somebody-else"),
        ("code-1305", 429, b"1305"),
    ],
)
async def test_a_poll_fault_passes(
    server: TruthServer, asker: Asker, clock: HandClock, fault: str, status: int, part: bytes
) -> None:
    """The next poll tells the truth again."""
    task_id = await _one_ended_task(server, asker, clock)
    server.set_faults(f"poll: {fault}*1")
    seen = await asker.poll(task_id)
    assert seen.status == status
    assert part in seen.body
    assert _json(await asker.poll(task_id))["task_status"] == "SUCCESS"


async def test_an_unknown_task_is_not_known(asker: Asker) -> None:
    """Code 1233, as the platform says it."""
    assert b"1233" in (await asker.poll("task-of-nobody")).body


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        # Twice, because aiohttp asks again by itself where asking costs nothing.
        ("reset*2", "ClientOSError"),
        ("cut*1", "ClientPayloadError"),
        ("page*1", "200 text/html"),
        ("gone-404*1", "404 text/html"),
        ("expired-403*1", "403 text/html"),
        ("wrong-type*1", "200 text/html"),
        ("slow(0)*1", "200 video/mp4"),
    ],
)
async def test_a_download_fault_passes(
    server: TruthServer, asker: Asker, clock: HandClock, fault: str, expected: str
) -> None:
    """The next download is whole, and only that one counts as served."""
    task_id = await _one_ended_task(server, asker, clock)
    server.set_faults(f"download: {fault}")
    seen = await asker.film(task_id)
    assert (seen.error or f"{seen.status} {seen.headers['Content-Type']}") == expected
    assert (await asker.film(task_id)).body == film_of(task_id)
    assert server.truth()["downloads_by_task"] == {task_id: 1}


async def test_a_film_cut_without_length_looks_whole_to_http(
    server: TruthServer, asker: Asker, clock: HandClock
) -> None:
    """No error tells the client; half of the film is there."""
    task_id = await _one_ended_task(server, asker, clock)
    server.set_faults("download: cut-no-length")
    seen = await asker.film(task_id)
    assert seen.error == ""
    assert seen.body == film_of(task_id)[: len(film_of(task_id)) // 2]


async def test_a_packed_film(server: TruthServer, asker: Asker, clock: HandClock) -> None:
    """It is sent with gzip, although nobody asked for that."""
    task_id = await _one_ended_task(server, asker, clock)
    server.set_faults("download: gzip")
    seen = await asker.film(task_id)
    assert seen.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(seen.body) == film_of(task_id)


async def test_an_endless_film(
    server: TruthServer, session: aiohttp.ClientSession, asker: Asker, clock: HandClock
) -> None:
    """It goes on far beyond the film, until the client leaves."""
    task_id = await _one_ended_task(server, asker, clock)
    server.set_faults("download: endless")
    async with session.get(f"http://127.0.0.1:{server.port}/files/{task_id}.mp4") as reply:
        assert len(await reply.content.readexactly(2_000_000)) > len(film_of(task_id))


async def test_waiting_for_requests(server: TruthServer, asker: Asker) -> None:
    """The wait ends with the request that it was for."""
    wait = asyncio.create_task(server.requests(2))
    await asker.submit()
    assert not wait.done()
    await asker.poll("task-0-1")
    await wait


async def test_faults_change_while_it_runs_and_a_mistake_is_told(asker: Asker) -> None:
    """`PUT /faults` takes the same text."""
    path = f"http://127.0.0.1:{asker.port}/faults"
    async with asker.session.put(path, data="submit: code-1303") as reply:
        assert reply.status == 200
    assert b"1303" in (await asker.submit()).body
    async with asker.session.put(path, data="submit: melt") as reply:
        assert reply.status == 400


async def test_it_runs_as_a_process(session: aiohttp.ClientSession) -> None:
    """It prints its address when it is ready, tells the truth, and ends on SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.truth.server", "--faults", "submit: close+made"),
        stdout=PIPE,
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
    )
    assert process.stdout
    ready = json.loads(await process.stdout.readline())
    asker = Asker(session, int(ready["base_url"].split(":")[2].split("/")[0]))
    assert (await asker.submit()).error == "ServerDisconnectedError"
    assert _json(await asker.ask("GET", "/truth"))["charges_by_clip"] == {"A/main": 1}
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
