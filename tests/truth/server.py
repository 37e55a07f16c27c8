"""The truth server: the provider's API, its file host, and what it really booked.

    POST /api/paas/v4/videos/generations      submit
    GET  /api/paas/v4/async-result/ID         poll
    GET  /files/ID.mp4?signature=...          download
    GET  /truth                               all that was booked, sent and asked
    PUT  /faults                              a new text of faults, from now on

Faults are one text, `submit: reset+made 3%; poll: html-500 5%; download: cut 5%; task: bare 2%`
(see `dial`; their names are those of `faults`). The same seed gives the same faults, by order of
arrival. Run by itself, it prints one JSON line when it is ready:

    python -m tests.truth.server --port 0 --faults "submit: close+made 10%"
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Callable
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from tests.truth import faults
from tests.truth.book import PRICES, Book, Task, Terms, Truth, clip_of
from tests.truth.clips import film_of
from tests.truth.dial import Dial, Fault, sections
from tests.truth.wire import Reply, Request, json_answer, read_request, send

API = "/api/paas/v4"
_KINDS = {
    "submit": faults.SUBMIT,
    "poll": faults.POLL,
    "download": faults.DOWNLOAD,
    "task": faults.FAILURE,
}


class TruthServer:
    """One provider on a loopback port: `async with TruthServer() as server`.

    `answer_s` is the longest wait before and after a call is booked; `now` gives the server's
    seconds, by which tasks end and links die.
    """

    def __init__(
        self,
        terms: Terms | None = None,
        *,
        seed: int = 0,
        answer_s: float = 0.0,
        now: Callable[[], float] = time.monotonic,
        port: int = 0,
    ) -> None:
        self.book = Book(terms or Terms(), now)
        self.port = port
        self._seed = seed
        self.answer_s = answer_s
        self._chance = random.Random(f"{seed}:server")
        self._connections: set[asyncio.Task[None]] = set()
        self._requests = 0
        self._arrived = asyncio.Condition()
        self.set_faults("")

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @property
    def base_url(self) -> str:
        """The address that a client is given."""
        return f"http://127.0.0.1:{self.port}{API}"

    def set_faults(self, text: str) -> None:
        """Let other things go wrong from now on.

        Raises:
            ValueError: the text cannot be read.
        """
        self._dials = {
            name: Dial(part, _KINDS[name], random.Random(f"{self._seed}:{name}"))
            for name, part in sections(text, _KINDS).items()
        }

    def truth(self) -> Truth:
        """Give all that was booked, sent and asked."""
        return self.book.truth()

    async def requests(self, count: int) -> None:
        """Wait until so many more requests of the API have arrived."""
        goal = self._requests + count
        async with self._arrived:
            await self._arrived.wait_for(lambda: self._requests >= goal)

    # ------------------------------------------------------------ connections

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while not writer.is_closing() and (request := await read_request(reader)):
                await send(writer, await self._reply(request))
        writer.close()

    async def _reply(self, request: Request) -> Reply:
        match request.method, request.path.partition("?")[0].split("/")[1:]:
            case "GET", ["truth"]:
                return json_answer(self.truth())
            case "PUT", ["faults"]:
                return self._new_faults(request.body.decode())
            case "GET", ["files", name]:
                return self._download(name.removesuffix(".mp4"))
            case "POST", ["api", "paas", "v4", "videos", "generations"]:
                return await self._submit(await self._account(request), json.loads(request.body))
            case "GET", ["api", "paas", "v4", "async-result", task_id]:
                await self._account(request)
                return self._poll(task_id, request.headers["host"])
            case _:
                return faults.coded("1222")

    def _new_faults(self, text: str) -> Reply:
        try:
            self.set_faults(text)
        except ValueError as error:
            return json_answer({"error": str(error)}, 400)
        return json_answer({"faults": text})

    async def _account(self, request: Request) -> str:
        """Note who asks, and that somebody does."""
        account = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.book.accounts.add(account)
        async with self._arrived:
            self._requests += 1
            self._arrived.notify_all()
        return account

    # ------------------------------------------------------------ submit

    async def _submit(self, account: str, fields: dict[str, Any]) -> Reply:
        await asyncio.sleep(self._chance.random() * self.answer_s)
        fault = self._dials["submit"].next()
        outcome, reply = self._decided(account, fields, fault)
        self.book.posts.append(
            {
                "account": account,
                "request_id": fields["request_id"],
                "clip": clip_of(fields["prompt"]),
                "outcome": outcome,
            }
        )
        await asyncio.sleep(self._chance.random() * self.answer_s)
        return reply

    def _decided(
        self, account: str, fields: dict[str, Any], fault: Fault | None
    ) -> tuple[str, Reply]:
        """Book the call or not; give what happened, and the answer."""
        if fault is not None and not fault.made:
            return str(fault), faults.spoiled(_made_up(fields), fault, faults.SUBMIT)
        earlier = self.book.seen(fields["request_id"])
        if earlier is not None and self.book.terms.dedupe == "refuse":
            return "refused 1231", faults.coded("1231")
        code = None if earlier else self.book.refusal(account)
        if code is not None:
            return f"refused {code}", faults.coded(code)
        task = earlier or self._book(account, fields)
        return str(fault or "task"), faults.spoiled(_submitted(task), fault, faults.SUBMIT)

    def _book(self, account: str, fields: dict[str, Any]) -> Task:
        now = self.book.now()
        failure = self._dials["task"].next()
        task = Task(
            id=f"task-{self._seed}-{len(self.book.tasks) + 1}",
            account=account,
            request_id=fields["request_id"],
            prompt=fields["prompt"],
            model=fields["model"],
            price=Decimal(PRICES[fields["model"]]),
            accepted_at=now,
            ends_at=now + self._chance.uniform(*self.book.terms.task_s),
            failure=None if failure is None else failure.name,
        )
        self.book.accept(task)
        return task

    # ------------------------------------------------------------ poll and download

    def _poll(self, task_id: str, host: str) -> Reply:
        asked = self.book.polls_by_task
        asked[task_id] = asked.get(task_id, 0) + 1
        fault = self._dials["poll"].next()
        task = self.book.tasks.get(task_id)
        good = faults.coded("1233") if task is None else json_answer(self._state(task, host))
        return faults.spoiled(good, fault, faults.POLL)

    def _state(self, task: Task, host: str) -> dict[str, Any]:
        fields: dict[str, Any] = {"model": task.model, "request_id": task.request_id}
        if self.book.now() < task.ends_at:
            return fields | {"task_status": "PROCESSING"}
        if task.failure is not None:
            return {**fields, "task_status": "FAIL", **faults.FAILURE[task.failure]}
        link = f"http://{host}/files/{task.id}.mp4?signature={task.request_id}"
        return fields | {"task_status": "SUCCESS", "video_result": [{"url": link}]}

    def _download(self, task_id: str) -> Reply:
        fault = self._dials["download"].next()
        task = self.book.tasks.get(task_id)
        if task is None or not self._is_served(task):
            return faults.page(403)
        if fault is None:
            served = self.book.downloads_by_task
            served[task_id] = served.get(task_id, 0) + 1
        return faults.spoiled(faults.film(film_of(task_id)), fault, faults.DOWNLOAD)

    def _is_served(self, task: Task) -> bool:
        age_s = self.book.now() - task.ends_at
        return 0 <= age_s < self.book.terms.link_life_s and task.failure is None


def _submitted(task: Task) -> Reply:
    return json_answer(
        {
            "id": task.id,
            "request_id": task.request_id,
            "model": task.model,
            "task_status": "PROCESSING",
        }
    )


def _made_up(fields: dict[str, Any]) -> Reply:
    """Give the answer that a call which is not booked would have had."""
    return json_answer({"id": "never-made", **{k: fields[k] for k in ("request_id", "model")}})


async def _serve(options: argparse.Namespace) -> None:
    started = time.monotonic()
    terms = Terms(
        slots=options.slots,
        task_s=(options.task_s / 2, options.task_s),
        link_life_s=options.link_life_s,
        calls=options.calls,
        dedupe=options.dedupe,
    )
    server = TruthServer(
        terms,
        seed=options.seed,
        answer_s=options.answer_s,
        now=lambda: (time.monotonic() - started) * options.speed,
        port=options.port,
    )
    server.set_faults(options.faults)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with server:
        print(json.dumps({"base_url": server.base_url, "pid": os.getpid()}), flush=True)
        await stopped.wait()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.truth.server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", default="", help="see tests/truth/dial.py")
    parser.add_argument("--slots", type=int, default=20)
    parser.add_argument("--task-s", type=float, default=3.0, help="longest life of a task")
    parser.add_argument("--answer-s", type=float, default=0.0, help="longest wait of a submit")
    parser.add_argument("--link-life-s", type=float, default=86400.0)
    parser.add_argument("--calls", type=int, help="calls until the balance is used up")
    parser.add_argument("--dedupe", choices=["off", "refuse", "same"], default="off")
    parser.add_argument("--speed", type=float, default=1.0, help="server seconds in a real one")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_serve(_options()))
