"""Limits that hold against a program made to break them: with the kernel's control groups and without."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.errors import LimitExceeded, ProgramFailed, ProgramTimedOut
from tools.run.cgroups import Groups, find_groups
from tools.run.disk import DiskWatch
from tools.run.process import Limits, Runner
from tools.run.sandbox import BubblewrapSandbox, NoSandbox

PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
Alive = Callable[[str], list[int]]
MIB = 2**20
BOUND_S = 60
"""Far below what the programs here would go on for; a busy host may need seconds to end one."""
SMALL = Limits(memory_bytes=128 * MIB, processes=40, timeout_s=20)
FORKS = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"
FORKS_AWAY = (
    "import os, time\nwhile True:\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(600)"
)
THREADS = """\
import threading, time
threading.stack_size(65536)
try:
    while True:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
except RuntimeError:
    time.sleep(600)
"""
MEMORY = {
    "heap": "held = bytearray(500 * 2**20)",
    "/tmp": "with open('/tmp/x', 'wb') as f:\n    for _ in range(500):\n        f.write(bytes(2**20))",
    "/dev/shm": "with open('/dev/shm/x', 'wb') as f:\n    for _ in range(500):\n        f.write(bytes(2**20))",
    "a file without a name": "import os\nf = os.memfd_create('x')\nfor _ in range(500):\n    os.write(f, bytes(2**20))",
    "pages of a process that has ended": """\
import mmap, os, time
pages = mmap.mmap(-1, 500 * 2**20)
if os.fork() == 0:
    for place in range(0, len(pages), 4096):
        pages[place] = 1
    os._exit(0)
os.wait()""",
}
OUTLIVES = """\
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
time.sleep(600)
"""
STOPS_ITS_PARENT = """\
import os, signal, time
while True:
    try:
        os.kill(os.getppid(), signal.SIGSTOP)
    except OSError:
        pass
    time.sleep(0.001)
