"""A hostile target, asked about through the real command line: nothing of the user's is read, written or reached.

What it tries is tried without the sandbox, too, where it must work: an attack that fails everywhere shows nothing.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.doors.conftest import Answered, Cli
from tests.doors.targets import GO_TEST, Snapshot, go_target, living, python_target, snapshot

ATTACKS = r"""
import glob, json, os, socket, subprocess, sys, time
home, runs, tree, port, mark = sys.argv[1:]
worked = []


def attempt(name, attack):
    try:
        attack()
    except (OSError, AssertionError, KeyError):
        return
    worked.append(name)


def read(path):
    with open(path, "rb") as file:
        assert file.read()


def write(path):
    with open(path, "r+b") as file:
        file.seek(0, 2)
        file.write(b"planted")


def first(pattern):
    return next(iter(sorted(glob.glob(pattern))), "/nowhere")


def environments():
    found = b""
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            found += open(path, "rb").read()
        except OSError:
            pass
    assert b"top-secret" in found


def follow():
    os.symlink(home + "/.netrc", "notes.txt")
    read("notes.txt")


def unix(address):
    socket.socket(socket.AF_UNIX).connect(address)


def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", mark])
        os._exit(0)
    os.wait()


attempt("environment", lambda: os.environ["SERVICE_TOKEN"])
attempt("other processes", environments)
attempt("password file", lambda: read(home + "/.netrc"))
attempt("key", lambda: read(home + "/.ssh/id_ed25519"))
attempt("key by a link", follow)
attempt("other runs", lambda: read(first(runs + "/*/request.json")))
attempt("the user's tree", lambda: read(tree + "/app.py"))
attempt("shadow", lambda: read("/etc/shadow"))
attempt("planting in the home", lambda: write(home + "/.profile"))
attempt("planting in the tree", lambda: write(tree + "/app.py"))
attempt("planting a report", lambda: write(first(runs + "/*/plan.json")))
attempt("hard link", lambda: os.link(home + "/.netrc", "mine"))
attempt("the kernel", lambda: os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)))
attempt("tcp", lambda: socket.create_connection(("127.0.0.1", int(port)), 2))
attempt("abstract socket", lambda: unix("\0" + mark))
attempt("socket in a folder", lambda: unix(home + "/docker.sock"))
attempt("name service", lambda: socket.getaddrinfo("example.org", 80))
attempt("ending the launcher", lambda: os.kill(os.getppid(), 0) if os.getppid() > 2 else os.kill(10**7, 0))
for name in (".ask-profiler", "app.py"):
    try:
        os.rename(name, "moved")
        os.symlink(home, name)
    except OSError:
        pass
daemon()
if worked:
    sys.exit("WORKED: " + ", ".join(worked))
print(sum(range(300_000)))
"""
SECRETS = {".netrc": "password", ".ssh/id_ed25519": "key", ".profile": "export PATH=1\n"}
FILLS_THE_DISK = """\
import itertools, time
try:
    for number in itertools.count():
        with open(f"n{number}", "wb") as file:
            file.write(bytes(2**20))
except OSError:
    time.sleep(600)
"""
THREADS = """\
import threading, time
threading.stack_size(65536)
try:
    while True:
        threading.Thread(target=time.sleep, args=(600,)).start()
except RuntimeError:
    time.sleep(600)
"""
STEERS_A_TERMINAL = """\
import sys
sys.stdout.buffer.write(b"\\x1b]0;owned\\x07 \\x00\\xff")
sys.stderr.buffer.write(b"\\x1b]52;c;b3duZWQ=\\x07 \\x00 \\xff \\xc2\\x9b31m boom")
sys.exit(3)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacked:
    """How a run on a hostile target ended, and the user's files around it."""

    answered: Answered
    before: Snapshot
    after: Snapshot
    left: list[int]


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """A port and a name at which this host listens, in every way a program may reach it."""
    mark = f"attack-{os.getpid()}-{time.monotonic_ns()}"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX) as file,
    ):
        abstract.bind(f"\0{mark}")
        folder = os.open(tmp_path, os.O_RDONLY)
        file.bind(f"/proc/self/fd/{folder}/docker.sock")  # whose own path may be too long for a socket
        os.close(folder)
        for each in (abstract, file):
            each.listen(64)
        yield server.getsockname()[1], mark


def attack(cli: Cli, tmp_path: Path, listening: tuple[int, str], *words: str) -> Attacked:
    """A home with secrets, an earlier run, and a target that wants both."""
    port, mark = listening
    for name, text in SECRETS.items():
        (cli.home / name).parent.mkdir(exist_ok=True)
        (cli.home / name).write_text(text)
    (tmp_path / "docker.sock").rename(cli.home / "docker.sock")
    earlier = cli.runs / "20240101-000000-abcd"
    earlier.mkdir(parents=True)
    (earlier / "request.json").write_text("{}")
    target = python_target(tmp_path / "target", program=ATTACKS, test=None)
    command = f"python app.py '{cli.home}' '{cli.runs}' '{target}' {port} {mark}"
    watched = [cli.home / name for name in SECRETS] + [earlier / "request.json"]
    before = {str(p): (p.stat().st_mode, p.read_text()) for p in watched} | snapshot(target)
    answered = cli(*cli.question(target, "--json", "--cmd", command, *words), SERVICE_TOKEN="top-secret")
    after = {str(p): (p.stat().st_mode, p.read_text()) for p in watched} | snapshot(target)
    return Attacked(answered=answered, before=before, after=after, left=living(mark))


