"""What a measured process writes into its copy is gone when it ends, so that no later process can profit from it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.errors import ProgramFailed, ProgramMissing, ProgramTimedOut
from tools.run.process import Access, Limits, Runner
from tools.run.sandbox import BubblewrapSandbox

PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
WRITES_ALL_KINDS = """\
import os
print(sorted(os.listdir(".")), open("old.txt").read())
open("old.txt", "w").write("changed")
os.remove("gone.txt")
os.makedirs("deep/er")
open("deep/er/new.txt", "w").write("new")
os.symlink("/etc/passwd", "link")
os.mkfifo("pipe")
os.chmod("folder", 0)
"""


@pytest.fixture
def confined() -> Iterator[Runner]:
    runner = Runner(BubblewrapSandbox())
    yield runner
    runner.close()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "a copy: with, odd\\letters" / "base"
    (folder / "folder").mkdir(parents=True)
    (folder / "old.txt").write_text("old")
    (folder / "gone.txt").write_text("here")
    return folder


def content(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): p.read_text() if p.is_file() else oct(p.lstat().st_mode)
        for p in folder.rglob("*")
    }


def test_every_process_finds_the_copy_as_it_was(confined: Runner, copy: Path) -> None:
    before = content(copy.parent)
    for _ in range(2):
        done = confined.run([PYTHON, "-c", WRITES_ALL_KINDS], cwd=copy, access=Access(forgotten=(copy,)))
        assert done.stdout == "['folder', 'gone.txt', 'old.txt'] old\n"
        assert set(done.thrown_away) == {"old.txt", "gone.txt", "deep/er/new.txt", "link", "pipe"}
    assert confined.thrown_away["python3"] == done.thrown_away
    assert content(copy.parent) == before


def test_what_the_working_folder_is_below_is_forgotten_too(confined: Runner, copy: Path) -> None:
    confined.run(["touch", "x", "../y"], cwd=copy / "folder", access=Access(forgotten=(copy,)))
    assert not (copy / "folder" / "x").exists()
    assert not (copy / "y").exists()


def test_kept_folders_inside_stay_and_hidden_ones_are_empty(confined: Runner, copy: Path) -> None:
    ours = copy / ".ask-profiler"
    out, binaries = ours / "out", ours / "bin"
    for folder in (out, binaries):
        folder.mkdir(parents=True)
    (ours / "cache").write_text("planted by an earlier process")
    (binaries / "program").write_text("")
    access = Access(forgotten=(copy,), hidden=(ours,), readable=(binaries / "program",), writable=(out,))
    script = "find .ask-profiler -mindepth 1 | sort; echo x > .ask-profiler/out/result; echo x > .ask-profiler/later"
    done = confined.run(["sh", "-c", script], cwd=copy, access=access)
    found = [".ask-profiler/bin", ".ask-profiler/bin/program", ".ask-profiler/out"]
    assert done.stdout.split() == found
    assert (out / "result").read_text() == "x\n"
    assert not (ours / "later").exists()
    for attempt in ("mv .ask-profiler x", "echo > .ask-profiler/bin/program", "rmdir .ask-profiler/out"):
        with pytest.raises(ProgramFailed, match=r"busy|Read-only"):
            confined.run(["sh", "-c", attempt], cwd=copy, access=access)


def test_on_a_disk_that_can_hold_no_overlay_memory_holds_what_is_written(tmp_path: Path) -> None:
    code = """
from pathlib import Path
from tools.run.process import Access, Limits, Runner
from tools.run.sandbox import choose_sandbox
copy = Path("merged/copy").absolute()
runner = Runner(choose_sandbox("bubblewrap").sandbox)
for _ in range(2):
    words = ["sh", "-c", "ls; df --output=size -B1G . | tail -1; echo x > new"]
    done = runner.run(words, cwd=copy, access=Access(forgotten=(copy,)))
    print(done.stdout.split(), sorted(p.name for p in copy.iterdir()))
