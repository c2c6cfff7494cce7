"""Fetching from a store that takes a while, and saving to one."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from typing import Protocol


class Store(Protocol):
    """Where parcels are kept. What can't be fetched or saved raises OSError."""

    def fetch(self, name: str) -> bytes: ...

    def save(self, name: str, data: bytes) -> None: ...


@dataclass(frozen=True)
class Totals:
    """What was brought: how many parcels and bytes, and a checksum over all of them in their order."""

    parcels: int
    size: int
    checksum: int


def collect(store: Store, names: list[str]) -> Totals:
    """Fetch all parcels. Raises: OSError of the first, in the order of the names, that can't be fetched."""
    parcels = size = checksum = 0
    for name in names:
        data = store.fetch(name)
        parcels += 1
        size += len(data)
        checksum = zlib.crc32(data, checksum)
    return Totals(parcels, size, checksum)


def deliver(store: Store, parcels: list[tuple[str, bytes]]) -> int:
    """Save all parcels; how many there were. When it returns they are there."""
    for name, data in parcels:
        store.save(name, data)
    return len(parcels)


def fetch_patiently(store: Store, name: str, attempts: int = 3, pause_s: float = 0.001) -> bytes:
    """Fetch a parcel, trying again after a pause that doubles each time. Raises: the last OSError."""
    while True:
        try:
            return store.fetch(name)
        except OSError:
            attempts -= 1
            if attempts <= 0:
                raise
            time.sleep(pause_s)
            pause_s *= 2


def labels(parcels: list[tuple[str, bytes]], prefix: str) -> list[str]:
    """A label for each parcel: prefix, name and a checksum of the data. Bad names raise ValueError."""
    made = []
    for name, data in parcels:
        if not name or "/" in name or name != name.strip():
            raise ValueError(f"{name!r} is no name for a parcel")
        checksum = 0
        for byte in data:
            checksum = (checksum * 31 + byte) & 0xFFFFFFFF
        made.append(f"{prefix}/{name}#{checksum:08x}")
    return made
