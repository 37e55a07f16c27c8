"""Fixtures that every test may use; the network is closed but for loopback."""

from __future__ import annotations

import socket
from typing import Any

import pytest

_real_connect = socket.socket.connect


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what is remembered of pictures out of the person's own cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "user-cache"))


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""

    def connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            message = f"tests may not connect to {address[0]}"
            raise ConnectionRefusedError(message)
        _real_connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
