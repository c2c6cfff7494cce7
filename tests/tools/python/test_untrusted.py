"""A Python target that is out to deceive: what it leaves for later processes, and in the place of results."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

from tests.doors.targets import snapshot
from tools.errors import ToolError, UnreadableOutput
from tools.measure.toolchain import Build
from tools.measure.workload import Benchmark, Workload
from tools.python.interpreter import Interpreter, find_interpreter
from tools.python.remembering import Memray
from tools.python.running import PYTEST, sample
from tools.python.spying import PySpy
from tools.python.testing import run_tests
from tools.python.toolchain import PythonToolchain
from tools.python.workload import find_benchmarks
from tools.run.process import Runner

BENCH = Benchmark(name="test_bench/test_it", selector=(PYTEST, "test_bench.py::test_it"))
COMMAND = Workload(
    language="python",
    kind="command",
    benchmarks=(Benchmark(name="app", selector=("app.py",)),),
    chosen_because="given",
)
REPLACE = """\
import atexit
import os


def replace(path):
    {how}


def test_it(benchmark):
    benchmark(sum, [1])
    atexit.register(replace, os.environ["ASK_PROFILER_RESULT"])
"""
HOWS = {
    "a link to a file of the user's": ("os.remove(path); os.symlink('{secret}', path)", "symbolic link"),
    "a pipe": ("os.remove(path); os.mkfifo(path)", "no plain file"),
    "a folder": ("os.remove(path); os.mkdir(path)", "no plain file"),
    "a gigabyte": ("os.truncate(path, 2**30)", "more than 65536 bytes"),
    "deep nesting": ("open(path, 'w').write('[' * 60000)", "no JSON"),
    "no number": (
        'open(path, "w").write(\'{{"seconds": NaN, "iterations": 1}}\')',
        "no time that makes sense",
    ),
    "another shape": ("open(path, 'w').write('[1, 2]')", "no time that makes sense"),
    "endless": (
        'open(path, "w").write(\'{{"seconds": 1, "iterations": 1e999}}\')',
        "no time that makes sense",
    ),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text('{"seconds": 1e-9, "iterations": 1}')
    folder = tmp_path / "base"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("how", HOWS)
def test_what_lies_in_the_place_of_a_result_is_refused_at_once(
    runner: Runner, light: Interpreter, root: Path, how: str
) -> None:
    words, said = HOWS[how]
    text = REPLACE.replace("{how}", words.format(secret=root.parent / "secret"))
    (root / "test_bench.py").write_text(text)
    begun = time.monotonic()
    with pytest.raises(UnreadableOutput, match=said):
        sample(runner, light, root, BENCH, 1)
    assert time.monotonic() - begun < 10


def test_a_benchmark_can_leave_nothing_for_the_next_process(
    runner: Runner, light: Interpreter, root: Path
) -> None:
    places = ["cache", ".ask-profiler/cache", "/tmp/cache", "/dev/shm/cache"]
    (root / "test_bench.py").write_text(
        f"import os\n\n\ndef test_it(benchmark):\n    for place in {places}:\n"
        "        assert not os.path.exists(place), place\n"
        "        os.makedirs(os.path.dirname(place) or '.', exist_ok=True)\n"
        "        open(place, 'w').write('answers')\n    benchmark(sum, [1])\n"
    )
    found = snapshot(root)
    for _ in range(3):
        sample(runner, light, root, BENCH, 1)
    assert {name for name in snapshot(root) if name not in found} <= {
        ".ask-profiler", ".ask-profiler/result", ".ask-profiler/result/result.json",
    }  # fmt: skip


def test_the_targets_tests_leave_nothing_for_the_benchmarks(
    runner: Runner, light: Interpreter, root: Path
) -> None:
    (root / "test_app.py").write_text("def test_it():\n    open('cache', 'w').write('answers')\n")
    assert run_tests(runner, light, root).passed
    assert not (root / "cache").exists()


def test_a_link_in_the_place_of_pytests_report_is_not_followed(
    runner: Runner, light: Interpreter, root: Path
) -> None:
    (root / "conftest.py").write_text(
        "import atexit, os, sys\npath = [w for w in sys.argv if w.startswith('--junitxml=')][0][11:]\n"
        f"atexit.register(lambda: (os.remove(path), os.symlink({str(root.parent / 'secret')!r}, path)))\n"
    )
    (root / "test_app.py").write_text("def test_it():\n    pass\n")
    with pytest.raises(UnreadableOutput, match=r"junit\.xml isn't read: it is a symbolic link"):
        run_tests(runner, light, root)


def test_a_list_of_benchmarks_that_is_none_is_refused(runner: Runner, light: Interpreter, root: Path) -> None:
    (root / "conftest.py").write_text(
        "import atexit, os\n"
        "atexit.register(lambda: open(os.environ['ASK_PROFILER_LIST'], 'w').write('{\"a\": 1}'))\n"
    )
    (root / "test_bench.py").write_text("def test_it(benchmark):\n    benchmark(sum, [1])\n")
    with pytest.raises(UnreadableOutput, match="isn't what was asked for"):
        find_benchmarks(runner, light, root, "")


def test_what_lies_in_the_place_of_py_spys_output_is_not_read(
    runner: Runner, empty: Interpreter, root: Path
) -> None:
    words = f"os.symlink('{root.parent / 'secret'}', p)"
    (root / "app.py").write_text(
        "import glob, os, time\nend = time.time() + 0.4\nwhile time.time() < end:\n    pass\n"
        "if os.fork() == 0:\n    p = '.ask-profiler/py-spy/0.txt'\n    try:\n        "
        f"{words}\n    finally:\n        os._exit(0)\nos.wait()\n"
    )
    build = Build(root=root, programs={}, duration_s=0.0)
    with pytest.raises(ToolError, match=r"isn't read|could not|py-spy"):
        PySpy(runner, empty).capture(build, COMMAND, seconds=0.1, out=root.parent / "out")


def test_profiles_that_the_target_puts_among_memrays_recordings_are_not_taken(
    runner: Runner, empty: Interpreter, root: Path
) -> None:
    (root / "app.py").write_text(
        "import os\nfolder = os.environ['ASK_PROFILER_MEMRAY']\n"
        "for name in ('facts.json', '000000.pb.gz', '000009.pb.gz'):\n"
        f"    os.symlink({str(root.parent / 'secret')!r}, folder + '/' + name)\nheld = bytes(3_000_000)\n"
    )
    build = Build(root=root, programs={}, duration_s=0.0)
    capture = Memray(runner, empty).capture(build, COMMAND, seconds=0.1, out=root.parent / "out")
    assert capture.quantities["processes"] == (1.0, "count")
    assert 3e6 <= capture.quantities["peak_space"][0] < 30e6


def test_building_runs_no_code_of_the_target(runner: Runner, light: Interpreter, root: Path) -> None:
    """Building may write the copy: what ran there could do the work before anybody measures it."""
    for name in ("sitecustomize.py", "usercustomize.py", "json.py", "os.py", "py_compile.py"):
        (root / name).write_text("open('ran', 'w').write(__name__)\n")
    (root / "conftest.py").write_text("open('ran', 'w').write('conftest')\n")
    (root / "broken.py").write_text("def x(:\n")
    toolchain = PythonToolchain(runner, light)
    toolchain.build(root, COMMAND)
    assert not (root / "ran").exists()
    assert (root / "__pycache__").is_dir()
    toolchain.build(root, COMMAND)
    (root / "json.py").write_text("def y(:\n")
    with pytest.raises(ToolError, match=r"json\.py doesn't compile"):
        toolchain.build(root, COMMAND)


SPY = """\
#!{python}
import json, os, sys
def attempt(what):
    try:
        return str(what())[:50]
    except OSError as error:
        return type(error).__name__
