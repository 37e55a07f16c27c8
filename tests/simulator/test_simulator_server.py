"""The API over real HTTP: lives, caps, codes, switches, links, and a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from batchgen.errors import SettingsError
from batchgen.simulator.server import BASE_PATH, serving
from batchgen.simulator.switches import Settings
from tests.simulator.simulated_api import HEADERS, RED, data_url, picture, simulated

BLUE = data_url(picture("blue"))
OTHER_SHAPES = {"vidu2-start-end": [RED, BLUE], "vidu2-reference": [RED, BLUE, RED]}
UNSENT = {"quality": None, "fps": None, "style": None, "request_id": None, "aspect_ratio": None}


@pytest.mark.parametrize("model", ["vidu2-image", *OTHER_SHAPES])
async def test_a_task_lives_and_ends(tmp_path: Path, model: str) -> None:
    """Each model is accepted as PROCESSING and becomes SUCCESS with one result."""
    async with simulated(tmp_path) as api:
        task_id = await api.accepted(model=model, image_url=OTHER_SHAPES.get(model, RED))
        _, early = await api.poll(task_id)
        api.now += 300
        _, late = await api.poll(task_id)
    assert (early["task_status"], late["task_status"]) == ("PROCESSING", "SUCCESS")
    assert "video_result" not in early
    assert set(late["video_result"][0]) == {"url", "cover_image_url"}


async def test_the_answer_echoes_the_call(tmp_path: Path) -> None:
    """Submit and poll answer with the caller's request_id and model."""
    async with simulated(tmp_path) as api:
        _, submitted = await api.submit(request_id="mine-1")
        _, polled = await api.poll(submitted["id"])
    wanted = {"request_id": "mine-1", "model": "vidu2-image", "task_status": "PROCESSING"}
    assert submitted == polled == wanted | {"id": submitted["id"]}


async def test_nulls_count_as_absent(tmp_path: Path) -> None:
    """Unset fields may come as JSON null, as the official SDK sends them."""
    async with simulated(tmp_path) as api:
        status, answer = await api.submit(**UNSENT, with_audio=None, size=None)
    assert status == 200
    assert len(answer["request_id"]) == 30


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"model": None}, "1213", id="no model"),
        pytest.param({"model": "vidu9"}, "1211", id="unknown model"),
        pytest.param({"image_url": None}, "1213", id="no picture"),
        pytest.param({"image_url": [RED]}, "1214", id="a list where one string is wanted"),
        pytest.param({"image_url": "mug.png"}, "1214", id="neither a URL nor a data URL"),
        pytest.param({"image_url": 7}, "1214", id="picture of a wrong type"),
        pytest.param({"image_url": "data:image/png;base64,***"}, "1210", id="not Base64"),
        pytest.param({"image_url": "data:image/png;base64,QUJD"}, "1210", id="not a picture"),
        pytest.param({"image_url": data_url(picture(size=(500, 100)))}, "1214", id="shape 5:1"),
        pytest.param({"image_url": data_url(picture(kind="GIF"))}, "1210", id="GIF"),
        pytest.param({"prompt": "x" * 513}, "1261", id="prompt too long"),
        pytest.param({"prompt": 5}, "1210", id="prompt of a wrong type"),
        pytest.param({"duration": 8}, "1214", id="duration"),
        pytest.param({"duration": "4"}, "1210", id="duration as text"),
        pytest.param({"size": "720x1280"}, "1214", id="size"),
        pytest.param({"movement_amplitude": "huge"}, "1214", id="amplitude"),
        pytest.param({"user_id": "me"}, "1214", id="short user id"),
        pytest.param({"model": "vidu2-start-end", "image_url": [RED]}, "1213", id="one frame"),
        pytest.param({"model": "vidu2-start-end", "image_url": RED}, "1214", id="pair as text"),
        pytest.param({"model": "vidu2-reference", "image_url": [RED] * 4}, "1214", id="four"),
        pytest.param(
            {"model": "vidu2-reference", "image_url": [RED], "aspect_ratio": "4:3"},
            "1214",
            id="ratio",
        ),
        pytest.param(
            {"model": "vidu2-start-end", "image_url": [RED, data_url(picture(size=(200, 200)))]},
            "1214",
            id="frames of different size",
        ),
    ],
)
async def test_limits_have_their_codes(tmp_path: Path, fields: dict[str, Any], code: str) -> None:
    """A call outside the documented limits gets 400, its code as a string, and makes nothing."""
    async with simulated(tmp_path) as api:
        status, answer = await api.submit(**fields)
        bill = await api.watch("bill")
    assert (status, answer["error"]["code"], bill) == (400, code, [])


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"[" * 100_000])
async def test_a_body_that_is_no_object_gets_1210(tmp_path: Path, body: bytes) -> None:
    """Broken JSON is a wrong parameter, never a crash."""
    async with simulated(tmp_path) as api:
        url = f"{BASE_PATH}/videos/generations"
        async with api.client.post(url, data=body, headers=HEADERS) as response:
            answer = await response.json()
    assert (response.status, answer["error"]["code"]) == (400, "1210")


