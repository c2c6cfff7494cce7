"""py-spy and memray on a tiny program: what they find, child processes included, and what every profiler promises."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doors.targets import snapshot
from tools.errors import ToolError, UnreadableOutput
from tools.measure.toolchain import Build, Capture, Profiler
from tools.measure.workload import Benchmark, Workload
from tools.profiles.bursts import RUN
from tools.profiles.filters import split
from tools.profiles.pprof import read_pprof
from tools.profiles.queries import FunctionCost, line_costs, top
from tools.python import recordings
from tools.python.interpreter import Interpreter
from tools.python.remembering import Memray
from tools.python.running import PYTEST
from tools.python.spying import PySpy
from tools.run.process import Runner

MB = 1_000_000
PROGRAM = """\
import os
import subprocess
import sys
from itertools import repeat


def hot(n):
    total = 0
    for _ in repeat(None, n):
        total = total + 1 & 7  # hot
    return total


def hoard(count):
    held = []
    for _ in range(count):
        held.append(bytes(1_000_000))  # hoard
    return held


def in_a_fork():
    if os.fork() == 0:
        forked()
        os._exit(0)
    os.wait()


def forked():
    held = bytes(7_000_000)  # forked
    return len(held), hot(12_000_000)


if __name__ == "__main__":
    kept = hoard(20)
    subprocess.run([sys.executable, "child.py"], check=True)
    in_a_fork()
    print(hot(25_000_000), len(kept))
"""
CHILD = """\
from itertools import repeat


def hot_in_child(n):
    total = 0
    for _ in repeat(None, n):
        total = total + 1 & 7  # hot
    return total


def hoard_in_child(count):
    return bytearray(count * 1_000_000)  # hoard


if __name__ == "__main__":
    kept = hoard_in_child(10)
    print(hot_in_child(12_000_000), len(kept))
"""
BENCHMARK = """\
from app import hoard, hot


def work():
    kept = hoard(5)
    return hot(50_000), kept


def test_work(benchmark):
    benchmark(work)
