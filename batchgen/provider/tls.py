"""One TLS context for all connections to the API: each goes on from the session of an earlier one.

A fresh connection for each paid request then costs no second look at certificates. A session is
known to this process only and carries no request: nothing is ever sent before the handshake is
over. Knows no HTTP.
"""

from __future__ import annotations

import ssl
from typing import Any


def tls_context() -> ssl.SSLContext:
    """Make a context that trusts whom this system trusts, and resumes sessions."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return resuming(context)


def resuming(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let every connection of a context go on from its newest session; it is for one host only."""
    newest: list[ssl.SSLSession] = []

    class Resuming(ssl.SSLObject):
        _is_new = True

        def do_handshake(self) -> None:
            if self._is_new and newest:
                self.session = newest[0]
            self._is_new = False
            super().do_handshake()

        def read(self, *args: Any) -> Any:
            content = super().read(*args)
            # The server hands its session over behind the handshake, before its first answer.
            if self.session is not None and self.session.has_ticket:
                newest[:] = [self.session]
            return content

    context.sslobject_class = Resuming
    return context
