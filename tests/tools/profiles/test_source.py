"""A function line by line: costs as `go tool pprof -list` prints them, text from below the given folders only."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.tools.profiles.pprof_rows import GoPprof
from tools.profiles.matching import costs_of, functions_named
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Profile
from tools.profiles.queries import FunctionCost
from tools.profiles.source import AnnotatedFunction, annotated
from tools.profiles.source_files import find_source, own_name

Stacks = Callable[..., Profile]
WORKS = "main main.go:3 > work work.go:5 = 50\nmain main.go:3 > work work.go:9 = 30\nmain main.go:3 = 20"
_ROUTINE = re.compile(r"^ROUTINE =+ (\S+) in (\S+)$")
_LINE = re.compile(r"^\s*(\.|\d+)(?:ns|B)?\s+(\.|\d+)(?:ns|B)?\s+(\d+):")


def pprof_list(text: str) -> dict[str, dict[int, tuple[int, int]]]:
    """(flat, cum) of each line that costs something, by function."""
    found: dict[str, dict[int, tuple[int, int]]] = {}
    here: dict[int, tuple[int, int]] = {}
    for line in text.splitlines():
        routine, row = _ROUTINE.match(line), _LINE.match(line)
        if routine is not None:
            here = found.setdefault(routine[1], {})
        elif row is not None and (row[1], row[2]) != (".", "."):
            here[int(row[3])] = tuple(0 if cell == "." else int(cell) for cell in row.group(1, 2))  # type: ignore[assignment]
    return found


def costs(found: AnnotatedFunction) -> dict[int, tuple[int, int]]:
    both = {line.line: (line.self_value, line.cumulative_value) for line in found.lines}
    return {line: cost for line, cost in both.items() if cost != (0, 0)}


def called(profile: Profile, name: str) -> dict[int, FunctionCost]:
    return costs_of(profile, functions_named(profile, name), value="cpu")


@pytest.mark.parametrize(
    ("name", "value", "unit"), [("go1.26-cpu", "cpu", "ns"), ("go1.26-heap", "alloc_space", "B")]
)
def test_lines_cost_what_pprof_says(
    data: Path, tmp_path: Path, go_pprof: GoPprof, name: str, value: str, unit: str
) -> None:
    profile = read_pprof(data / f"{name}.pb.gz")
    for file in {f.file for f in profile.functions if f.file}:
        path = tmp_path / file.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a line\n" * 12_000)  # pprof lists only what it can read
    words = (f"-sample_index={value}", f"-unit={unit}", f"-source_path={tmp_path}", f"-trim_path={tmp_path}")
    expected = pprof_list(go_pprof("-list=.", *words, data / f"{name}.pb.gz"))
    assert len(expected) > 50
    everything = np.ones(len(profile.functions), dtype=np.bool_)
    found = annotated(profile, costs_of(profile, everything, value=value), value=value)
    assert {f.cost.function.name: costs(f) for f in found if f.cost.function.name in expected} == expected


def test_text_stands_beside_the_cost_with_the_lines_around(stacks: Stacks, tmp_path: Path) -> None:
    (tmp_path / "work.go").write_text("".join(f"line {n} of work\r\n" for n in range(1, 12)))
    profile = stacks(WORKS)
    (found,) = annotated(profile, called(profile, "work"), value="cpu", roots=[tmp_path], context=1)
    assert found.source == (tmp_path / "work.go").resolve()
    assert [(line.line, line.cumulative_value, line.text) for line in found.lines] == [
        (4, 0, "line 4 of work"), (5, 50, "line 5 of work"), (6, 0, "line 6 of work"), (8, 0, "line 8 of work"),
        (9, 30, "line 9 of work"), (10, 0, "line 10 of work"),
    ]  # fmt: skip
    assert (found.cost.self_value, found.cost.cumulative_value, found.doubt) == (80, 80, "")


def test_without_its_source_lines_have_their_cost_and_no_text(stacks: Stacks, tmp_path: Path) -> None:
    profile = stacks(WORKS)
    (found,) = annotated(profile, called(profile, "work"), value="cpu", roots=[tmp_path])
    assert found.source is None
    assert [(line.line, line.text) for line in found.lines] == [(5, None), (9, None)]


def test_a_source_shorter_than_what_was_measured_is_doubted(stacks: Stacks, tmp_path: Path) -> None:
    (tmp_path / "work.go").write_text("func work\n\n\n\n\n")
    profile = stacks(WORKS)
    (found,) = annotated(profile, called(profile, "work"), value="cpu", roots=[tmp_path])
    assert "line 9 was measured" in found.doubt and "isn't the version" in found.doubt


def test_the_costliest_functions_come_first(stacks: Stacks) -> None:
    profile = stacks(WORKS)
    none = costs_of(profile, functions_named(profile, "nothing"), value="cpu")
    assert [c.function.name for c in called(profile, ".").values()] == ["main", "work"]
    assert [f.cost.function.name for f in annotated(profile, called(profile, "."), value="cpu")] == [
        "main",
        "work",
    ]
    assert annotated(profile, none, value="cpu") == ()


def test_a_file_outside_of_the_roots_is_never_read(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "pkg").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret.go").write_text("func secret")
    (root / "linked.go").symlink_to(outside / "secret.go")
    (root / "pkg" / "there").symlink_to(outside)
    for recorded in (
        str(outside / "secret.go"), "../outside/secret.go", "pkg/../../outside/secret.go", "linked.go",
        "pkg/there/secret.go", "x/linked.go", "secret.go", "a\0b", "", ".", "/",
    ):  # fmt: skip
        assert find_source(recorded, "main.secret", [root]) is None, recorded
    assert find_source(str(outside / "secret.go"), "main.secret", []) is None
    assert find_source("secret.go", "main.secret", [outside]) is not None


def test_a_program_built_elsewhere_is_found_by_the_end_of_its_paths(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "db.go").write_text("func (s *Store) Load() {}\n")
    (tmp_path / "db.go").write_text("package main\n")
    name = "example.com/app/store.(*Store).Load.func1"
    for recorded in (
        "example.com/app/store/db.go",
        "/build/7/app/store/db.go",
        str(tmp_path / "store/db.go"),
    ):
        found = find_source(recorded, name, [tmp_path])
        assert found is not None and found.path == (tmp_path / "store" / "db.go").resolve()
    # A file of the same name that doesn't hold the function is another one.
    assert find_source("other/db.go", "other.Save", [tmp_path]) is None
    assert find_source("store/nothing.go", name, [tmp_path]) is None


@pytest.mark.parametrize(
    ("function", "name"),
    [("app.(*Store).Load.func1", "Load"), ("a.com/x/y.Sort[go.shape.int]", "Sort"), ("main.main", "main"),
     ("Report.build", "build"), ("<lambda>", ""), ("main.(*T).Run-fm", "Run"), ("<module>", ""),
     ("Report.build.<locals>.<listcomp>", "build"), ("0x4f2", "")],
)  # fmt: skip
def test_a_function_is_looked_for_by_its_own_name(function: str, name: str) -> None:
    assert own_name(function) == name
