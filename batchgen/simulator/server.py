"""The HTTP face of the simulator: the API's three calls, and two for whoever watches.

    POST /api/paas/v4/videos/generations     GET /files/<task>.mp4?sign=...  (and .jpg)
    GET  /api/paas/v4/async-result/<id>      GET /simulator/stats   GET /simulator/bill

Loopback only. It never logs a key or a link.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web
from filelock import FileLock, Timeout

from batchgen.clip import ClipRequest
from batchgen.errors import Busy, SettingsError
from batchgen.messages import msg
from batchgen.simulator.account import Account, AnswerLost
from batchgen.simulator.lifecycle import Task, TaskStatus
from batchgen.simulator.limits import Body, Code, Refused, read_body, read_request
from batchgen.simulator.pictures import receive
from batchgen.simulator.renderer import Studio
from batchgen.simulator.switches import Fault, Settings, Switches

HOST = "127.0.0.1"
BASE_PATH = "/api/paas/v4"
#: Three pictures of 50 MB as Base64, and some.
_BODY_LIMIT_BYTES = 210 * 1000 * 1000
#: A submit that is never answered is dropped after so long (divided by the speed).
_HANG_S = 90.0
#: How long a slow download drips (divided by the speed), in so many pieces.
_DRIP_S = 20.0
_DRIPS = 8
#: Seconds that a stopping server waits for answers being sent.
_GRACE_S = 1.0
#: Seconds to wait for another simulator on the same folder to end.
_LOCK_WAIT_S = 20.0

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_SETTINGS = web.AppKey("settings", Settings)


class Simulator:
    """One account at the simulated provider, spoken to over HTTP."""

    def __init__(
        self, settings: Settings, folder: Path, now: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._now = now
        self._pictures = folder / "pictures"
        clips = folder / "clips"
        for place in (self._pictures, clips):
            place.mkdir(parents=True, exist_ok=True)
        self._account = Account(settings, folder, now)
        self._studio = Studio(self._pictures, clips, is_sketch=settings.sketch)

    def app(self) -> web.Application:
        """Make the web application."""
        app = web.Application(client_max_size=_BODY_LIMIT_BYTES, middlewares=[_refusals])
        app[_SETTINGS] = self._settings
        app.on_cleanup.append(self._save)
        app.add_routes(
            [
                web.post(f"{BASE_PATH}/videos/generations", self._submit),
                web.get(f"{BASE_PATH}/async-result/{{id}}", self._poll),
                web.get("/files/{id}.{kind:mp4|jpg}", self._file),
                web.get("/simulator/stats", self._stats),
                web.get("/simulator/bill", self._bill),
            ]
        )
        return app

    async def _submit(self, request: web.Request) -> web.StreamResponse:
        with self._account.receiving():
            self._authorise(request)
            body = read_body(await request.read())
            order = await self._receive(body)
            try:
                task = self._account.submit(order, body.request_id)
            except AnswerLost as lost:
                return await self._lose_answer(request, lost.fault)
        return web.json_response(_submitted(task))

    async def _receive(self, body: Body) -> ClipRequest:
        pictures = [
            await asyncio.to_thread(receive, text, f"image_url[{index}]", self._pictures)
            for index, text in enumerate(body.image_url)
        ]
        return read_request(body, pictures, self._settings.switches.sizes)

    def _authorise(self, request: web.Request) -> None:
        """Take any key, with Bearer or (if the switches say so) without."""
        scheme, _, key = request.headers.get("Authorization", "").strip().rpartition(" ")
        if not key or key == "Bearer":
            raise Refused(Code.NO_KEY)
        if scheme != "Bearer" and self._settings.switches.bare_key == "refuse":
            raise Refused(Code.BAD_KEY)

    async def _lose_answer(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault is Fault.SUBMIT_500:
            return _envelope(Refused(Code.INTERNAL), self._settings.switches)
        if fault is Fault.SUBMIT_TIMEOUT:
            await asyncio.sleep(_HANG_S / self._settings.speed)
        _cut(request)
        return web.Response()

    async def _poll(self, request: web.Request) -> web.StreamResponse:
        self._authorise(request)
        task = self._account.poll(request.match_info["id"])
        status = task.status(self._now())
        answer = _submitted(task) | {"task_status": status.value}
        if status is TaskStatus.PROCESSING:
            answer |= self._nothing_yet()
        elif status is TaskStatus.FAIL:
            answer |= self._why_failed()
        else:
            link = f"http://{request.host}/files/{task.id}"
            answer["video_result"] = [
                {
                    "url": f"{link}.mp4?sign={task.sign}",
                    "cover_image_url": f"{link}.jpg?sign={task.sign}",
                }
            ]
        return web.json_response(answer)

    def _nothing_yet(self) -> dict[str, Any]:
        bodies: dict[str, dict[str, Any]] = {
            "absent": {},
            "empty": {"video_result": []},
            "null": {"video_result": None},
        }
        return bodies[self._settings.switches.processing_body]

    def _why_failed(self) -> dict[str, Any]:
        text = Refused(Code.UNSAFE).text
        bodies: dict[str, dict[str, Any]] = {
            "bare": {},
            "error": {"error": {"code": Code.UNSAFE, "message": text}},
            "text": {"error": text},
            "message": {"message": text},
        }
        return bodies[self._settings.switches.fail_body]

    async def _file(self, request: web.Request) -> web.StreamResponse:
        task = self._account.find(request.match_info["id"])
        if task is None or task.status(self._now()) is not TaskStatus.SUCCESS:
            raise web.HTTPNotFound
        self._check_link(task, request.query.get("sign", ""))
        film = await self._studio.film(task.request)
        if request.match_info["kind"] == "jpg":
            return web.FileResponse(film.cover)
        fault = self._account.download(task)
        if fault is Fault.DEAD_LINK:
            raise self._dead_link()
        if fault is Fault.CUT_DOWNLOAD:
            return await _send_half(request, film.video)
        if fault is Fault.SLOW_DOWNLOAD:
            return await _drip(request, film.video, _DRIP_S / self._settings.speed)
        return web.FileResponse(film.video)

    def _check_link(self, task: Task, sign: str) -> None:
        now = self._now()
        if sign != task.sign:
            raise web.HTTPForbidden
        if now < task.link_opens_at:
            # Seen at Z.ai right after SUCCESS (2026): the file is not there yet.
            text = '{"RetCode":-148654,"ErrMsg":"file not exist"}'
            raise web.HTTPNotFound(text=text, content_type="application/json")
        if now >= task.link_dies_at:
            raise self._dead_link()

    def _dead_link(self) -> web.HTTPException:
        is_404 = self._settings.switches.dead_link == "404"
        return web.HTTPNotFound() if is_404 else web.HTTPForbidden()

    async def _stats(self, _request: web.Request) -> web.Response:
        return web.json_response(self._account.stats())

    async def _bill(self, _request: web.Request) -> web.Response:
        return web.json_response(self._account.bill())

    async def _save(self, _app: web.Application) -> None:
        self._account.save()


@asynccontextmanager
async def serving(settings: Settings, folder: Path | None, port: int = 0) -> AsyncIterator[str]:
    """Serve on loopback while the block lasts; give the API's base URL.

    Without a folder nothing is kept. Port 0 takes a free one, on a known folder the last one, so
    that result links of an interrupted run go on working.

    Raises:
        Busy: another simulator uses the folder and does not end.
        SettingsError: the port is taken.
    """
    with TemporaryDirectory(prefix="batchgen-simulator-") as passing:
        place = folder or Path(passing)
        place.mkdir(parents=True, exist_ok=True)
        with _locked(place):
            runner = web.AppRunner(
                Simulator(settings, place).app(), access_log=None, shutdown_timeout=_GRACE_S
            )
            await runner.setup()
            try:
                taken = await _listen(runner, place / "port", port)
                yield f"http://{HOST}:{taken}{BASE_PATH}"
            finally:
                await runner.cleanup()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=_LOCK_WAIT_S)
    except Timeout as error:
        raise Busy(
            msg("another simulator uses {folder}: end it, or name another folder", folder=folder)
        ) from error
    try:
        yield
    finally:
        lock.release()


async def _listen(runner: web.AppRunner, memory: Path, port: int) -> int:
    for candidate in (_last_port(memory), 0) if port == 0 else (port,):
        try:
            await web.TCPSite(runner, HOST, candidate).start()
        except OSError:
            continue
        taken = int(runner.addresses[0][1])
        _remember(memory, taken)
        return taken
    raise SettingsError(msg("port {port} is taken: name another, or 0 for any", port=port))


def _last_port(memory: Path) -> int:
    return int(memory.read_text()) if memory.exists() else 0


def _remember(memory: Path, port: int) -> None:
    memory.write_text(str(port))


@web.middleware
async def _refusals(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return _envelope(refused, request.app[_SETTINGS].switches)
    except ConnectionResetError:
        return web.Response()  # nobody reads it: the caller has left


def _envelope(refused: Refused, switches: Switches) -> web.Response:
    """Word a refusal as the API does; the code is a string."""
    answer: dict[str, Any] = {"error": {"code": refused.code, "message": refused.text}}
    if refused.code is Code.UNSAFE:
        answer = {"contentFilter": [{"level": 1, "role": "user"}]} | answer
    is_hidden = switches.error_in_200 and refused.code is Code.OVERLOADED
    response = web.json_response(answer, status=200 if is_hidden else refused.status)
    if refused.status == 429 and switches.retry_after_s > 0:
        response.headers["Retry-After"] = f"{switches.retry_after_s:g}"
    return response


def _submitted(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "request_id": task.request_id,
        "model": task.request.model,
        "task_status": TaskStatus.PROCESSING.value,
    }


def _cut(request: web.Request) -> None:
    """Reset the connection, as a broken line does."""
    if request.transport is not None:
        request.transport.abort()


async def _send_half(request: web.Request, path: Path) -> web.StreamResponse:
    content = await asyncio.to_thread(path.read_bytes)
    response = await _begun(request, len(content))
    await response.write(content[: len(content) // 2])
    _cut(request)
    return response


async def _drip(request: web.Request, path: Path, seconds: float) -> web.StreamResponse:
    content = await asyncio.to_thread(path.read_bytes)
    response = await _begun(request, len(content))
    piece_bytes = -(-len(content) // _DRIPS)
    for start in range(0, len(content), piece_bytes):
        await asyncio.sleep(seconds / _DRIPS)
        await response.write(content[start : start + piece_bytes])
    return response


async def _begun(request: web.Request, size_bytes: int) -> web.StreamResponse:
    """Send the head of a clip."""
    response = web.StreamResponse(headers={"Content-Length": str(size_bytes)})
    response.content_type = "video/mp4"
    await response.prepare(request)
    return response
