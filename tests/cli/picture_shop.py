"""A picture server in a thread, for commands that run a loop of their own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from PIL import Image


def jpeg(colour: str = "teal", size: tuple[int, int] = (320, 320)) -> bytes:
    """Draw a plain picture."""
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, "jpeg")
    return target.getvalue()


@dataclass
class Pictures:
    """What a server has, and whom it gave it to."""

    base: str = ""
    #: Path -> bytes.
    files: dict[str, bytes] = field(default_factory=dict)
    #: Method and user agent of each request.
    asked: list[tuple[str, str]] = field(default_factory=list)
    #: Refuses whoever does not look like a browser, as guards against hotlinks do.
    is_guarded: bool = False

    def url(self, name: str) -> str:
        """Give the address of a file."""
        return f"{self.base}/{name}"


@contextmanager
def picture_shop() -> Iterator[Pictures]:
    """Run a server while the block lasts."""
    pictures = Pictures()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            agent = self.headers.get("User-Agent", "")
            pictures.asked.append((self.command, agent))
            content = pictures.files.get(self.path.lstrip("/"))
            status = 200 if content is not None else 404
            if pictures.is_guarded and not agent.startswith("Mozilla/"):
                status = 403
            self.send_response(status)
            self.send_header("Content-Length", str(len(content or b"") if status == 200 else 0))
            self.end_headers()
            if with_body and content is not None and status == 200:
                self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        pictures.base = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield pictures
        finally:
            server.shutdown()
            thread.join()
