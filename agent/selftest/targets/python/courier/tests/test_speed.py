import random

import pytest

from courier.transport import collect, deliver, fetch_patiently, labels
from tests.stores import SlowStore

SEED = 2718


def parcels(count: int, size: int) -> list[tuple[str, bytes]]:
    source = random.Random(SEED)
    return [(f"parcel-{number}", source.randbytes(size)) for number in range(count)]


@pytest.mark.parametrize("size", [24])
def test_collect(benchmark, size: int) -> None:
    store = SlowStore(delay_s=0.0005)
    store.parcels = dict(parcels(size, 2000))
    assert benchmark(collect, store, list(store.parcels)).parcels == size


@pytest.mark.parametrize("size", [24])
def test_deliver(benchmark, size: int) -> None:
    given = parcels(size, 2000)
    assert benchmark(deliver, SlowStore(delay_s=0.0005), given) == size


@pytest.mark.parametrize("size", [8])
def test_patience(benchmark, size: int) -> None:
    given = dict(parcels(size, 100))

    def fetch_all() -> int:
        store = SlowStore(failures=2)
        store.parcels = given
        return sum(len(fetch_patiently(store, name)) for name in given)

    assert benchmark(fetch_all) == 100 * size


@pytest.mark.parametrize("size", [12])
def test_labels(benchmark, size: int) -> None:
    assert len(benchmark(labels, parcels(size, 4000), "depot")) == size