@pytest.mark.parametrize(
    ("key", "status"),
    [("Bearer k", 200), ("k", 200), ("", 401), ("Bearer", 401), ("Bearer ", 401), (None, 401)],
)
async def test_any_key_is_taken_but_none_is_not(
    tmp_path: Path, key: str | None, status: int
) -> None:
    """Any non-empty key is accepted, with or without Bearer; a missing one is code 1001."""
    body = {"model": "vidu2-image", "image_url": RED}
    headers = {} if key is None else {"Authorization": key}
    async with simulated(tmp_path) as api:
        url = f"{BASE_PATH}/videos/generations"
        async with api.client.post(url, json=body, headers=headers) as response:
            answer = await response.json()
    assert response.status == status
    assert status == 200 or answer["error"]["code"] == "1001"


async def test_the_tier_caps_the_tasks_alive(tmp_path: Path) -> None:
    """The sixth task at V0 is refused with 429 code 1302 until one has ended."""
    async with simulated(tmp_path, tier="V0") as api:
        for _ in range(5):
            await api.accepted()
        status, answer = await api.submit()
        api.now += 300
        await api.accepted()
        stats = await api.watch("stats")
    assert (status, answer["error"]["code"]) == (429, "1302")
    counts = {name: stats[name] for name in ("submits", "refused", "in_flight", "max_in_flight")}
    assert counts == {"submits": 7, "refused": 1, "in_flight": 1, "max_in_flight": 5}


async def test_the_bill_has_one_entry_a_task(tmp_path: Path) -> None:
    """Accepted calls are billed at once, at their model's price; refused ones are not."""
    async with simulated(tmp_path) as api:
        first = await api.accepted(request_id="mine-1")
        await api.accepted(model="vidu2-reference", image_url=[RED])
        await api.submit(model="nothing")
        bill, stats = await api.watch("bill"), await api.watch("stats")
    assert bill[0] == {
        "task_id": first,
        "request_id": "mine-1",
        "model": "vidu2-image",
        "price": "1.25",
        "currency": "CNY",
        "at": "2026-01-01T00:00:00+00:00",
    }
    assert (len(bill), stats["paid"], stats["spent"]) == (2, 2, "3.75")


@pytest.mark.parametrize(("fail_charged", "paid"), [(False, 0), (True, 1)])
async def test_a_fail_is_billed_as_the_switch_says(
    tmp_path: Path, fail_charged: bool, paid: int
) -> None:
    """A task that ended with FAIL is struck off the bill, or stays."""
    async with simulated(tmp_path, faults="fail=1", fail_charged=fail_charged) as api:
        task_id = await api.accepted()
        before = await api.watch("bill")
        api.now += 300
        _, answer = await api.poll(task_id)
        after = await api.watch("bill")
    assert answer["task_status"] == "FAIL"
    assert (len(before), len(after)) == (1, paid)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("busy", 429, "1305"), ("rate-limit", 429, "1302"), ("unsafe", 400, "1301")],
)
async def test_refusing_faults_make_no_task(
    tmp_path: Path, fault: str, status: int, code: str
) -> None:
    """A refusal by chance has its code and is not billed."""
    async with simulated(tmp_path, faults=f"{fault}=1") as api:
        answered, answer = await api.submit()
        bill = await api.watch("bill")
    assert (answered, answer["error"]["code"], bill) == (status, code, [])


