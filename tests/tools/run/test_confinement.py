"""Ways out of the sandbox that are closed: by a hostile program's own hand, tried one by one.

Each is tried without the sandbox, too, where it must work: an attack that fails everywhere shows nothing.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.errors import ProgramFailed
from tools.run.enclosing import KEYCTL
from tools.run.process import Access, Runner
from tools.run.sandbox import BubblewrapSandbox

PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
WRITABLE_KERNEL_FILES = """\
import os
found = []
for folder, folders, files in os.walk("/proc"):
    if folder == "/proc":
        folders[:] = [f for f in folders if not f.isdigit() and f not in ("self", "thread-self")]
    for name in files:
        path = os.path.join(folder, name)
        if not os.path.islink(path):
            try:
                os.close(os.open(path, os.O_WRONLY))
                found.append(path)
            except OSError:
                pass
print(found)
"""
SOCKETS = """\
import os, socket
def say(name, open_it):
    try:
        open_it()
        print(name, "reached")
    except OSError as error:
        print(name, error.strerror)
port, path = int(os.environ["PORT"]), os.environ["SOCKET"]
say("tcp", lambda: socket.create_connection(("127.0.0.1", port), 2))
say("udp", lambda: socket.socket(type=socket.SOCK_DGRAM).connect(("198.51.100.1", 53)))
say("abstract", lambda: socket.socket(socket.AF_UNIX).connect("\\0ask-profiler-test-" + str(port)))
say("file", lambda: socket.socket(socket.AF_UNIX).connect(path))
say("hypervisor", lambda: socket.socket(socket.AF_VSOCK))
say("raw", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
say("crypto", lambda: socket.socket(socket.AF_ALG))
"""
CALLS = """\
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def say(name, *words):
    result = libc.syscall(*(ctypes.c_long(w) for w in words))
    print(name, "works" if result >= 0 else os.strerror(ctypes.get_errno()))
arm = os.uname().machine == "aarch64"
say("keyring", 219 if arm else 250, 0, -3, 0)
say("io_uring", 425, 0, 0)
result = libc.unshare(0x10000000)
print("namespace", "works" if result == 0 else os.strerror(ctypes.get_errno()))
result = libc.mount(b"x", b"/tmp", b"tmpfs", 0, None)
print("mount", "works" if result == 0 else os.strerror(ctypes.get_errno()))
"""


@pytest.fixture
def confined() -> Iterator[Runner]:
    runner = Runner(BubblewrapSandbox())
    yield runner
    runner.close()


def lines(runner: Runner, code: str, cwd: Path, **env: str) -> dict[str, str]:
    out = runner.run([PYTHON, "-c", code], cwd=cwd, env=env).stdout
    return dict(line.split(" ", 1) for line in out.splitlines())


def test_no_setting_of_the_hosts_kernel_can_be_written(
    confined: Runner, plain_runner: Runner, tmp_path: Path
) -> None:
    """Root may write to /proc/sys by being root, without any capability: by core_pattern it is the host's root."""
    assert confined.run([PYTHON, "-c", WRITABLE_KERNEL_FILES], cwd=tmp_path).stdout == "[]\n"
    if os.geteuid() == 0:
        without = plain_runner.run([PYTHON, "-c", WRITABLE_KERNEL_FILES], cwd=tmp_path).stdout
        assert "/proc/sys/kernel/core_pattern" in without
    setting = "/proc/sys/kernel/core_pattern"
    with pytest.raises(ProgramFailed, match=r"Read-only|Permission"):
        confined.run(["sh", "-c", f"cat {setting} > {setting}"], cwd=tmp_path)


def test_no_socket_leads_out(confined: Runner, plain_runner: Runner, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    path = tmp_path / "docker.sock"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX) as file,
    ):
        port = server.getsockname()[1]
        abstract.bind(f"\0ask-profiler-test-{port}")
        file.bind(str(path))
        for listening in (abstract, file):
            listening.listen()
        given = {"PORT": str(port), "SOCKET": str(path)}
        without = lines(plain_runner, SOCKETS, copy, **given)
        within = lines(confined, SOCKETS, copy, **given)
    assert {name for name, said in without.items() if said == "reached"} >= {"tcp", "abstract", "file"}
    assert "reached" not in within.values()
    assert within["hypervisor"] == "Address family not supported by protocol"


def test_names_are_not_looked_up_outside(confined: Runner, tmp_path: Path) -> None:
    code = "import socket\nsocket.getaddrinfo('example.org', 80)"
    with pytest.raises(ProgramFailed, match=r"name resolution|Name or service"):
        confined.run([PYTHON, "-c", code], cwd=tmp_path)


def test_calls_that_pass_by_a_namespace_are_refused(confined: Runner, tmp_path: Path) -> None:
    within = lines(confined, CALLS, tmp_path)
    assert within["keyring"] == within["io_uring"] == "Function not implemented"
    assert within["namespace"] == "No space left on device"
    assert within["mount"] == "Operation not permitted"


def test_the_callers_session_keyring_is_left_behind_without_a_sandbox_too(
    plain_runner: Runner, tmp_path: Path
) -> None:
    asking = f"import ctypes\nprint(ctypes.CDLL(None).syscall({KEYCTL[os.uname().machine]}, 0, -3, 0))"
    ours = subprocess.run([PYTHON, "-c", asking], capture_output=True, text=True, check=True).stdout
    assert plain_runner.run([PYTHON, "-c", asking], cwd=tmp_path).stdout != ours


def test_processes_outside_can_be_neither_seen_nor_ended(confined: Runner, tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "30"], env={"TOKEN": "secret"}) as other:
        code = """
import glob, os
for file in glob.glob("/proc/[0-9]*/environ"):
    try:
        assert b"secret" not in open(file, "rb").read()
    except OSError:
        pass
os.kill(-1, 0)
"""
        with pytest.raises(ProgramFailed, match="ProcessLookupError"):
            confined.run([PYTHON, "-c", code], cwd=tmp_path)
        with pytest.raises(ProgramFailed, match="ProcessLookupError"):
            confined.run([PYTHON, "-c", f"import os\nos.kill({other.pid}, 9)"], cwd=tmp_path)
        assert other.poll() is None
        other.kill()


def test_a_terminal_can_not_be_written_to(confined: Runner, tmp_path: Path) -> None:
    code = "import fcntl, os, termios\nfcntl.ioctl(os.open('/dev/tty', os.O_RDWR), termios.TIOCSTI, b'x')"
    with pytest.raises(ProgramFailed, match=r"/dev/tty"):
        confined.run([PYTHON, "-c", code], cwd=tmp_path)


def test_memory_file_systems_have_an_end(confined: Runner, tmp_path: Path) -> None:
    sizes = confined.run(["df", "--output=target,size", "-B1M", "/tmp", "/dev/shm"], cwd=tmp_path).stdout
    found = dict(line.split() for line in sizes.splitlines()[1:])
    assert found == {"/tmp": "2048", "/dev/shm": "1024"}
    with pytest.raises(ProgramFailed, match="Read-only"):
        confined.run(["touch", "/dev/x"], cwd=tmp_path)


def test_a_full_tmp_is_said_to_be_the_sandboxs(confined: Runner, tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match=r"No space left on device.*the sandbox's /tmp holds 2048 MiB"):
        confined.run(["fallocate", "-l", "3G", "/tmp/x"], cwd=tmp_path)


def test_a_working_folder_among_read_only_ones_is_read_only(confined: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    with pytest.raises(ProgramFailed, match="Read-only"):
        confined.run(["touch", "x"], cwd=folder, access=Access(readable=(folder,)))
