"""Requests as they come over a socket, and answers as they go, the broken ones included."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from evals.messages_api.accounting import Count
from evals.messages_api.events import Reply
from evals.messages_api.script import Answers, Breaks, Cuts, Fails, Page, Slow, Stalls, Step

POLL_S = 0.02
NOTHING = Count(input_tokens=0, cache_read_tokens=0, cache_write_tokens=0)


class Api(Protocol):
    """What decides on the answers."""

    def step(self, body: object, headers: Mapping[str, str]) -> tuple[Step, int, Count | None]:
        """What to answer to a request for a reply, its number and its tokens."""

    def counted(self, body: object) -> dict[str, object] | Fails:
        """The tokens of a request."""

    def listed(self, target: str) -> dict[str, object] | Fails:
        """The models."""


class Listener:
    """Listens on a free port of the loopback from when it is made until `close`."""

    def __init__(self, api: Api) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = api
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_S,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Answer no more; what is being answered ends at once."""
        self._server.ended.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    api: Api

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.ended = threading.Event()
        self.open: set[socket.socket] = set()

    def hang_up(self) -> None:
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing is said of clients that hang up: they are meant to."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type] # as it came


class _Gone(OSError):
    """The connection is to end here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # events are small: each would wait for the client's acknowledgement
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""

    def do_GET(self) -> None:
        if self.path.startswith("/v1/models"):
            self._give(self.server.api.listed(self.path))
        else:
            self._give(Fails(404, "not_found_error", "Not found"))

    def do_POST(self) -> None:
        try:
            body: object = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        except ValueError:
            body = None
        path = self.path.partition("?")[0]
        if path == "/v1/messages/count_tokens":
            self._give(self.server.api.counted(body))
        elif path == "/v1/messages":
            self._reply(body)
        else:
            self._give(Fails(404, "not_found_error", "Not found"))

    def _reply(self, body: object) -> None:
        step, number, count = self.server.api.step(body, {k.lower(): v for k, v in self.headers.items()})
        if isinstance(step, Fails):
            return self._give(step)
        if isinstance(step, Page):
            return self._send(step.status, step.content_type, step.html.encode(), {})
        known = body if isinstance(body, dict) else {}
        if isinstance(step, Stalls) and step.after_events is None:
            self._wait(step.seconds)
        answer = step if isinstance(step, Answers) else step.reply
        reply = Reply(number=number, model=str(known.get("model")), answer=answer, count=count or NOTHING)
        if known.get("stream") is True:
            return self._stream(step, reply)
        if isinstance(step, Cuts | Breaks):
            raise _Gone
        return self._give(reply.message())

    def _give(self, found: Mapping[str, object] | Fails) -> None:
        if isinstance(found, Fails):
            error = {"type": found.type, "message": found.message}
            content = {"type": "error", "error": error, "request_id": "req_1"}
            return self._send(found.status, "application/json", json.dumps(content).encode(), found.headers)
        return self._send(200, "application/json", json.dumps(found).encode(), {})

    def _send(self, status: int, form: str, content: bytes, headers: Mapping[str, str]) -> None:
        self._begin(status, {"content-type": form, "content-length": str(len(content)), **headers})
        self.wfile.write(content)
        self.wfile.flush()

    def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"request-id": "req_1", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _stream(self, step: Step, reply: Reply) -> None:
        self._begin(200, {"content-type": "text/event-stream; charset=utf-8", "transfer-encoding": "chunked"})
        self.wfile.flush()
        for number, (name, content) in enumerate(reply.events()):
            if isinstance(step, Cuts) and number == step.after_events:
                if step.is_clean:
                    break
                raise _Gone
            if isinstance(step, Breaks) and number == step.after_events:
                self._event("error", {"error": {"type": step.type, "message": step.message}})
                break
            if isinstance(step, Stalls) and number == step.after_events:
                self._wait(step.seconds)
            if isinstance(step, Slow):
                self._wait(step.between_s)
            self._event(name, content)
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _event(self, name: str, content: Mapping[str, object]) -> None:
        text = f"event: {name}\ndata: {json.dumps({'type': name, **content})}\n\n".encode()
        self.wfile.write(f"{len(text):x}\r\n".encode() + text + b"\r\n")
        self.wfile.flush()

    def _wait(self, seconds: float) -> None:
        if self.server.ended.wait(seconds):
            raise _Gone
