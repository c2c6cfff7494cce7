"""The bundled programs' work is what it is said to be: counted in instructions, which don't depend on the host."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.measure.trials.subject import PROGRAMS, TARGETS

COUNTED = re.compile(r"Collected\s*:\s*(\d+)|refs:\s+([\d,]+)")


def instructions(argv: list[str], folder: Path) -> int:
    valgrind = shutil.which("valgrind")
    assert valgrind is not None, "install it: apt-get install valgrind"
    words = [valgrind, "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    done = subprocess.run(
        [*words, *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={"GOMAXPROCS": "1", "GOGC": "off"},
    )
    found = COUNTED.search(done.stderr)
    assert found is not None, done.stderr
    return int((found[1] or found[2]).replace(",", ""))


def copy_with(language: str, work: int, folder: Path) -> Path:
    program = PROGRAMS[language]  # type: ignore[index]
    root = Path(shutil.copytree(TARGETS / language, folder / f"{work}"))
    file = root / program.file
    file.write_text(program.amount.sub(str(work), file.read_text()))
    return root


def python_count(work: int, folder: Path) -> int:
    base = str(Path(sys.base_prefix) / "bin" / "python3")
    return instructions([base, "-I", "-S", "parcels.py"], copy_with("python", work, folder))


def go_count(work: int, iterations: int, folder: Path) -> int:
    root = copy_with("go", work, folder)
    go = shutil.which("go")
    assert go is not None, "go is not installed: install it from https://go.dev/dl"
    subprocess.run([go, "test", "-c", "-o", "bench", "."], cwd=root, check=True, capture_output=True)
    words = ["./bench", "-test.run=^$", "-test.bench=.", f"-test.benchtime={iterations}x"]
    return instructions(words, root)


@pytest.mark.slow
def test_a_tenth_less_python_work_is_a_tenth_fewer_instructions(tmp_path: Path) -> None:
    start, nine, ten = (python_count(work, tmp_path) for work in (0, 9_000, 10_000))
    assert (nine - start) / (ten - start) == pytest.approx(0.9, abs=0.003)


@pytest.mark.slow
def test_a_tenth_less_go_work_is_a_tenth_fewer_instructions(tmp_path: Path) -> None:
    """Per operation: two numbers of operations leave out the start of the process.

    The collector is off: it runs once in 25 operations or so. Nothing is kept, so that its part is proportional, too.
    """
    per_operation = {}
    for work in (1_800, 2_000):
        few = go_count(work, 20, tmp_path / "few")
        many = go_count(work, 60, tmp_path / "many")
        per_operation[work] = (many - few) / 40
    assert per_operation[1_800] / per_operation[2_000] == pytest.approx(0.9, abs=0.005)
