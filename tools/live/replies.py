"""What a server answered, when it isn't what was asked for: a sentence that names the address and the remedy."""

from __future__ import annotations

from urllib.parse import urlsplit

from tools.errors import ToolError, UnreadableOutput
from tools.live.fetching import Reply

SAID_CHARACTERS = 200
BUSY = b"cpu profiling already in use"
IMPORT = 'import _ "net/http/pprof" in the program, and serve http.DefaultServeMux'


def checked(reply: Reply, *, header_env: str) -> bytes:
    """The body of a good answer. `header_env` is the variable that the header came from, "" for none.

    Raises: ToolError, UnreadableOutput.
    """
    if reply.redirects_to:
        raise _redirected(reply)
    if reply.status in (401, 403, 407):
        raise ToolError(_not_allowed(reply, header_env))
    if reply.status == 404:
        raise ToolError(_not_found(reply))
    if reply.status != 200:
        raise ToolError(_failed(reply))
    if _is_page(reply):
        raise UnreadableOutput(
            f"{reply.url} answered a page (HTML) in place of a profile: a login page or a proxy's; open it in a "
            "browser, and give the address that leads to the program itself"
        )
    if not reply.body:
        raise UnreadableOutput(f"{reply.url} answered nothing: try again, and look at the server's log")
    return reply.body


def _is_page(reply: Reply) -> bool:
    start = reply.body[:512].lstrip().lower()
    return reply.content_type in ("text/html", "application/xhtml+xml") or start.startswith(
        (b"<!doctype", b"<html")
    )


def _redirected(reply: Reply) -> ToolError:
    try:
        target = urlsplit(reply.redirects_to)
        place = f"{target.scheme}://{target.hostname}" + (f":{target.port}" if target.port else "")
    except ValueError:
        place = "an address that can't be understood"
    return ToolError(
        f"{reply.url} redirects to another host ({shown(place.encode())}), as login pages do; it isn't followed: give "
        "the program's own address, or one that needs no login from here"
    )


def _not_allowed(reply: Reply, header_env: str) -> str:
    if header_env:
        return (
            f"{reply.url} doesn't accept the header in ${header_env} (status {reply.status}): check its value, and "
            "that it may read profiles"
        )
    return (
        f"{reply.url} asks who you are (status {reply.status}): put the whole header (such as `Authorization: Bearer "
        "…`) into an environment variable, and name that variable"
    )


def _not_found(reply: Reply) -> str:
    if reply.is_pprofs:
        return f"{reply.url}: this program has no such profile (status 404): choose one that its index lists"
    return f"{reply.url} isn't there (status 404): is the path right? In a Go program: {IMPORT}"


def _failed(reply: Reply) -> str:
    said = shown(reply.body)
    if BUSY in reply.body:
        return (
            f"{reply.url}: another CPU profile of this program is being taken (status {reply.status}): wait for its "
            "end, or end it; a continuous profiler in the program takes them all the time"
        )
    words = f"; it said: {said}" if said and not _is_page(reply) else ""
    return f"{reply.url} failed (status {reply.status}){words}: look at the server's log"


def shown(said: bytes) -> str:
    """The first words of what a server said: one line, nothing that a terminal would obey."""
    text = said[: 4 * SAID_CHARACTERS].decode("utf-8", errors="replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:SAID_CHARACTERS]