found = dict(
    home=attempt(lambda: open({secret!r}).read()),
    target=attempt(lambda: open({target!r} + "/.venv/bin/planted", "w").name),
    token=os.environ.get("TOKEN", "none"),
)
open("/tmp/x", "w").write("1")
print(json.dumps(found))
sys.exit(0 if "secret" not in str(found) else 1)
"""


def environment_in(folder: Path) -> Path:
    venv.create(folder, with_pip=False, symlinks=True)
    return folder


def test_an_interpreter_that_came_with_the_target_is_asked_in_the_sandbox(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "the secret token")
    (tmp_path / "netrc").write_text("the secret password")
    target = tmp_path / "target"
    fake = target / ".venv" / "bin" / "python"
    fake.parent.mkdir(parents=True)
    fake.write_text(SPY.format(python="/usr/bin/python3", secret=str(tmp_path / "netrc"), target=str(target)))
    fake.chmod(0o755)
    found = snapshot(target)
    with pytest.raises(UnreadableOutput, match=r"FileNotFoundError") as caught:
        find_interpreter(runner, target, None, {"PATH": "/usr/bin"})
    assert "secret" not in str(caught.value)
    assert snapshot(target) == found


@pytest.mark.parametrize("claimed", ["/", "home", "keys", "target"])
def test_an_interpreter_is_not_believed_where_it_says_python_lies(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claimed: str
) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    target = tmp_path / "target"
    fake = target / ".venv" / "bin" / "python"
    fake.parent.mkdir(parents=True)
    place = {"/": "/", "home": str(home), "keys": str(home / ".ssh"), "target": str(target)}[claimed]
    answer = (
        f'{{"executable": "{place}/x", "version": "3.11", "implementation": "cpython", "cache_tag": "x", '
        f'"prefix": "{place}", "base_prefix": "{place}", "scripts": "{place}", "paths": [], "modules": []}}'
    )
    fake.write_text(f"#!/bin/sh\necho '{answer}'\n")
    fake.chmod(0o755)
    with pytest.raises(UnreadableOutput, match="doesn't answer like"):
        find_interpreter(runner, target, None, {"PATH": "/usr/bin"})


def test_folders_of_the_users_named_by_an_environment_are_kept_from_it(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "decoy.py").write_text("")
    (home / "letters").mkdir()
    (home / "letters" / "will.txt").write_text("secret")
    (home / "code").mkdir()
    (home / "code" / "library.py").write_text("")
    monkeypatch.setenv("HOME", str(home))
    target = tmp_path / "target"
    made = environment_in(target / ".venv")
    hidden = [Path("/"), home, home / ".ssh", home / "letters"]
    packages = next(made.glob("lib/python*/site-packages"))
    (packages / "x.pth").write_text("".join(f"{path}\n" for path in [*hidden, home / "code"]))
    found = find_interpreter(runner, target, None, {"PATH": "/usr/bin:/bin"})
    assert set(found.not_shown) == set(hidden)
    assert home / "code" in found.readable
    assert not {*hidden} & {*found.readable}


def test_a_folder_of_the_target_on_the_import_path_is_taken_from_the_copy(
    runner: Runner, tmp_path: Path
) -> None:
    """An editable install names the user's tree: what runs there would be measured in place of the candidate."""
    target, copy = tmp_path / "target", tmp_path / "base"
    made = environment_in(target / ".venv")
    for root, text in ((target, "user's"), (copy, "copy's")):
        (root / "lib").mkdir(parents=True)
        (root / "lib" / "app.py").write_text(f"print({text!r})\n")
    packages = next(made.glob("lib/python*/site-packages"))
    (packages / "x.pth").write_text(f"{target / 'lib'}\n")
    found = find_interpreter(runner, target, None, {"PATH": "/usr/bin:/bin"})
    assert found.in_target == (Path("lib"),)
    assert not any((target / "lib").is_relative_to(path) for path in found.readable)
    taken = runner.run(
        [found.path, "-c", "import app"],
        cwd=copy,
        env=found.environment(copy),
        access=found.forgetting_access(copy, kept=()),
    )
    assert taken.stdout == "copy's\n"


def test_an_interpreter_of_the_users_own_is_asked_as_the_user_runs_it(runner: Runner, tmp_path: Path) -> None:
    """A version manager's shim reads its own files, which no sandbox would show."""
    version = tmp_path / "version"
    version.write_text(sys.base_prefix)
    shim = tmp_path / "shims" / "python3"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "$(cat {version})/bin/python3" "$@"\n')
    shim.chmod(0o755)
    (tmp_path / "target").mkdir()
    found = find_interpreter(runner, tmp_path / "target", str(shim), {})
    assert found.base_prefix == Path(sys.base_prefix)
    assert os.access(found.path, os.X_OK)
    assert subprocess.run([found.path, "-V"], check=False).returncode == 0