"""


@pytest.fixture(params=["groups", "watching"])
def limited(request: pytest.FixtureRequest) -> Iterator[Runner]:
    runner = Runner(BubblewrapSandbox(), use_groups=request.param == "groups")
    yield runner
    runner.close()


@pytest.mark.parametrize("code", [FORKS, FORKS_AWAY])
def test_a_fork_bomb_is_ended_at_once_and_whole(
    limited: Runner, tmp_path: Path, alive: Alive, code: str
) -> None:
    word = uuid.uuid4().hex
    begun = time.monotonic()
    with pytest.raises(LimitExceeded, match=r"processes (and threads )?at once") as caught:
        limited.run([PYTHON, "-c", code, word], cwd=tmp_path, limits=SMALL)
    assert caught.value.limit == "processes"
    assert time.monotonic() - begun < BOUND_S
    assert alive(word) == []


def test_threads_count_too(limited: Runner, tmp_path: Path, alive: Alive) -> None:
    word = uuid.uuid4().hex
    with pytest.raises(LimitExceeded, match="more than 320 processes and threads at once"):
        limited.run([PYTHON, "-c", THREADS, word], cwd=tmp_path, limits=SMALL)
    assert alive(word) == []


@pytest.mark.parametrize("kind", MEMORY)
def test_memory_counts_wherever_it_is(limited: Runner, tmp_path: Path, kind: str) -> None:
    code = MEMORY[kind] + "\nimport time\ntime.sleep(30)"
    with pytest.raises(LimitExceeded, match=r"of memory.*\(limit 128 MiB\)") as caught:
        limited.run([PYTHON, "-c", code], cwd=tmp_path, limits=SMALL)
    assert caught.value.limit == "memory"


def test_a_program_that_gets_by_with_what_it_may_use_is_left_alone(limited: Runner, tmp_path: Path) -> None:
    code = "x = bytearray(60 * 2**20)\nopen('/tmp/x', 'wb').write(bytes(20 * 2**20))\nprint('done')"
    assert limited.run([PYTHON, "-c", code], cwd=tmp_path, limits=SMALL).stdout == "done\n"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("i=0; while :; do i=$((i+1)); head -c 8M /dev/zero > $i; done", "more than 64 MiB of the disk"),
        ("i=0; while :; do i=$((i+1)); : > $i; done", "more than 5000 files on the disk"),
    ],
)
def test_many_files_fill_no_disk(plain_runner: Runner, tmp_path: Path, script: str, said: str) -> None:
    limits = Limits(disk_bytes=64 * MIB, disk_files=5000, timeout_s=30)
    with pytest.raises(LimitExceeded, match=said) as caught:
        plain_runner.run(["sh", "-c", script], cwd=tmp_path, limits=limits)
    assert caught.value.limit == "disk"


def test_half_of_what_is_free_is_always_spared(tmp_path: Path) -> None:
    free_bytes = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    watch = DiskWatch((tmp_path, tmp_path / "not there"))
    assert watch.excess(2**60, 2**60) == ""
    with (tmp_path / "x").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 32 * MIB)
    assert watch.excess(16 * MIB, 2**60) == "more than 16 MiB of the disk"
    assert free_bytes > 64 * MIB
    assert watch.excess(2**60, 2**60) == ""


def test_a_file_with_a_hole_of_a_terabyte_is_refused(limited: Runner, tmp_path: Path) -> None:
    with pytest.raises((ProgramFailed, LimitExceeded), match=r"too large|a file of more than 4096 MiB"):
        limited.run(["truncate", "-s", "1T", "x"], cwd=tmp_path, limits=SMALL)


@pytest.mark.parametrize(
    "code", [OUTLIVES, "import os, signal\nos.killpg(0, signal.SIGSTOP)", STOPS_ITS_PARENT]
)
@pytest.mark.parametrize("sandboxed", [True, False])
def test_nothing_outlives_the_time_limit(tmp_path: Path, alive: Alive, code: str, sandboxed: bool) -> None:
    runner = Runner(BubblewrapSandbox() if sandboxed else NoSandbox())
    word = uuid.uuid4().hex
    begun = time.monotonic()
    with pytest.raises(ProgramTimedOut):
        runner.run([PYTHON, "-c", code, word], cwd=tmp_path, limits=Limits(timeout_s=0.4))
    assert time.monotonic() - begun < BOUND_S
    assert alive(word) == []
    assert runner.run(["echo", "next"], cwd=tmp_path).stdout == "next\n"
    runner.close()


@pytest.mark.slow
def test_a_launcher_that_stays_stopped_is_ended_with_what_it_ran(tmp_path: Path, alive: Alive) -> None:
    runner = Runner(NoSandbox())
    launcher = int(runner.run(["sh", "-c", "echo $PPID"], cwd=tmp_path).stdout)
    stopping = f"while :; do kill -STOP {launcher}; done"
    word = uuid.uuid4().hex
    with pytest.raises(ProgramTimedOut):
        runner.run(["sh", "-c", f"{stopping}; : {word}"], cwd=tmp_path, limits=Limits(timeout_s=0.3))
    assert alive(word) == []
    assert runner.run(["echo", "next"], cwd=tmp_path).stdout == "next\n"
    runner.close()


def _left(groups: Groups) -> list[Path]:
    mine = f"ask-profiler-{os.getpid()}-*"
    return [folder for parent in set(groups.parents.values()) for folder in parent.glob(mine)]


def test_control_groups_are_gone_afterwards(tmp_path: Path) -> None:
    groups = find_groups()
    if groups is None:
        pytest.skip("this user may make no control groups here")
    runner = Runner(BubblewrapSandbox())
    runner.run(["true"], cwd=tmp_path, limits=SMALL)
    with pytest.raises(ProgramTimedOut):
        runner.run(["sleep", "9"], cwd=tmp_path, limits=Limits(memory_bytes=2**30, timeout_s=0.2))
    with pytest.raises(LimitExceeded):
        runner.run([PYTHON, "-c", FORKS], cwd=tmp_path, limits=SMALL)
    assert _left(groups) == []
    runner.close()


def test_a_killed_callers_groups_are_removed_and_their_processes_ended(tmp_path: Path, alive: Alive) -> None:
    word = uuid.uuid4().hex
    code = f"""
from pathlib import Path
from tools.run.process import Limits, Runner
from tools.run.sandbox import NoSandbox
Runner(NoSandbox()).run(["sh", "-c", "touch ready; sleep 61; : {word}"], cwd=Path({str(tmp_path)!r}),
                        limits=Limits(memory_bytes=2**30))
"""
    caller = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[3])
    while not (tmp_path / "ready").exists():
        time.sleep(0.02)
    caller.send_signal(signal.SIGKILL)
    caller.wait()
    assert alive(word) == []
    groups = find_groups()
    end = time.monotonic() + 5
    while groups and time.monotonic() < end:
        if not [f for p in set(groups.parents.values()) for f in p.glob(f"ask-profiler-{caller.pid}-*")]:
            return
        time.sleep(0.02)
    assert groups is None


def test_a_caller_that_is_killed_with_an_answer_unread_leaves_no_process_and_no_complaint(
    tmp_path: Path, alive: Alive
) -> None:
    """Its end of the socket is reset then, which is another error than the end of a stream."""
    word = uuid.uuid4().hex
    code = f"""
import os, select, signal
from pathlib import Path
from tools.run.launch import Launch, Launcher

class Dies(Launcher):
    def _awaited(self):
        select.select([self._socket], [], [])
        while not Path("ready").exists():
            pass
        os.kill(os.getpid(), signal.SIGKILL)

os.chdir({str(tmp_path)!r})
words = ("sh", "-c", "touch ready; sleep 62; : {word}")
Dies().start(Launch(argv=words, cwd=Path(), env=dict(os.environ), streams=(0, 1, 1), wrapped=False))
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    caller = subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE)
    _, complaint = caller.communicate(timeout=BOUND_S)
    assert caller.returncode == -signal.SIGKILL
    assert complaint == b""
    assert alive(word) == []
