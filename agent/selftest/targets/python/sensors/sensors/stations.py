"""Values of many stations."""

from __future__ import annotations

import math


def means(readings: list[tuple[str, float]]) -> dict[str, float]:
    """Each station's mean value, stations in the order of their first reading."""
    found = {}
    for station, _ in readings:
        if station not in found:
            of_station = [value for name, value in readings if name == station]
            found[station] = math.fsum(of_station) / len(of_station)
    return found


def energy(readings: list[tuple[str, float]]) -> float:
    """The sum of the squares of all values."""
    total = 0.0
    for _, value in readings:
        total += math.pow(abs(value), 2.0)
    return total


def nearest(places: list[tuple[float, float]], points: list[tuple[float, float]]) -> list[int]:
    """For each point the index of the place that is nearest, the first of several; -1 when there are no places."""
    found = []
    for x, y in points:
        best, least = -1, math.inf
        for index, (place_x, place_y) in enumerate(places):
            distance = math.sqrt((x - place_x) ** 2 + (y - place_y) ** 2)
            if distance < least:
                best, least = index, distance
        found.append(best)
    return found