"""
NAMES = ("py-spy", "memray")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ein Ziel")
    (folder / "app.py").write_text(PROGRAM)
    (folder / "child.py").write_text(CHILD)
    return folder


@pytest.fixture(scope="module")
def profilers(runner: Runner, empty: Interpreter) -> dict[str, Profiler]:
    """Both, on an interpreter that has neither."""
    return {"py-spy": PySpy(runner, empty), "memray": Memray(runner, empty)}


@pytest.fixture(scope="module")
def captures(
    profilers: dict[str, Profiler], root: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Capture, Path]]:
    """One capture by each, and the folder that it was to write to."""
    found = {}
    for name, profiler in profilers.items():
        out = tmp_path_factory.mktemp("out") / "profiles"
        found[name] = (profiler.capture(build(root), commands("app.py"), seconds=0.3, out=out), out)
    return found


def build(root: Path) -> Build:
    return Build(root=root, programs={}, duration_s=0.0)


def commands(*selectors: str) -> Workload:
    found = tuple(Benchmark(name=f"Command/{s}", selector=tuple(s.split())) for s in selectors)
    return Workload(language="python", kind="command", benchmarks=found, chosen_because="given")


def line_of(program: str, comment: str) -> int:
    return next(n for n, line in enumerate(program.splitlines(), 1) if line.endswith(f"# {comment}"))


def cost_of(capture: Capture, name: str) -> FunctionCost:
    costs = top(capture.profile, value=capture.value, by="cumulative", limit=100_000)
    return next(c for c in costs if c.function.name == name)


def contents(root: Path) -> dict[str, tuple[int, str]]:
    """The copy, but for bytecode and the folder that is ours in every copy."""
    return {k: v for k, v in snapshot(root).items() if "__pycache__" not in k and k != ".ask-profiler"}


@pytest.mark.parametrize("name", NAMES)
def test_every_profiler_saves_a_profile_that_go_tool_pprof_opens(
    captures: dict[str, tuple[Capture, Path]], go_top: Callable[[Path, str], str], name: str
) -> None:
    capture, out = captures[name]
    assert capture.profile_path.read_bytes()[:2] == b"\x1f\x8b"
    assert list(out.iterdir()) == [capture.profile_path]
    saved = read_pprof(capture.profile_path)
    assert saved.total(capture.value) == capture.profile.total(capture.value) > 0
    biggest = top(capture.profile, value=capture.value)[0].function.name
    assert biggest in go_top(capture.profile_path, capture.value)


@pytest.mark.parametrize("name", NAMES)
def test_every_profiler_says_what_it_is_and_did_in_base_units(
    profilers: dict[str, Profiler], captures: dict[str, tuple[Capture, Path]], name: str
) -> None:
    profiler, (capture, _) = profilers[name], captures[name]
    assert profiler.unavailable() is None
    assert (profiler.name, capture.profiler, capture.view) == (name, name, profiler.view)
    assert capture.tool_version.startswith(f"{name} ")
    assert capture.tool_version.removeprefix(f"{name} ")[0].isdigit()
    assert capture.exit_code == 0
    assert 0 < capture.duration_s < 60
    assert capture.argv[-1] == "app.py"
    assert capture.quantities
    for value, unit in capture.quantities.values():
        assert unit in {"s", "B", "count"}
        assert value >= 0


@pytest.mark.parametrize("name", NAMES)
def test_every_profiler_leaves_the_copy_as_it_was(
    captures: dict[str, tuple[Capture, Path]], root: Path, name: str
) -> None:
    assert captures[name]
    assert sorted(contents(root)) == ["app.py", "child.py"]
    assert (root / "app.py").read_text() == PROGRAM
    assert list((root / ".ask-profiler").iterdir()) == []


def test_py_spy_finds_the_hot_function_and_its_line(
    captures: dict[str, tuple[Capture, Path]], root: Path
) -> None:
    capture, _ = captures["py-spy"]
    first = top(capture.profile, value="cpu")[0]
    assert (first.function.name, first.function.file) == ("hot", str(root / "app.py"))
    costs = line_costs(capture.profile, value="cpu", file=first.function.file)
    hottest = max(costs, key=lambda line: costs[line].self_value)
    assert line_of(PROGRAM, "hot") - 1 <= hottest <= line_of(PROGRAM, "hot")
    total, unit = capture.quantities["total_cpu"]
    assert unit == "s"
    assert 0.05 < total < 10


@pytest.mark.parametrize(("function", "file"), [("hot_in_child", "child.py"), ("forked", "app.py")])
def test_py_spy_sees_the_child_processes(
    captures: dict[str, tuple[Capture, Path]], root: Path, function: str, file: str
) -> None:
    found = cost_of(captures["py-spy"][0], function)
    assert found.function.file == str(root / file)
    assert found.cumulative_value > 0


def test_the_saved_profile_tells_the_runs_of_a_short_program_apart(
    runner: Runner, empty: Interpreter, root: Path, tmp_path: Path
) -> None:
    """Which shows whether its samples came one by one."""
    capture = PySpy(runner, empty).capture(build(root), commands("app.py"), seconds=4.0, out=tmp_path)
    runs = split(read_pprof(capture.profile_path), RUN)
    assert len(runs) >= 2
    assert [set(run.labels[RUN]) for run in runs] == [{str(n)} for n in range(1, len(runs) + 1)]
    assert sum(run.total("cpu") for run in runs) == capture.profile.total("cpu")
    assert all(any(f.name == "hot" for f in run.functions) for run in runs)


def test_memray_finds_the_function_that_allocates_its_line_and_how_much(
    captures: dict[str, tuple[Capture, Path]], root: Path
) -> None:
    capture, _ = captures["memray"]
    first = top(capture.profile, value="peak_space")[0]
    assert (first.function.name, first.function.file) == ("hoard", str(root / "app.py"))
    assert 20 * MB <= first.self_value < 21 * MB
    line = line_costs(capture.profile, value="peak_space", file=first.function.file)[
        line_of(PROGRAM, "hoard")
    ]
    assert line.self_value >= 20 * MB
    total, unit = capture.quantities["peak_space"]
    assert unit == "B"
    assert 37 * MB <= total < 60 * MB


def test_memray_sees_the_child_processes_started_and_forked(
    captures: dict[str, tuple[Capture, Path]], root: Path
) -> None:
    capture, _ = captures["memray"]
    for function, file, program, held in (
        ("hoard_in_child", "child.py", CHILD, 10 * MB),
        ("forked", "app.py", PROGRAM, 7 * MB),
    ):
        assert held <= cost_of(capture, function).self_value < held + MB
        costs = line_costs(capture.profile, value="peak_space", file=str(root / file))
        comment = "hoard" if file == "child.py" else "forked"
        assert costs[line_of(program, comment)].self_value >= held
    assert capture.quantities["processes"] == (3.0, "count")
    assert capture.quantities["unreadable_recordings"] == (0.0, "count")
    assert capture.warnings == ("the peaks of 3 processes are added up",)


def test_memray_is_lent_to_an_interpreter_without_it_and_nothing_else_of_ours_is(
    keeping_runner: Runner, empty: Interpreter, tmp_path: Path
) -> None:
    assert "memray" not in empty.modules
    seen = "import importlib.util as u\nopen('seen', 'w').write(str([n for n in ('memray', 'numpy', 'agent', "
    (tmp_path / "app.py").write_text(seen + "'tools') if u.find_spec(n)]))\n")
    memray = Memray(keeping_runner, empty)
    memray.capture(build(tmp_path), commands("app.py"), seconds=0.1, out=tmp_path / "out")
    assert (tmp_path / "seen").read_text() == "['memray']"


def test_memray_is_not_lent_to_another_abi_and_the_remedy_is_said(
    runner: Runner, empty: Interpreter, tmp_path: Path
) -> None:
    other = dataclasses.replace(empty, cache_tag="cpython-39", version="3.9.1")
    profiler = Memray(runner, other)
    reason = profiler.unavailable()
    assert reason is not None
    assert f"memray is not installed for cpython 3.9.1 ({empty.path}): pip install memray there" in reason
    with pytest.raises(ToolError, match="pip install memray there"):
        profiler.capture(build(tmp_path), commands("app.py"), seconds=0.1, out=tmp_path / "out")


def test_the_targets_own_sitecustomize_still_runs(
    keeping_runner: Runner, empty: Interpreter, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import builtins\n\nbuiltins.CUSTOM = 42\n")
    (tmp_path / "app.py").write_text("open('seen', 'w').write(str(CUSTOM))\n")
    memray = Memray(keeping_runner, empty)
    memray.capture(build(tmp_path), commands("app.py"), seconds=0.1, out=tmp_path / "out")
    assert (tmp_path / "seen").read_text() == "42"


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_is_profiled_by_what_it_calls(
    runner: Runner, light: Interpreter, tmp_path: Path, name: str
) -> None:
    (tmp_path / "app.py").write_text(PROGRAM)
    (tmp_path / "test_bench.py").write_text(BENCHMARK)
    benchmark = Benchmark(name="test_bench/test_work", selector=(PYTEST, "test_bench.py::test_work"))
    workload = Workload(language="python", kind="benchmarks", benchmarks=(benchmark,), chosen_because="given")
    made: dict[str, Profiler] = {"py-spy": PySpy(runner, light), "memray": Memray(runner, light)}
    capture = made[name].capture(build(tmp_path), workload, seconds=0.6, out=tmp_path / "out")
    if name == "py-spy":  # the calls go on for the seconds asked, far beyond one call
        assert cost_of(capture, "test_work").cumulative_value > 300_000_000
    else:
        assert cost_of(capture, "test_work").cumulative_value >= 5 * MB


DESTROY = """\
import glob
import os

