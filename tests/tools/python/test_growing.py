"""Small objects that a program goes on keeping are found by line; what it keeps from its start isn't blamed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.python.test_profilers import commands
from tools.errors import ToolError, UnreadableOutput
from tools.measure.toolchain import Build
from tools.profiles.pprof import read_pprof
from tools.python.growing import TOO_SHORT, TracemallocGrowth
from tools.python.interpreter import Interpreter
from tools.run.process import Runner

LEAKING = """
import time

cache = {}
seen = []


def handle(n):
    if n % 20 not in cache:
        cache[n % 20] = bytes(2000)  # fills
    seen.append((n, str(n)))  # leaks


end = time.monotonic() + 3
n = 0
while time.monotonic() < end:
    handle(n)
    n += 1
    time.sleep(0.0002)
"""


def build(root: Path) -> Build:
    return Build(root=root, programs={}, duration_s=0.0)


def test_small_objects_that_are_kept_are_found_with_their_line(
    runner: Runner, empty: Interpreter, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(LEAKING)
    capture = TracemallocGrowth(runner, empty).capture(
        build(tmp_path), commands("app.py"), seconds=1, out=tmp_path / "out"
    )
    profile = read_pprof(capture.profile_path)
    leaves = [profile.functions[profile.frame_function[profile.frame_ids[o]]] for o in profile.offsets[:-1]]
    space = profile.values[:, profile.column("grown_space")].tolist()
    by_line: dict[str, int] = {}
    for leaf, size in zip(leaves, space, strict=True):
        by_line[leaf.name] = by_line.get(leaf.name, 0) + size
    lines = LEAKING.splitlines()
    leak = next(n for n, line in enumerate(lines, 1) if "# leaks" in line)
    fill = next(n for n, line in enumerate(lines, 1) if "# fills" in line)
    assert by_line[f"app.py:{leak}"] > 0.5 * capture.quantities["grown_space"][0]
    assert f"app.py:{fill}" not in by_line
    assert 1 < capture.quantities["watched"][0] < 3
    assert not (tmp_path / ".ask-profiler" / "tracemalloc").exists()


def test_a_process_that_is_too_short_is_said(runner: Runner, empty: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("held = [bytes(1000) for _ in range(100)]\n")
    with pytest.raises(UnreadableOutput, match=TOO_SHORT):
        TracemallocGrowth(runner, empty).capture(build(tmp_path), commands("app.py"), seconds=1, out=tmp_path)


@pytest.mark.parametrize(
    "written",
    ["[]", "{", '{"seconds": 1, "grown": [[-1, 0, []]]}', '{"seconds": 1, "grown": [[1, 1, [["f"]]]]}'],
)
def test_what_the_target_writes_in_our_place_is_refused(
    runner: Runner, empty: Interpreter, tmp_path: Path, written: str
) -> None:
    (tmp_path / "app.py").write_text(
        f"import os\nopen(os.environ['ASK_PROFILER_GROWTH'] + '/1.json', 'w').write({written!r})\n"
    )
    with pytest.raises(ToolError):
        TracemallocGrowth(runner, empty).capture(build(tmp_path), commands("app.py"), seconds=1, out=tmp_path)
