"""A flame graph's colours: the same on any machine, and different to everybody's eyes."""

from __future__ import annotations

import math

import pytest

from tools.profiles.flame.colours import difference_colour
from tools.profiles.flamegraph import package_of


@pytest.mark.parametrize(
    ("name", "file", "package"),
    [
        ("example.com/x/y.(*T).M", "y.go", "example.com/x/y"),
        ("slices.SortFunc[go.shape.[]example.com/x.T]", "zsortanyfunc.go", "slices"),
        ("runtime.memmove", "memmove_amd64.s", "runtime"),
        ("build", "/srv/app.py", "app"),
        ("build", "app.py", "app"),
        ("build", "/srv/reports/__init__.py", "reports"),
        ("loads", "/usr/lib/python3.12/json/decoder.py", "json"),
        ("get", "/opt/venv/lib/python3.13/site-packages/requests/sessions.py", "requests"),
        ("get", "/opt/venv/lib/python3.13/site-packages/six.py", "six"),
        ("_find_and_load", "<frozen importlib._bootstrap>", "importlib"),
        ("std::vector<a::b>::push_back", "", "std"),
        ("", "", ""),
    ],
)
def test_a_colour_stands_for_a_package_or_module_on_any_machine(name: str, file: str, package: str) -> None:
    assert package_of(name, file) == package


# Simulated sight of dichromats: Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
SIGHT = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def seen(colour: str, sight: str) -> tuple[float, ...]:
    linear = [(c / 255) ** 2.2 for c in bytes.fromhex(colour.removeprefix("#"))]
    mixed = [sum(m * c for m, c in zip(row, linear, strict=True)) for row in SIGHT[sight]]
    return tuple(255 * min(max(c, 0), 1) ** (1 / 2.2) for c in mixed)


def apart(one: str, other: str, sight: str) -> float:
    return math.dist(seen(one, sight), seen(other, sight))


@pytest.mark.parametrize("sight", SIGHT)
def test_what_grew_and_what_shrank_look_different_to_the_colour_blind(sight: str) -> None:
    grew, shrank, unchanged = (difference_colour(change) for change in (0.05, -0.05, 0))
    assert apart(grew, shrank, sight) > 60
    assert apart(grew, unchanged, sight) > 60
    assert apart(shrank, unchanged, sight) > 60


def test_red_and_green_would_not_do() -> None:
    """The check above can fail: the colours that are used most are alike to the red-blind."""
    assert apart("#c83c3c", "#3c8c3c", "deuteranopia") < 60
