import math

import pytest

from sensors.series import quantiles, scale, smooth
from sensors.stations import energy, means, nearest


def test_smoothing_takes_the_neighbours() -> None:
    assert smooth([1.0, 2.0, 6.0], 1) == [1.5, 3.0, 4.0]
    assert smooth([], 3) == []


def test_scaling() -> None:
    assert scale([2.0, 4.0, 3.0]) == [0.0, 1.0, 0.5]
    assert scale([5.0, 5.0]) == [0.0, 0.0]


def test_quantiles() -> None:
    assert quantiles([3.0, 1.0, 2.0, math.nan], [0.0, 0.5, 0.75, 1.0]) == [1.0, 2.0, 2.5, 3.0]
    assert math.isnan(quantiles([], [0.5])[0])


def test_means() -> None:
    assert means([("b", 1.0), ("a", 5.0), ("b", 2.0)]) == {"b": 1.5, "a": 5.0}


def test_energy() -> None:
    assert energy([("a", 3.0), ("b", -4.0)]) == pytest.approx(25.0)


def test_the_nearest_place() -> None:
    assert nearest([(0.0, 0.0), (5.0, 5.0)], [(1.0, 1.0), (4.0, 6.0)]) == [0, 1]
    assert nearest([], [(1.0, 1.0)]) == [-1]