runner.close()
print([p.name for p in copy.parent.iterdir()])
"""
    for name in ("lower/copy", "upper", "work", "merged"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lower" / "copy" / "old").touch()
    mount = "mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work,userxattr merged"
    script = f'{mount} && exec "$0" -c "$1"'
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, sys.executable, code],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "['old', '2'] ['old']\n" * 2 + "['copy']\n", done.stderr


def test_a_sandbox_that_can_not_forget_keeps_what_is_written_and_says_so(copy: Path) -> None:
    runner = Runner(BubblewrapSandbox(forgets=False))
    runner.run(["touch", "x"], cwd=copy, access=Access(forgotten=(copy,)))
    runner.close()
    assert (copy / "x").exists()
    assert not runner.sandbox.forgets


def test_the_files_of_a_process_that_was_ended_go_too(confined: Runner, copy: Path) -> None:
    script = "touch here; mkdir -p a/b; chmod 0 a/b; sleep 30"
    with pytest.raises(ProgramTimedOut):
        confined.run(
            ["sh", "-c", script], cwd=copy, access=Access(forgotten=(copy,)), limits=Limits(timeout_s=0.3)
        )
    assert [p.name for p in copy.parent.iterdir()] == ["base"]


def test_folders_nested_thousands_deep_are_removed(confined: Runner, copy: Path) -> None:
    code = "import os\nfor n in range(3000):\n    os.mkdir('d' * 50)\n    os.chdir('d' * 50)\nopen('x', 'w')"
    confined.run([PYTHON, "-S", "-c", code], cwd=copy, access=Access(forgotten=(copy,)))
    assert [p.name for p in copy.parent.iterdir()] == ["base"]


def test_the_files_of_a_caller_that_was_killed_go_too(copy: Path, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from tools.run.process import Access, Limits, Runner
from tools.run.sandbox import BubblewrapSandbox
copy, out = Path({str(copy)!r}), Path({str(tmp_path)!r})
Runner(BubblewrapSandbox()).run(
    ["sh", "-c", "touch here; touch '" + str(out) + "/ready'; sleep 61"], cwd=copy,
    access=Access(forgotten=(copy,), writable=(out,)), limits=Limits(memory_bytes=2**30))
"""
    caller = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[3])
    while not (tmp_path / "ready").exists():
        time.sleep(0.02)
    assert [p.name for p in copy.parent.iterdir() if p.name != "base"]
    caller.send_signal(signal.SIGKILL)
    caller.wait()
    end = time.monotonic() + 5
    while len(list(copy.parent.iterdir())) > 1 and time.monotonic() < end:
        time.sleep(0.02)
    assert [p.name for p in copy.parent.iterdir()] == ["base"]


def test_a_file_that_was_opened_for_writing_before_shows_the_old_content_to_the_next(
    confined: Runner, copy: Path
) -> None:
    code = (
        "import json, sys\nf = open('old.txt', 'r+')\nprint(json.dumps(f.read()))\nf.seek(0)\nf.write('mine')"
    )
    found = {
        json.loads(confined.run([PYTHON, "-c", code], cwd=copy, access=Access(forgotten=(copy,))).stdout)
        for _ in range(3)
    }
    assert found == {"old"}


def test_a_program_that_is_missing_leaves_no_trace(confined: Runner, copy: Path) -> None:
    with pytest.raises(ProgramMissing):
        confined.run(["no-such-program"], cwd=copy, access=Access(forgotten=(copy,)))
    assert [p.name for p in copy.parent.iterdir()] == ["base"]


def test_names_that_are_no_utf8_are_told_in_letters_that_can_be_written(confined: Runner, copy: Path) -> None:
    script = r"""touch "$(printf 'b\377d')" """
    done = confined.run(["sh", "-c", script], cwd=copy, access=Access(forgotten=(copy,)))
    assert done.thrown_away == ("b\ufffdd",)
