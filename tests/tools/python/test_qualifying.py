"""One function has one name, whichever profiler saw it; in doubt it keeps the name that the profiler gave."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tools.python.test_profilers import build, commands
from tools.measure.toolchain import Capture
from tools.profiles.builder import ProfileBuilder
from tools.profiles.ownership import OwnCode
from tools.profiles.profile import Function, Profile, ValueType
from tools.profiles.ranking import RankedView, rank
from tools.python import qualifying
from tools.python.attaching import loaded_ns
from tools.python.interpreter import Interpreter
from tools.python.memory_files import read_memray
from tools.python.qualifying import with_qualified_names
from tools.python.remembering import Memray
from tools.python.spying import PySpy
from tools.run.process import Runner

PROGRAM = """\
from itertools import repeat


class Report:
    def total(self, n):
        kept = bytes(9_000_000)
        for _ in repeat(None, n):
            n = n + 1 & 7
        return kept


class Invoice:
    @property
    def total(self):
        kept = bytes(5_000_000)
        n = 0
        for _ in repeat(None, 15_000_000):
            n = n + 1 & 7
        return kept


def hoard():
    def inner():
        return [bytes(1_000_000) for _ in range(3)]

    return inner()


held = [Report().total(15_000_000), Invoice().total, hoard()]
"""
METHODS = ("Report.total", "Invoice.total")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("target")
    (folder / "app.py").write_text(PROGRAM)
    return folder


@pytest.fixture(scope="module")
def captures(
    runner: Runner, empty: Interpreter, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Capture, Capture]:
    profilers = PySpy(runner, empty), Memray(runner, empty)
    spied, remembered = (
        p.capture(build(root), commands("app.py"), seconds=0.3, out=tmp_path_factory.mktemp("out"))
        for p in profilers
    )
    return spied, remembered


def names(profile: Profile, file: Path) -> set[str]:
    return {f.name for f in profile.functions if f.file == str(file)}


def test_py_spy_and_memray_call_a_method_the_same(captures: tuple[Capture, Capture], root: Path) -> None:
    spied, remembered = (names(capture.profile, root / "app.py") for capture in captures)
    assert spied >= {"<module>", *METHODS}
    assert remembered >= {"<module>", *METHODS, "hoard", "hoard.<locals>.inner"}
    assert "total" not in spied | remembered


def test_a_method_seen_by_both_is_one_hotspot(captures: tuple[Capture, Capture], root: Path) -> None:
    views = [
        RankedView(view=c.view, value=c.value, profile=c.profile, evidence_id="E1", weight=w)
        for c, w in zip(captures, (1.0, 0.5), strict=True)
    ]
    hotspots = rank(views, OwnCode(language="python", root=root), 10)
    assert {h.function for h in hotspots[:2]} == set(METHODS)
    assert all(set(h.also) == {"cpu", "memory"} for h in hotspots[:2])
    assert len({(h.function, h.file) for h in hotspots}) == len(hotspots)


def recorded(root: Path, runner: Runner) -> Profile:
    """What `memray run` of the program writes, read; the program's file has its whole path in it."""
    (root / "app.py").write_text(PROGRAM.replace("15_000_000", "15"))
    (root / "main.py").write_text("import app\n")
    words = [sys.executable, "-m", "memray", "run", "-q", "-o", "found.bin", "main.py"]
    subprocess.run(words, cwd=root, check=True, stdout=subprocess.DEVNULL)
    return read_memray(runner, root / "found.bin")


def test_a_recording_that_memray_wrote_before_is_named_by_the_source(runner: Runner, tmp_path: Path) -> None:
    assert names(recorded(tmp_path, runner), tmp_path / "app.py") >= {*METHODS, "hoard.<locals>.inner"}


def test_source_that_is_newer_than_the_recording_names_nothing(runner: Runner, tmp_path: Path) -> None:
    recorded(tmp_path, runner)
    later = time.time() + 1
    os.utime(tmp_path / "app.py", (later, later))
    found = names(read_memray(runner, tmp_path / "found.bin"), tmp_path / "app.py")
    assert found >= {"total", "inner"}
    assert not found & {*METHODS, "hoard.<locals>.inner"}


SOURCE = """\
import functools


def logged(function):
    @functools.wraps(function)
    def wrapper(*given):
        return function(*given)
    return wrapper


class Outer:
    class Inner:
        def size(self):
            return [
                n
                for n in range(3)
            ]

    @property
    def value(self):
        return 1

    @value.setter
    def value(self, new):
        self.kept = new

    @logged
    @logged
    def shown(self):
        return sorted(self.kept, key=lambda item: item)

    async def fetch(self):
        return None


def size():
    class Local:
        def size(self):
            global everywhere
            def everywhere():
                return 1
            return everywhere
    return Local


class Short: size = lambda self: 1
if Short:
    def twice(): return 1
else:
    def twice(): return 2
class Nest:
    def again(self):
        def again(): return 1
        return again
"""


def frames(*given: tuple[str, str, int]) -> Profile:
    builder = ProfileBuilder([ValueType(name="peak_space", unit="bytes")])
    for name, file, line in given:
        builder.add([(Function(name=name, file=file), line)], [1])
    return builder.build()


def given_names(profile: Profile) -> list[str]:
    return [profile.functions[f].name for f in profile.frame_function]


