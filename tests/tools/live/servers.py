"""Servers on loopback that answer badly: each fault is a path, so that one server has them all."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof_encoding import encode_pprof
from tools.profiles.profile import Function, ValueType

INDEX = b"<a href=goroutine?debug=1>a</a> <a href=heap?debug=1>b</a> <a href=mutex?debug=1>c</a>"
HEAP = (
    ("alloc_objects", "count"),
    ("alloc_space", "bytes"),
    ("inuse_objects", "count"),
    ("inuse_space", "bytes"),
)
SECRET = "Bearer sesame-41"


def heap_profile(objects: int) -> bytes:
    """A heap profile in which one stack holds so many objects of 1 KB."""
    builder = ProfileBuilder([ValueType(name=n, unit=u) for n, u in HEAP])
    stack = [
        (Function(name="main.keep", file="/src/main.go"), 7),
        (Function(name="main.main", file="/src/main.go"), 3),
    ]
    builder.add(stack, [objects, objects * 1024, objects, objects * 1024])
    return gzip.compress(encode_pprof(builder.build(period=524288, time_ns=time.time_ns())), mtime=0)


class BadServer(BaseHTTPRequestHandler):
    """The fault is the path's first part."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str]]
    other: int

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer with the fault."""
        self.close_connection = True
        self.asked.append((self.path, self.headers.get("Authorization", "")))
        fault = self.path.split("/")[1]
        getattr(self, f"_{fault.replace('-', '_')}")()

    def _answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _page(self) -> None:
        self._answer(b"<!DOCTYPE html><title>Sign in</title>", Content_Type="text/html; charset=utf-8")

    def _bare_page(self) -> None:
        self._answer(b"\n <HTML>hello", Content_Type="application/octet-stream")

    def _elsewhere(self) -> None:
        self._answer(b"", 302, Location="https://login.example.com/sso?next=secret")

    def _other_port(self) -> None:
        self._answer(b"", 302, Location=f"http://127.0.0.1:{self.other}/good/debug/pprof/heap")

    def _circle(self) -> None:
        self._answer(b"", 302, Location=self.path)

    def _moved(self) -> None:
        self._answer(b"", 301, Location=self.path.replace("/moved/", "/good/"))

    def _unauthorised(self) -> None:
        self._answer(b"who are you?", 401, WWW_Authenticate="Bearer")

    def _forbidden(self) -> None:
        self._answer(b"no", 403)

    def _missing(self) -> None:
        self._answer(b"404 page not found\n", 404, Content_Type="text/plain")

    def _unknown(self) -> None:
        self._answer(b"Unknown profile\n", 404, X_Go_Pprof="1")

    def _failing(self) -> None:
        self._answer(b"boom\x1b[31m\nline two", 500)

    def _busy(self) -> None:
        self._answer(b"Could not enable CPU profiling: cpu profiling already in use\n", 500, X_Go_Pprof="1")

    def _empty(self) -> None:
        self._answer(b"")

    def _hanging(self) -> None:
        time.sleep(3)

    def _dripping(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for n in range(30):
            try:
                self.wfile.write(f"X-{n}: 1\r\n".encode())
            except OSError:
                return
            time.sleep(0.1)

    def _half(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(heap_profile(5)[:100])

    def _half_chunks(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"40\r\n" + heap_profile(5)[:64] + b"\r\n")

    def _huge(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        piece = b"x" * 1024**2
        try:
            for _ in range(80):
                self.wfile.write(b"100000\r\n" + piece + b"\r\n")
        except OSError:
            return

    def _no_http(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n")

    def _cut(self) -> None:
        self._answer(heap_profile(5)[:-20])

    def _noise(self) -> None:
        self._answer(b"\xff" * 3000)

    def _wrong_kind(self) -> None:
        self._answer(heap_profile(5))

    def _good(self) -> None:
        # As Go before 1.15: `seconds` is not taken notice of.
        if self.path.endswith("/debug/pprof/"):
            self._answer(INDEX, Content_Type="text/html; charset=utf-8")
        elif self.path.endswith("/debug/vars"):
            self._answer(b'{"requests": 7, "http": {"errors": 2}, "cmdline": ["x"]}')
        else:
            self._answer(heap_profile(len(self.asked)))

    def _guarded(self) -> None:
        if self.headers.get("Authorization") == SECRET:
            self._good()
        else:
            self._unauthorised()


@contextmanager
def bad_server() -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Its port, and the path and the header of every request as they come."""
    asked: list[tuple[str, str]] = []
    handler = type("Handler", (BadServer,), {"asked": asked, "other": 0})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
