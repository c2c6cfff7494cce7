"""Where a process listens on this host, and which process listens on a port. Source: proc(5), proc_net_tcp(5)."""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.live.processes import PROC

_LISTENING = "0A"
_SOCKET = re.compile(r"^socket:\[(\d+)\]$")
_TABLE_BYTES = 16 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A listening TCP socket. `host` is what to connect to from this host; None where loopback doesn't reach it."""

    host: str | None
    port: int
    inode: int


def listeners_of(pid: int) -> tuple[Listener, ...]:
    """The sockets that a process listens on, smallest port first; empty where its descriptors may not be read."""
    inodes = _inodes(pid)
    found = {(s.port, s.host or "", s.inode): s for s in _listening(PROC / str(pid)) if s.inode in inodes}
    return tuple(found[key] for key in sorted(found))


def shares_network(pid: int) -> bool:
    """Whether a process has this host's network as we see it, and not that of a container."""
    try:
        return (PROC / str(pid) / "ns/net").readlink() == (PROC / "self/ns/net").readlink()
    except OSError:
        return True


def pid_listening_on(port: int) -> int | None:
    """The process that listens on a port of this host; None where there is none that may be looked into."""
    inodes = {s.inode for s in _listening(PROC / "self") if s.port == port and s.host is not None}
    if not inodes:
        return None
    pids = sorted(int(p.name) for p in PROC.iterdir() if p.name.isdecimal())
    return next((pid for pid in pids if inodes & _inodes(pid)), None)


def _inodes(pid: int) -> frozenset[int]:
    found = set()
    try:
        for link in os.scandir(PROC / str(pid) / "fd"):
            match = _SOCKET.match(_target(link.path))
            if match is not None:
                found.add(int(match[1]))
    except OSError:  # ended, or another user's
        pass
    return frozenset(found)


def _target(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""


def _listening(process: Path) -> Iterator[Listener]:
    for name in ("tcp", "tcp6"):
        try:
            with (process / "net" / name).open("rb") as file:
                lines = file.read(_TABLE_BYTES).decode().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if len(fields) > 9 and fields[3] == _LISTENING:
                address, _, port = fields[1].partition(":")
                yield Listener(host=_reachable(address), port=int(port, 16), inode=int(fields[9]))


def _reachable(text: str) -> str | None:
    """The loopback address that leads to a socket bound to the address in the kernel's table."""
    words = [bytes.fromhex(text[n : n + 8]) for n in range(0, len(text), 8)]
    if sys.byteorder == "little":  # each word of four bytes is printed as a number
        words = [word[::-1] for word in words]
    address = ipaddress.ip_address(b"".join(words))
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "::1"
    return str(address) if address.is_loopback else None