for path in sorted(glob.glob(os.environ["ASK_PROFILER_MEMRAY"] + "/*.bin"))[-1:]:
    os.unlink(path)
    with open(path, "w") as file:
        file.write("garbage")
"""


def test_a_corrupt_recording_gives_a_clear_error(runner: Runner, empty: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(DESTROY)
    with pytest.raises(
        UnreadableOutput, match=r"the memory recording can't be read: [\d-]+\.bin: "
    ) as caught:
        Memray(runner, empty).capture(build(tmp_path), commands("app.py"), seconds=0.1, out=tmp_path / "out")
    assert "Traceback" not in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_memray_keeps_the_recordings_of_every_command_of_a_workload(
    runner: Runner, empty: Interpreter, tmp_path: Path
) -> None:
    for name, count in (("first", 6), ("second", 4)):
        text = f"def {name}():\n    return bytes({count}_000_000)\n\n\nheld = {name}()\n"
        (tmp_path / f"{name}.py").write_text(text)
    capture = Memray(runner, empty).capture(
        build(tmp_path), commands("first.py", "second.py"), seconds=0.1, out=tmp_path / "out"
    )
    assert cost_of(capture, "first").self_value >= 6 * MB
    assert cost_of(capture, "second").self_value >= 4 * MB
    assert capture.quantities["processes"] == (2.0, "count")


def test_one_corrupt_recording_among_good_ones_is_a_warning(
    runner: Runner, empty: Interpreter, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text("held = bytes(3_000_000)\n")
    (tmp_path / "destroy.py").write_text(DESTROY)
    capture = Memray(runner, empty).capture(
        build(tmp_path), commands("app.py", "destroy.py"), seconds=0.1, out=tmp_path / "out"
    )
    assert capture.quantities["unreadable_recordings"] == (1.0, "count")
    assert capture.warnings == ("the memory recordings of 1 more can't be read: what they held is missing",)


@pytest.mark.parametrize("content", [None, b"garbage", b"memray" + b"\xff" * 5000])
def test_the_reader_of_recordings_ends_with_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "7.bin").write_bytes(content)
    (tmp_path / "8.bin").write_bytes(b"")
    done = subprocess.run(
        [sys.executable, "-P", "-m", recordings.__name__, tmp_path, tmp_path],
        env={"PYTHONPATH": str(Path(recordings.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("7.bin: " if content is not None else "memray wrote nothing")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / recordings.FACTS).exists()


def test_a_program_that_ends_before_py_spy_can_look_is_said_with_what_to_do(
    runner: Runner, empty: Interpreter, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text("import os\n\nos._exit(0)\n")
    profiler = PySpy(runner, empty)
    try:
        capture = profiler.capture(build(tmp_path), commands("app.py"), seconds=0.05, out=tmp_path / "out")
    except UnreadableOutput as error:
        assert any(words in str(error) for words in ("give it more to do", "too short to profile"))
    else:  # a slow host may let py-spy see a sample or two
        assert capture.warnings == ("few samples: the shares are rough",)