@pytest.mark.parametrize(("lost_submit", "paid"), [("made", 1), ("not-made", 0)])
@pytest.mark.parametrize("fault", ["submit-timeout", "reset"])
async def test_a_lost_answer_may_hide_a_task(
    tmp_path: Path, fault: str, lost_submit: str, paid: int
) -> None:
    """The connection breaks without an answer; whether a task was made is for the switch."""
    faults, speed = f"{fault}=1", 1e6
    async with simulated(tmp_path, faults=faults, speed=speed, lost_submit=lost_submit) as api:
        with pytest.raises(aiohttp.ClientConnectionError):
            await api.submit()
        stats = await api.watch("stats")
    assert (stats["paid"], stats["lost_answers"], stats["refused"]) == (paid, 1, 0)


async def test_a_500_may_hide_a_task(tmp_path: Path) -> None:
    """A submit answered 500 is not counted as refused: its task was made."""
    async with simulated(tmp_path, faults="submit-500=1") as api:
        status, answer = await api.submit()
        stats = await api.watch("stats")
    assert (status, answer["error"]["code"]) == (500, "1234")
    assert (stats["paid"], stats["refused"]) == (1, 0)


async def test_a_poll_can_fail_by_chance(tmp_path: Path) -> None:
    """With poll-500=0.5 the same task answers sometimes 500 and sometimes not."""
    async with simulated(tmp_path, faults="poll-500=0.5") as api:
        task_id = await api.accepted()
        statuses = {(await api.poll(task_id))[0] for _ in range(30)}
    assert statuses == {200, 500}


@pytest.mark.parametrize(("switch", "status"), [("1233", 400), ("404", 404)])
async def test_an_unknown_task(tmp_path: Path, switch: str, status: int) -> None:
    """A poll of an id that was never given is refused as the switch says."""
    async with simulated(tmp_path, unknown_task=switch) as api:
        answered, answer = await api.poll("20260101000000aaaaaaaaaaaaaaaa")
    assert (answered, answer["error"]["code"]) == (status, "1233")


@pytest.mark.parametrize(
    ("switch", "same_id", "paid"), [("new", False, 2), ("refuse", False, 1), ("same", True, 1)]
)
async def test_a_repeated_request_id(tmp_path: Path, switch: str, same_id: bool, paid: int) -> None:
    """A known request_id makes a new task, is refused with 1231, or gives its first task."""
    async with simulated(tmp_path, duplicate_request_id=switch) as api:
        first = await api.accepted(request_id="mine-1")
        _, answer = await api.submit(request_id="mine-1")
        stats = await api.watch("stats")
    assert (answer.get("id") == first) is same_id
    assert (answer.get("error", {}).get("code") == "1231") is (switch == "refuse")
    assert stats["paid"] == paid


@pytest.mark.parametrize(("cap_scope", "status"), [("account", 429), ("model", 200)])
async def test_the_cap_holds_for_the_account_or_each_model(
    tmp_path: Path, cap_scope: str, status: int
) -> None:
    """Five tasks of one model leave no place for another model, or do."""
    async with simulated(tmp_path, cap_scope=cap_scope) as api:
        for _ in range(5):
            await api.accepted()
        answered, _ = await api.submit(model="vidu2-reference", image_url=[RED])
    assert answered == status


async def test_the_cap_can_count_open_submits_only(tmp_path: Path) -> None:
    """With that switch, answered tasks take no place."""
    async with simulated(tmp_path, cap_counts="submits") as api:
        for _ in range(8):
            await api.accepted()
        stats = await api.watch("stats")
    assert stats["max_in_flight"] == 8


async def test_bursts_are_refused_with_their_switch(tmp_path: Path) -> None:
    """The third submit within a second gets 1302; a second later it is taken."""
    async with simulated(tmp_path, burst_per_second=2, retry_after_s=1.5) as api:
        statuses = [(await api.submit())[0] for _ in range(3)]
        api.now += 1
        statuses.append((await api.submit())[0])
    assert statuses == [200, 200, 429, 200]


