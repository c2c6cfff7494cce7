"""Where control groups can be made: both versions, on hosts and in containers, and nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.run.cgroups import find_groups


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    folder = tmp_path / "proc" / "self"
    folder.mkdir(parents=True)
    return folder.parent


def told(proc: Path, mounts: list[str], own: list[str]) -> None:
    (proc / "self" / "mountinfo").write_text("".join(f"{line}\n" for line in mounts))
    (proc / "self" / "cgroup").write_text("".join(f"{line}\n" for line in own))


def second(tmp_path: Path, path: str, controllers: dict[str, str]) -> Path:
    """A hierarchy of version 2 with a folder at `path`; what each ancestor gives to its children."""
    top = tmp_path / "a b"
    (top / path).mkdir(parents=True)
    for folder, names in controllers.items():
        (top / folder / "cgroup.subtree_control").write_text(names)
    return top


def test_version_2_makes_it_beside_our_own_group_where_the_user_may(proc: Path, tmp_path: Path) -> None:
    top = second(
        tmp_path,
        "user.slice/app.slice/terminal.scope",
        {
            "user.slice/app.slice/terminal.scope": "",
            "user.slice/app.slice": "cpu memory pids\n",
            "": "memory pids",
        },
    )
    mount = f"30 23 0:26 / {str(top).replace(' ', chr(92) + '040')} rw,nosuid shared:4 - cgroup2 cgroup2 rw"
    told(proc, ["22 1 8:1 / / rw - ext4 /dev/x rw", mount], ["0::/user.slice/app.slice/terminal.scope"])
    groups = find_groups(proc)
    assert groups is not None
    assert groups.version == 2
    assert groups.parents == dict.fromkeys(("memory", "pids"), top / "user.slice" / "app.slice")
    made = groups.make(memory_bytes=5000, tasks=64)
    assert made is not None
    (folder,) = made.folders
    assert (folder / "memory.max").read_text() == "5000"
    assert (folder / "pids.max").read_text() == "64"
    assert made.counters == {
        "memory": (str(folder / "memory.events"), "oom_kill"),
        "pids": (str(folder / "pids.events"), "max"),
    }


def test_version_1_makes_it_in_our_own_group_of_each_controller(proc: Path, tmp_path: Path) -> None:
    mounts = []
    for name in ("memory", "pids"):
        (tmp_path / name / "work").mkdir(parents=True)
        mounts.append(f"3 2 0:2 /docker/abc {tmp_path / name} rw - cgroup cgroup rw,{name}")
    told(proc, mounts, ["7:cpu,memory:/docker/abc/work", "3:pids:/docker/abc", "0::/"])
    groups = find_groups(proc)
    assert groups is not None
    assert groups.version == 1
    assert groups.parents == {"memory": tmp_path / "memory" / "work", "pids": tmp_path / "pids"}
    made = groups.make(memory_bytes=5000, tasks=None)
    assert made is not None
    assert [f.parent for f in made.folders] == [tmp_path / "memory" / "work"]
    assert groups.make(memory_bytes=None, tasks=None) is None


@pytest.mark.parametrize("given", ["", "cpu io"])
def test_without_the_controllers_there_are_none(proc: Path, tmp_path: Path, given: str) -> None:
    top = second(tmp_path, "session", {"session": given, "": given})
    told(proc, [f"30 23 0:26 / {top} rw - cgroup2 cgroup2 rw"], ["0::/session"])
    assert find_groups(proc) is None


def test_a_hierarchy_that_is_not_there_gives_none(proc: Path, tmp_path: Path) -> None:
    assert find_groups(proc) is None
    told(proc, [f"3 2 0:2 / {tmp_path / 'gone'} rw - cgroup cgroup rw,pids"], ["3:pids:/", "0::/"])
    assert find_groups(proc) is None
