import random

import pytest

from sensors.series import quantiles, scale, smooth
from sensors.stations import energy, means, nearest


def values(size: int) -> list[float]:
    source = random.Random(1234)
    return [source.gauss(20.0, 5.0) for _ in range(size)]


@pytest.mark.parametrize("size", [1500])
def test_smooth(benchmark, size: int) -> None:
    assert len(benchmark(smooth, values(size), 12)) == size


@pytest.mark.parametrize("size", [300])
def test_scale(benchmark, size: int) -> None:
    assert len(benchmark(scale, values(size))) == size


@pytest.mark.parametrize("size", [2000])
def test_quantiles(benchmark, size: int) -> None:
    shares = [step / 20 for step in range(21)]
    assert len(benchmark(quantiles, values(size), shares)) == 21


@pytest.mark.parametrize("size", [2000])
def test_means(benchmark, size: int) -> None:
    readings = [(f"station {number % 60}", value) for number, value in enumerate(values(size))]
    assert len(benchmark(means, readings)) == 60


@pytest.mark.parametrize("size", [20000])
def test_energy(benchmark, size: int) -> None:
    readings = [("station", value) for value in values(size)]
    assert benchmark(energy, readings) > 0


@pytest.mark.parametrize("size", [120])
def test_nearest(benchmark, size: int) -> None:
    across, down = values(3 * size), values(3 * size)[::-1]
    places = list(zip(across[:size], down[:size]))
    points = list(zip(across[size:], down[size:]))
    assert len(benchmark(nearest, places, points)) == 2 * size