async def test_retry_after_is_sent_with_its_switch(tmp_path: Path) -> None:
    """A 429 then says how long to wait."""
    async with simulated(tmp_path, faults="busy=1", retry_after_s=1.5) as api:
        url = f"{BASE_PATH}/videos/generations"
        body = {"model": "vidu2-image", "image_url": RED}
        async with api.client.post(url, json=body, headers=HEADERS) as response:
            assert response.headers["Retry-After"] == "1.5"


async def test_overload_can_hide_in_a_200(tmp_path: Path) -> None:
    """With the switch, code 1305 comes with HTTP 200."""
    async with simulated(tmp_path, faults="busy=1", error_in_200=True) as api:
        status, answer = await api.submit()
    assert (status, answer["error"]["code"]) == (200, "1305")


async def test_a_bare_key_can_be_refused(tmp_path: Path) -> None:
    """With the switch, a key without Bearer gets 401 code 1002."""
    async with simulated(tmp_path, bare_key="refuse") as api:
        url = f"{BASE_PATH}/async-result/x"
        async with api.client.get(url, headers={"Authorization": "k"}) as response:
            answer = await response.json()
    assert (response.status, answer["error"]["code"]) == (401, "1002")


@pytest.mark.parametrize(("switch", "extra"), [("empty", []), ("null", None)])
async def test_processing_can_carry_an_empty_result(
    tmp_path: Path, switch: str, extra: object
) -> None:
    """A PROCESSING poll can say `[]` or null."""
    async with simulated(tmp_path, processing_body=switch) as api:
        _, answer = await api.poll(await api.accepted())
    assert answer["video_result"] == extra


@pytest.mark.parametrize(
    ("switch", "fields"),
    [("bare", set()), ("error", {"error"}), ("text", {"error"}), ("message", {"message"})],
)
async def test_a_fail_says_what_the_switch_says(
    tmp_path: Path, switch: str, fields: set[str]
) -> None:
    """A FAIL is bare or gives a reason."""
    async with simulated(tmp_path, faults="fail=1", fail_body=switch) as api:
        task_id = await api.accepted()
        api.now += 300
        _, answer = await api.poll(task_id)
    assert set(answer) - {"id", "model", "request_id", "task_status"} == fields


@pytest.mark.parametrize(
    ("switch", "size", "status"),
    [
        ("reference", "720x480", 400),
        ("examples", "720x480", 200),
        ("examples", "1x1", 400),
        ("any", "1x1", 200),
    ],
)
async def test_sizes_are_taken_as_the_switch_says(
    tmp_path: Path, switch: str, size: str, status: int
) -> None:
    """Sizes of the reference, of the examples too, or any."""
    async with simulated(tmp_path, sizes=switch) as api:
        answered, _ = await api.submit(size=size)
    assert answered == status


@pytest.mark.parametrize(("switch", "status"), [("403", 403), ("404", 404)])
async def test_links_die_after_a_day(tmp_path: Path, switch: str, status: int) -> None:
    """A day after the end the link is dead, while the task still says SUCCESS."""
    async with simulated(tmp_path, dead_link=switch) as api:
        task_id = await api.accepted()
        link = await api.link(task_id)
        api.now += 24 * 3600
        async with api.client.get(link) as response:
            assert response.status == status
        _, answer = await api.poll(task_id)
    assert answer["task_status"] == "SUCCESS"


async def test_a_fresh_link_may_not_be_there_yet(tmp_path: Path) -> None:
    """With the switch, the link answers 404 right after SUCCESS."""
    async with simulated(tmp_path, fresh_link_s=3600) as api:
        link = await api.link(await api.accepted())
        async with api.client.get(link) as response:
            assert response.status == 404


async def test_a_link_needs_its_signature(tmp_path: Path) -> None:
    """A link with another signature is forbidden; one of a task not ended is not there."""
    async with simulated(tmp_path) as api:
        task_id = await api.accepted()
        async with api.client.get(f"/files/{task_id}.mp4?sign=x") as response:
            assert response.status == 404
        api.now += 300
        async with api.client.get(f"/files/{task_id}.mp4?sign=x") as response:
            assert response.status == 403


