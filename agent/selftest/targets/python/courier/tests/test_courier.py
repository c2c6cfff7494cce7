import zlib

import pytest

from courier.transport import collect, deliver, fetch_patiently, labels
from tests.stores import SlowStore


def test_everything_is_collected() -> None:
    store = SlowStore()
    store.parcels = {"a": b"12", "b": b"3"}
    found = collect(store, ["a", "b", "a"])
    assert (found.parcels, found.size, found.checksum) == (3, 5, zlib.crc32(b"12312"))


def test_nothing_to_collect() -> None:
    found = collect(SlowStore(), [])
    assert (found.parcels, found.size) == (0, 0)


def test_delivering_says_how_many() -> None:
    assert deliver(SlowStore(), [("a", b"1"), ("b", b"2")]) == 2


def test_a_busy_store_is_asked_again() -> None:
    store = SlowStore(failures=1)
    store.parcels["a"] = b"1"
    assert fetch_patiently(store, "a") == b"1"


def test_labels() -> None:
    assert labels([("box", b"\x01\x02"), ("bag", b"")], "de") == ["de/box#00000021", "de/bag#00000000"]
    with pytest.raises(ValueError, match="no name"):
        labels([("a/b", b"")], "de")
