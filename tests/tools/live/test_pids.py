"""Processes that run: what is seen of a Python one, its threads and its children; and who can't be looked into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tools.live.services import Start
from tools.errors import ToolError
from tools.live.gobinary import go_version_of
from tools.live.pids import LiveProcess
from tools.live.processes import children_of, cpu_seconds, find_process
from tools.profiles.pprof import read_pprof
from tools.profiles.queries import top
from tools.python.attaching import read_dump, without_empty_stacks
from tools.run.process import Runner

PROGRAM = """
import subprocess, sys, threading, time

def hot(count):
    total = 0
    for n in range(count):
        total += n * n
    return total

def waiting():
    time.sleep(60)

held = []

def hoard():
    held.append(bytearray(30_000))

seconds = float(sys.argv[1])
if len(sys.argv) > 2:
    threading.Thread(target=waiting, name="the waiter", daemon=True).start()
    child = subprocess.Popen([sys.executable, __file__, sys.argv[1]])
print("started", flush=True)
end = time.monotonic() + seconds
while time.monotonic() < end:
    hot(200_000)
    hoard()
    time.sleep(0.005)
"""
Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Starts the program for so many seconds and gives its number; it is ended with the test."""
    running: list[subprocess.Popen[str]] = []

    def start(seconds: float, *words: str) -> int:
        program = tmp_path / "program.py"
        program.write_text(PROGRAM)
        process = subprocess.Popen(
            [sys.executable, str(program), str(seconds), *words], stdout=subprocess.PIPE, text=True
        )
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        return process.pid

    yield start
    for process in running:
        for pid in children_of(process.pid):
            os.kill(pid, 9)
        process.kill()
        process.communicate()


def test_a_python_process_and_its_child_are_sampled(run: Run, runner: Runner, tmp_path: Path) -> None:
    pid = run(20, "with a child")
    capture = LiveProcess(pid=pid, runner=runner).capture("py-spy", 2, tmp_path / "out")
    (hottest, *_) = top(capture.profile, value="cpu")
    assert hottest.function.name == "hot"
    assert len({label for label in capture.profile.labels["process"] if label}) == 2
    assert capture.quantities["child_processes"] == (1.0, "count")
    assert capture.quantities["target_busy_processors_before"][0] > 0
    assert read_pprof(capture.profile_path).total("samples") == capture.profile.total("samples")


def test_where_each_thread_stands(run: Run, runner: Runner, tmp_path: Path) -> None:
    capture = LiveProcess(pid=run(20, "with a child"), runner=runner).capture("py-spy-dump", 1, tmp_path)
    threads = dict(zip(capture.profile.labels["thread"], capture.profile.labels["state"], strict=True))
    assert threads["the waiter"] == "idle"
    assert capture.profile.total("threads") == 3
    assert {f.name for f in capture.profile.functions} >= {"waiting", "<module>"}


def test_a_process_that_ends_meanwhile_gives_what_was_sampled_and_says_so(
    run: Run, runner: Runner, tmp_path: Path
) -> None:
    capture = LiveProcess(pid=run(4.5), runner=runner).capture("py-spy", 30, tmp_path)
    assert any("the process ended after" in warning for warning in capture.warnings)
    assert capture.duration_s < 15


@pytest.mark.slow
def test_memray_is_put_into_a_running_process(run: Run, runner: Runner, tmp_path: Path) -> None:
    live = LiveProcess(pid=run(30), runner=runner)
    assert live.unavailable("memray") is None, "gdb or lldb is missing here"
    capture = live.capture("memray", 2, tmp_path)
    (largest, *_) = top(capture.profile, value="peak_space", by="self")
    assert largest.function.name == "hoard"


def test_a_go_process_is_captured_by_the_endpoint_that_it_listens_on(
    start: Start, runner: Runner, tmp_path: Path
) -> None:
    service = start("none")
    live = LiveProcess(pid=service.pid, runner=runner)
    assert live.process().language == "go"
    assert live.process().runtime_version.startswith("go1.")
    assert live.endpoint().address.origin == service.url
    assert live.capture("goroutine", 1, tmp_path).profile.total("goroutine") > 0


def test_a_go_process_without_an_endpoint(runner: Runner, tmp_path: Path) -> None:
    go = shutil.which("go")
    assert go is not None
    (tmp_path / "main.go").write_text(
        'package main\nimport "time"\nfunc main() { time.Sleep(20 * time.Second) }\n'
    )
    subprocess.run([go, "build", "-o", tmp_path / "sleeper", tmp_path / "main.go"], check=True)
    sleeper = subprocess.Popen([tmp_path / "sleeper"])
    try:
        with pytest.raises(
            ToolError, match=r"without a pprof endpoint on loopback .it listens on none.: import _ "
        ):
            LiveProcess(pid=sleeper.pid, runner=runner).kinds()
    finally:
        sleeper.kill()
        sleeper.wait()


def test_who_cant_be_looked_into_is_told_why(runner: Runner) -> None:
    def why(pid: int) -> str:
        with pytest.raises(ToolError) as raised:
            LiveProcess(pid=pid, runner=runner).kinds()
        return str(raised.value)

    assert "is ask-profiler itself" in why(os.getpid())
    assert "there is no process 0" in why(0)
    assert "there is no process 4194305" in why(4194305)
    zombie = subprocess.Popen(["true"])
    while cpu_seconds(zombie.pid) is not None:
        time.sleep(0.01)
    assert "a zombie" in why(zombie.pid)
    zombie.wait()
    other = subprocess.Popen(["sleep", "20"])
    assert "neither Python nor Go" in why(other.pid)
    other.kill()
    other.wait()


def test_another_users_process_is_told_with_its_owner() -> None:
    """As root a process of our own is looked at as somebody else would; others look at the first process of all."""
    why = "belongs to root, and may not be looked into from here: run ask-profiler as root"
    if os.geteuid() != 0:
        with pytest.raises(ToolError, match=why):
            find_process(1)
        return
    process = subprocess.Popen(["sleep", "20"])
    os.seteuid(65534)
    try:
        with pytest.raises(ToolError, match=why):
            find_process(process.pid)
    finally:
        os.seteuid(0)
        process.kill()
        process.wait()


@pytest.mark.skipif(
    not Path("/proc/2/comm").exists(), reason="the kernel's threads aren't seen from a container"
)
def test_a_thread_of_the_kernel() -> None:
    with pytest.raises(ToolError, match="thread of the kernel"):
        find_process(2)


def test_a_process_that_is_ended_and_replaced_is_told_apart() -> None:
    process = subprocess.Popen(["sleep", "20"])
    found = find_process(process.pid)
    assert found.is_running
    process.kill()
    process.wait()
    assert not found.is_running


def test_files_that_are_no_go_programs(tmp_path: Path) -> None:
    assert go_version_of(Path("/bin/sh")) is None
    (tmp_path / "cut").write_bytes(b"\x7fELF\x02\x01" + b"\xff" * 70)
    assert go_version_of(tmp_path / "cut") is None
    assert go_version_of(tmp_path) is None


def test_a_thread_in_no_function_isnt_an_error() -> None:
    assert without_empty_stacks("f (a.py:1) 2\n 3\ng (a.py:2) 1\n") == "f (a.py:1) 2\ng (a.py:2) 1"


@pytest.mark.parametrize("said", ["", "{}", "[1]", '[{"frames": 3}]', '[{"frames": [{"name": "f"}]}]'])
def test_what_py_spy_might_say_otherwise_is_an_error(said: str) -> None:
    with pytest.raises(ToolError):
        read_dump(said)