async def test_a_clip_is_served_whole_and_in_parts(tmp_path: Path) -> None:
    """The file comes with its length and an ETag, a range of it with 206, and the cover too."""
    async with simulated(tmp_path) as api:
        link = await api.link(await api.accepted())
        async with api.client.get(link) as response:
            content = await response.read()
            assert response.content_length == len(content)
            assert response.headers["ETag"]
        async with api.client.get(link, headers={"Range": "bytes=100-199"}) as response:
            assert (response.status, await response.read()) == (206, content[100:200])
        async with api.client.get(link.replace(".mp4", ".jpg")) as response:
            assert (await response.read()).startswith(b"\xff\xd8")
        assert (await api.watch("stats"))["downloads"] == 2


async def test_a_download_can_break_off(tmp_path: Path) -> None:
    """The length promises more than comes."""
    async with simulated(tmp_path, faults="cut-download=1") as api:
        link = await api.link(await api.accepted())
        async with api.client.get(link) as response:
            with pytest.raises(aiohttp.ClientError):
                await response.read()


@pytest.mark.parametrize(("switch", "status"), [("403", 403), ("404", 404)])
async def test_a_download_can_meet_a_dead_link(tmp_path: Path, switch: str, status: int) -> None:
    """With dead-link=0.5 the same link answers sometimes as a dead one does, and sometimes not."""
    async with simulated(tmp_path, faults="dead-link=0.5", dead_link=switch) as api:
        link = await api.link(await api.accepted())
        statuses = {(await api.client.get(link)).status for _ in range(30)}
    assert statuses == {200, status}


async def test_a_slow_download_is_whole(tmp_path: Path) -> None:
    """It drips, and ends with the last byte."""
    async with simulated(tmp_path, faults="slow-download=1", speed=100) as api:
        link = await api.link(await api.accepted())
        async with api.client.get(link) as response:
            content = await response.read()
    assert len(content) == response.content_length
    assert content[4:8] == b"ftyp"


async def test_faults_are_counted(tmp_path: Path) -> None:
    """Each time one is met, over restarts too."""
    async with simulated(tmp_path, faults="fail=1") as api:
        task_id = await api.accepted()
    async with simulated(tmp_path, faults="poll-500=1,busy=1") as api:
        await api.submit(prompt="another")
        await api.poll(task_id)
        stats = await api.watch("stats")
    assert stats["faults"] == {"fail": 1, "busy": 1, "poll-500": 1}


async def test_submits_beyond_the_cap_are_counted(tmp_path: Path) -> None:
    """Those alone: a refusal by chance is none."""
    async with simulated(tmp_path, tier="V0", faults="busy=1") as api:
        await api.submit()
        assert (await api.watch("stats"))["over_cap"] == 0
    async with simulated(tmp_path, tier="V0") as api:
        for _ in range(7):
            await api.submit()
        assert (await api.watch("stats"))["over_cap"] == 2


async def test_a_restart_on_the_folder_goes_on(tmp_path: Path) -> None:
    """Tasks, bill, counters and places taken are known again; ids stay unique."""
    async with simulated(tmp_path) as api:
        task_id = await api.accepted(request_id="mine-1")
        await api.submit(model="nothing")
        bill, stats = await api.watch("bill"), await api.watch("stats")
    async with simulated(tmp_path) as api:
        assert await api.watch("bill") == bill
        assert await api.watch("stats") == stats
        assert await api.accepted() != task_id
        _, answer = await api.poll(task_id)
        link = await api.link(task_id)
        async with api.client.get(link) as response:
            assert response.status == 200
    assert answer["request_id"] == "mine-1"


async def test_a_folder_keeps_its_port(tmp_path: Path) -> None:
    """Links of an interrupted run go on working: port 0 means the last one, if it is free."""
    async with serving(Settings(), tmp_path) as first:
        pass
    async with serving(Settings(), tmp_path) as again, serving(Settings(), None) as other:
        assert first == again != other


async def test_a_port_that_is_taken_is_told() -> None:
    """The message names the port and the way out."""
    async with serving(Settings(), None) as first:
        port = int(first.split(":")[2].split("/")[0])
        with pytest.raises(SettingsError, match=f"port {port} is taken"):
            async with serving(Settings(), None, port):
                raise AssertionError
