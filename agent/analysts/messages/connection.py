"""What is done with a connection as such."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2


def json_of(answer: httpx2.Response) -> object:
    """What an answer says as JSON, None where it is none."""
    try:
        return answer.json()
    except ValueError:
        return None


def cause_of(error: Exception) -> str:
    """What lies behind an error, in its own words."""
    cause = error.__cause__ or error
    return str(cause) or type(cause).__name__


def hang_up(answer: httpx2.Response) -> None:
    """Wake up whoever reads from the connection: closing it in another thread would not. Raises: OSError."""
    network = answer.extensions.get("network_stream")
    found = network.get_extra_info("socket") if network is not None else None
    if isinstance(found, socket.socket):
        socket.socket.shutdown(found, socket.SHUT_RDWR)
