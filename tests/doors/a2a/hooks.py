"""Somewhere push notifications go to: a real server on a loopback port that keeps what it is sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True, slots=True)
class Notified:
    """One notification."""

    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(slots=True)
class Hooks:
    """Answers with `statuses`, one after the other, then with 200; with `location` it sends elsewhere."""

    statuses: list[int] = field(default_factory=list)
    location: str = ""
    seen: list[Notified] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Hooks:
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hooks.seen.append(Notified(self.path, dict(self.headers), body))
                self.send_response(hooks.statuses.pop(0) if hooks.statuses else 200)
                if hooks.location:
                    self.send_header("Location", hooks.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()

    @property
    def host(self) -> str:
        """Its host and port."""
        assert self.server is not None
        return f"127.0.0.1:{self.server.server_port}"

    @property
    def states(self) -> list[str]:
        """The states that were notified."""
        return [n.body["statusUpdate"]["status"]["state"] for n in self.seen if "statusUpdate" in n.body]

    def wait_for(self, state: str, seconds: float = 15.0) -> None:
        """Until a notification of this state has come, in either version's words."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if any(state in json.dumps(n.body) for n in self.seen):
                return
            time.sleep(0.02)
        raise AssertionError(f"no {state} in {self.seen}")