@pytest.mark.parametrize(
    ("name", "line", "qualified"),
    [
        ("logged", 8, "logged"),
        ("wrapper", 7, "logged.<locals>.wrapper"),
        ("wrapper", 5, "logged.<locals>.wrapper"),  # the decorator's line is where it begins
        ("size", 13, "Outer.Inner.size"),
        ("size", 14, "Outer.Inner.size"),
        ("<listcomp>", 15, "Outer.Inner.size.<locals>.<listcomp>"),
        ("size", 15, "Outer.Inner.size"),  # inlined, as by Python 3.12
        ("value", 20, "Outer.value"),
        ("value", 24, "Outer.value"),
        ("shown", 27, "Outer.shown"),
        ("shown", 29, "Outer.shown"),
        ("shown", 30, "Outer.shown"),
        ("<lambda>", 30, "Outer.shown.<locals>.<lambda>"),
        ("fetch", 32, "Outer.fetch"),
        ("Outer", 32, "Outer"),
        ("Inner", 13, "Outer.Inner"),
        ("Local", 37, "size.<locals>.Local"),
        ("size", 42, "size.<locals>.Local.size"),
        ("size", 43, "size"),
        ("everywhere", 41, "everywhere"),
        ("<lambda>", 46, "Short.<lambda>"),
        ("twice", 50, "twice"),
        ("again", 53, "again"),  # both run here: one defines the other
        ("again", 54, "Nest.again"),
        ("gone", 13, "gone"),
        ("wrapper", 20, "wrapper"),
        ("value", 0, "value"),
        ("value", 4_000, "value"),
        ("<module>", 45, "<module>"),
    ],
)
def test_a_frame_is_named_as_python_itself_names_its_function(
    tmp_path: Path, name: str, line: int, qualified: str
) -> None:
    (tmp_path / "a.py").write_text(SOURCE)
    assert given_names(with_qualified_names(frames((name, str(tmp_path / "a.py"), line)))) == [qualified]


def test_two_methods_of_one_name_become_two_functions_and_nothing_else_changes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SOURCE)
    file = str(tmp_path / "a.py")
    before = frames(("size", file, 14), ("size", file, 43), ("f", "<string>", 1), ("size", file, 13))
    after = with_qualified_names(before)
    assert given_names(after) == ["Outer.Inner.size", "size", "f", "Outer.Inner.size"]
    assert len(after.functions) == 3
    assert after.frame_line.tolist() == before.frame_line.tolist()
    assert (after.values == before.values).all()


@pytest.mark.parametrize("text", ["print 'old'\ndef size(): pass\n", "def size(:\n", "\0", "(" * 5000, ""])
def test_source_that_this_python_cant_compile_leaves_the_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text(text)
    assert given_names(with_qualified_names(frames(("size", str(tmp_path / "a.py"), 1)))) == ["size"]


def test_only_plain_files_of_a_bearable_size_are_opened(tmp_path: Path) -> None:
    """A recording may name anything; to open a pipe would never end."""
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "folder.py").mkdir()
    with (tmp_path / "huge.py").open("wb") as file:
        file.write(SOURCE.encode())
        file.truncate(qualifying.LARGEST_BYTES + 1)
    given = [str(tmp_path / n) for n in ("pipe.py", "folder.py", "huge.py", "gone.py", "a\0.py")]
    profile = frames(*(("fetch", file, 32) for file in (*given, "/dev/zero", "relative.py")))
    assert set(given_names(with_qualified_names(profile))) == {"fetch"}


def test_so_much_source_is_compiled_and_no_more_the_costliest_first(tmp_path: Path) -> None:
    filler = "#" * (qualifying.LARGEST_BYTES - len(SOURCE) - 1)
    count = qualifying.MOST_BYTES // qualifying.LARGEST_BYTES + 1
    files = [tmp_path / f"{n}.py" for n in range(count)]
    for file in files:
        file.write_text(f"{SOURCE}{filler}\n")
    profile = frames(*(("fetch", str(file), 32) for file in [*files, files[-1]]))  # the last one costs most
    found = given_names(with_qualified_names(profile))
    assert (found[-1], found.count("Outer.fetch")) == ("Outer.fetch", count - 1)


def test_a_profile_of_a_profiler_that_qualifies_names_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SOURCE)
    file = str(tmp_path / "a.py")
    profile = frames(("Outer.fetch", file, 32), ("value", file, 20))
    assert with_qualified_names(profile) is profile


def test_relative_names_are_looked_for_in_the_folder_that_is_given(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SOURCE)
    profile = frames(("fetch", "a.py", 32))
    assert given_names(with_qualified_names(profile)) == ["fetch"]
    assert given_names(with_qualified_names(profile, folder=tmp_path)) == ["Outer.fetch"]


def test_source_that_was_changed_after_a_process_started_is_not_what_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(SOURCE)
    profile = frames(("fetch", str(file), 32))
    started = loaded_ns(os.getpid())
    assert abs(started / 1e9 - time.time()) < 3600
    for age_s, qualified in ((-60, "Outer.fetch"), (60, "fetch")):
        os.utime(file, ns=(started + age_s * 10**9, started + age_s * 10**9))
        assert given_names(with_qualified_names(profile, loaded_ns=started)) == [qualified]


def test_of_a_process_that_ended_no_source_is_known() -> None:
    assert loaded_ns(2**22 + 1) == 1