def test_a_target_reads_writes_and_reaches_nothing_of_the_users(
    cli: Cli, tmp_path: Path, listening: tuple[int, str]
) -> None:
    done = attack(cli, tmp_path, listening)
    assert "WORKED" not in done.answered.stdout
    assert done.answered.exit_code == 0, done.answered.stdout
    assert done.answered.report["outcome"] != "not measured"
    assert done.after == done.before
    assert done.left == []


def test_without_the_sandbox_the_same_attacks_work_and_the_report_holds_them(
    cli: Cli, tmp_path: Path, listening: tuple[int, str]
) -> None:
    done = attack(cli, tmp_path, listening, "--sandbox", "none")
    assert done.answered.exit_code == 4
    worked = done.answered.report["summary"].partition("WORKED: ")[2]
    for name in (
        "password file",
        "key",
        "key by a link",
        "other runs",
        "the user's tree",
        "hard link",
        "tcp",
    ):
        assert name in worked
    for name in ("planting in the home", "planting a report", "abstract socket", "socket in a folder"):
        assert name in worked
    assert "environment" not in worked  # which is clean without a sandbox, too
    assert done.left == []  # and what it started is ended


def test_a_disk_is_not_filled_by_many_files_and_is_free_again(cli: Cli, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    small = ["bwrap", "--dev-bind", "/", "/", "--size", str(64 * 2**20), "--tmpfs", str(disk)]
    target = python_target(tmp_path / "target", program=FILLS_THE_DISK, test=None)
    done = cli.ask(target, "--json", "--cmd", "python app.py", "--runs-dir", disk / "runs", before=small)
    assert done.exit_code == 4
    assert "MiB of the disk" in done.report["summary"]


def test_threads_without_end_are_ended(cli: Cli, tmp_path: Path) -> None:
    target = python_target(tmp_path / "target", program=THREADS, test=None)
    done = cli.ask(target, "--json", "--cmd", "python app.py it-starts-threads")
    assert done.exit_code == 4
    assert "more than 4096 processes and threads at once" in done.report["summary"]
    assert living("it-starts-threads") == []


def test_what_a_target_prints_steers_no_terminal(cli: Cli, tmp_path: Path) -> None:
    target = python_target(tmp_path / "target", program=STEERS_A_TERMINAL, test=None)
    Path(os.fsdecode(os.fsencode(target) + b"/b\xff\x1b[31m.txt")).touch()
    Path(os.fsdecode(os.fsencode(target) + b"/l\xff\x1b[31m")).symlink_to("/etc/passwd")
    done = cli.ask(target, "--cmd", "python app.py")
    assert done.exit_code == 4
    assert "boom" in done.stdout
    assert not {"\x1b", "\x9b", "\x00", "\x07"} & {*done.stdout, *done.stderr}


def test_what_a_failing_tool_prints_steers_no_terminal(cli: Cli, tmp_path: Path) -> None:
    panics = GO_TEST.replace("Count(i)", r'panic("\x1b]52;c;b3duZWQ=\x07 \u009b31m boom")')
    done = cli.ask(go_target(tmp_path / "target", test=panics))
    assert done.exit_code == 8
    assert "boom" in done.complaint
    assert not {"\x1b", "\x9b", "\x00", "\x07"} & {*done.stdout, *done.stderr}


def test_an_interpreter_in_the_target_gets_nothing_done(cli: Cli, tmp_path: Path) -> None:
    target = python_target(tmp_path / "target")
    fake = target / ".venv" / "bin" / "python"
    fake.parent.mkdir(parents=True)
    fake.write_text(
        f"#!/bin/sh\ntouch '{cli.home}/owned' '{target}/owned'\ncat '{cli.home}/.netrc'\necho $TOKEN\n"
    )
    fake.chmod(0o755)
    (cli.home / ".netrc").write_text("top-secret")
    done = cli.ask(target, TOKEN="top-secret")
    assert done.exit_code == 8
    assert "doesn't answer like a Python interpreter" in done.complaint
    assert "--python" in done.complaint
    assert "top-secret" not in done.complaint
    assert not (cli.home / "owned").exists()


@pytest.mark.slow
def test_a_profile_that_is_a_link_is_told_and_the_rest_is_measured(cli: Cli, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the user's")
    main = (
        "func TestMain(m *testing.M) {\n\tcode := m.Run()\n\tfor _, word := range os.Args {\n"
        '\t\tif path, ok := strings.CutPrefix(word, "-test.cpuprofile="); ok {\n'
        f'\t\t\tos.Remove(path)\n\t\t\tos.Symlink("{secret}", path)\n\t\t}}\n\t}}\n\tos.Exit(code)\n}}\n'
    )
    test = GO_TEST.replace('import "testing"', 'import (\n\t"os"\n\t"strings"\n\t"testing"\n)') + main
    done = cli.ask(go_target(tmp_path / "target", test=test), "--json")
    (missing,) = [m for m in done.report["unmeasured"] if m["what"].startswith("go-cpu")]
    assert "isn't read: it is a symbolic link" in missing["remedy"]
    captured = {e["title"] for e in done.report["evidence"] if e["kind"] == "capture"}
    assert "memory profile, before" in captured
    assert secret.read_text() == "the user's"
