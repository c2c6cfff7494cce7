"""The address of a pprof endpoint: a server, or its /debug/pprof/; without credentials, so that it can be shown."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from tools.errors import ToolError

PPROF = "/debug/pprof/"
VARS = "/debug/vars"
PORTS = {"http": 80, "https": 443}
FORM = "give it as http://HOST:PORT, or with the path up to /debug/pprof/"
_PLAIN = re.compile(r"[!-~]+")
_HOST = re.compile(r"[A-Za-z0-9_.:-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an endpoint is. `prefix` is the path before `/debug/pprof/`, "" at the server's root."""

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def origin(self) -> str:
        """Scheme, host and port; the port where it isn't the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if PORTS[self.scheme] == self.port else f":{self.port}")

    @property
    def pprof(self) -> str:
        """The URL of the index, `/` last."""
        return f"{self.origin}{self.prefix}{PPROF}"

    @property
    def variables(self) -> str:
        """The URL of expvar's variables."""
        return f"{self.origin}{self.prefix}{VARS}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this host, by its name alone."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def digest(self) -> str:
        """The same for all ways to write this address; fit for a file's name."""
        return hashlib.sha256(self.pprof.encode()).hexdigest()[:16]


def parse_address(url: str) -> Address:
    """The address in a URL. Raises: ToolError saying what is wrong with it; credentials are never repeated."""
    if not _PLAIN.fullmatch(url):
        raise ToolError(f"the endpoint's address has spaces or characters that no URL has: {FORM}")
    parts, host, port = _split(url)
    if parts.scheme not in PORTS:
        raise ToolError(f"the endpoint's address must begin with http:// or https://: {FORM}")
    if "@" in parts.netloc:
        raise ToolError(
            "the endpoint's address holds a user name or password, which would be seen in logs: leave it out, and "
            "name an environment variable that holds the whole header (such as `Authorization: Bearer …`)"
        )
    if parts.query or parts.fragment:
        raise ToolError(
            f"the endpoint's address has a query or fragment: {FORM}; seconds and kind have options of their own"
        )
    if not host or not _HOST.fullmatch(host):
        raise ToolError(f"the endpoint's address names no host: {FORM}")
    return Address(
        scheme=parts.scheme, host=host, port=port or PORTS[parts.scheme], prefix=_prefix(parts.path)
    )


def _split(url: str) -> tuple[SplitResult, str, int | None]:
    try:
        parts = urlsplit(url)
        return parts, (parts.hostname or "").lower(), parts.port
    except ValueError as error:  # a port beyond 65535, a bracket that isn't closed
        raise ToolError(f"the endpoint's address can't be understood: {FORM}") from error


def _prefix(path: str) -> str:
    """What is before /debug/pprof; of a path without that, all of it. Raises: ToolError for one profile's path."""
    before, found, after = path.partition(PPROF.rstrip("/"))
    if found and after.strip("/"):
        raise ToolError(
            f"the endpoint's address is that of one profile ({after.strip('/')}): give it up to {PPROF}, the kind apart"
        )
    return before.rstrip("/")
