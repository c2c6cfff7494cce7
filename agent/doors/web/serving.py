"""Serving the application on a socket until it is told to stop, and then ending in good order."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from agent.doors.web.streams import Streams
from agent.errors import BadSettings
from agent.settings import Settings

STOP_S = 10
"""How long requests may take to end once the service stops; streams are ended at once."""
WAITING = 2048
"""Connections that may wait to be accepted."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def listen(settings: Settings) -> socket.socket:
    """A socket that listens where the settings say; port 0 takes a free one.

    Raises: BadSettings when it can't be had.
    """
    http = settings.doors.http
    try:
        kind, _, _, _, address = socket.getaddrinfo(
            http.host, http.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.create_server(
            address[:2],
            family=kind,
            backlog=WAITING,
            dualstack_ipv6=http.host == "::" and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        raise BadSettings(
            f"can't listen on {http.host}:{http.port}: {error.strerror}: "
            "set doors.http.host and doors.http.port in agent.yaml"
        ) from error
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket) -> str:
    """The address under which a listening socket is reached on its own machine."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    app: Starlette,
    settings: Settings,
    on_started: Callable[[str], None],
    stop: threading.Event | None,
    listener: socket.socket | None = None,
) -> None:
    """Serve until `stop` is set; without one, until SIGINT or SIGTERM, of which a second one doesn't wait.

    `on_started` is given the real address once requests are taken. `listener` is from `listen`, for an application
    that must know its address beforehand. Raises: BadSettings when the port can't be had.
    """
    sock = listener or listen(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_S,
    )
    # The application writes a line of its own, without queries. `access_log=False` takes only the handlers away.
    logging.getLogger("uvicorn.access").disabled = True
    server = _Server(config, url_of(sock), on_started, stop, getattr(app.state, "streams", None))
    try:
        server.run([sock])
    finally:
        sock.close()


class _Server(uvicorn.Server):
    """Uvicorn's server, which also stops when it is told to by an event, and ends streams before it waits for them."""

    def __init__(
        self,
        config: uvicorn.Config,
        url: str,
        on_started: Callable[[str], None],
        stop: threading.Event | None,
        streams: Streams | None,
    ) -> None:
        super().__init__(config)
        self.url, self.on_started, self.stop, self.streams = url, on_started, stop, streams

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests, and say so."""
        await super().startup(sockets)
        if self.started:
            self.on_started(self.url)

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to stop; asked ten times a second."""
        has_ended = self.stop is not None and self.stop.is_set()
        return await super().on_tick(counter) or has_ended

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams, and wait for the other requests."""
        if self.streams is not None:
            self.streams.end()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals stop the server where there is no event to do so. They aren't raised again afterwards, as uvicorn
        does: there is more to be ended than the server.
        """
        if self.stop is not None or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._signalled) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True
