"""What the target left in the place of a file that we expect leads us nowhere, and keeps us no time."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.errors import UnreadableOutput
from tools.run.leftovers import left_behind, stamps
from tools.run.reading import fresh_folder, parse_json, read_json, read_text, read_written, shown_name
from tools.run.removing import remove_tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("the user's")
    folder = tmp_path / "copy"
    (folder / "out").mkdir(parents=True)
    return folder


def _link(place: Path) -> None:
    place.symlink_to(place.parents[2] / "secret")


def _hard_link(place: Path) -> None:
    place.hardlink_to(place.parents[2] / "secret")


def _pipe(place: Path) -> None:
    os.mkfifo(place)


def _folder(place: Path) -> None:
    place.mkdir()


def _socket(place: Path) -> None:
    socket.socket(socket.AF_UNIX).bind(str(place))


def _terabyte(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(2**40)


PLANTED: list[tuple[Callable[[Path], None], str]] = [
    (_link, "a symbolic link"),
    (_hard_link, "a hard link"),
    (_pipe, "no plain file"),
    (_folder, "no plain file"),
    (_socket, "no plain file"),
    (_terabyte, "more than 64 MiB"),
]


@pytest.mark.parametrize(("plant", "said"), PLANTED)
@pytest.mark.filterwarnings("ignore:unclosed")
def test_nothing_but_a_plain_file_of_its_own_is_read(
    root: Path, plant: Callable[[Path], None], said: str
) -> None:
    place = root / "out" / "r"
    plant(place)
    begun = time.monotonic()
    with pytest.raises(UnreadableOutput, match=rf"isn't read: .*{said}.*; the target's code left it there"):
        read_written(root, place)
    assert time.monotonic() - begun < 1


def test_a_folder_on_the_way_may_be_no_link_either(root: Path, tmp_path: Path) -> None:
    (root / "away").symlink_to(tmp_path)
    with pytest.raises(UnreadableOutput, match="away on the way to it is a link"):
        read_written(root, root / "away" / "secret")
    for outside in (root / ".." / "secret", tmp_path / "secret", root):
        with pytest.raises(UnreadableOutput, match="outside"):
            read_written(root, outside)


def test_what_is_there_is_read_and_what_is_not_is_none(root: Path) -> None:
    (root / "out" / "r.json").write_bytes(b'{"a": [1]}')
    (root / "out" / "t").write_bytes(b"a\xffb")
    assert read_written(root, root / "out" / "r.json") == b'{"a": [1]}'
    assert read_json(root, root / "out" / "r.json") == {"a": [1]}
    assert read_text(root, root / "out" / "t") == "a\ufffdb"
    for missing in ("out/x", "no/x"):
        assert read_written(root, root / missing) is None
        assert read_json(root, root / missing) is None
        assert read_text(root, root / missing) is None


@pytest.mark.parametrize("content", [b"{", b"[" * 200_000, b"\xff", b""])
def test_json_that_breaks_readers_is_an_error_like_any_other(content: bytes) -> None:
    with pytest.raises(UnreadableOutput, match=r"r\.json holds no JSON"):
        parse_json(content, "r.json")


@pytest.mark.parametrize("place", [".ask-profiler", ".ask-profiler/out"])
def test_a_folder_is_made_anew_and_nothing_behind_a_link_is_touched(
    root: Path, tmp_path: Path, place: str
) -> None:
    outside = tmp_path / "home"
    (outside / "out").mkdir(parents=True)
    (outside / "out" / "letters").write_text("the user's")
    (root / place).parent.mkdir(exist_ok=True)
    (root / place).symlink_to(outside if place == ".ask-profiler" else outside / "out")
    made = fresh_folder(root, ".ask-profiler", "out")
    assert made == root / ".ask-profiler" / "out"
    assert list(made.iterdir()) == []
    assert made.resolve().is_relative_to(root)
    assert (outside / "out" / "letters").read_text() == "the user's"


def test_a_folder_is_made_anew_whatever_lies_there(root: Path) -> None:
    made = fresh_folder(root, ".ask-profiler", "out")
    (made / "x").write_text("")
    (made.parent / "stays").write_text("")
    made.parent.chmod(0)
    assert list(fresh_folder(root, ".ask-profiler", "out").iterdir()) == []
    assert (made.parent / "stays").exists()
    made.rmdir()
    os.mkfifo(made)
    assert fresh_folder(root, ".ask-profiler", "out").is_dir()


def test_a_tree_is_removed_however_deep_and_unreadable_and_links_are_not_followed(
    root: Path, tmp_path: Path
) -> None:
    here = os.open(root, os.O_RDONLY)
    for _ in range(2500):
        os.mkdir("d" * 60, dir_fd=here)
        inner = os.open("d" * 60, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    (root / "link").symlink_to(tmp_path)
    for name in range(1500):
        (root / "out" / str(name)).touch()
    (root / "out").chmod(0)
    remove_tree(str(root))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["secret"]
    remove_tree(str(root))  # what isn't there is no error
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    remove_tree(str(tmp_path / "link"))
    assert (tmp_path / "secret").exists()


def test_what_is_left_behind_is_seen_and_caches_are_not(root: Path) -> None:
    for name in ("same", "changed", "gone"):
        (root / name).write_text("1")
    before = stamps(root)
    assert left_behind(root, before) == ()
    (root / "changed").write_text("22")
    (root / "gone").unlink()
    (root / "out" / "cache.bin").write_text("")
    (root / "__pycache__").mkdir()
    (root / "__pycache__" / "a.pyc").write_text("")
    os.utime(root / "same")
    assert left_behind(root, before) == ("changed", "gone", "out/cache.bin", "same")


def test_a_name_that_is_no_utf8_can_be_shown() -> None:
    assert shown_name(os.fsdecode(b"b\xffd \xc3\xbc")) == "b\ufffdd ü"
