"""What py-spy records is read frame by frame, whatever the names of programs, threads and files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import UnreadableOutput
from tools.profiles.collapsed import read_collapsed
from tools.profiles.profile import Function, Profile
from tools.profiles.queries import callers, line_costs, top

PERIOD_NS = 5_000_000


def names(profile: Profile) -> list[str]:
    """The function names of the first sample, leaf first."""
    ids = profile.frame_ids[profile.offsets[0] : profile.offsets[1]]
    return [profile.functions[f].name for f in profile.frame_function[ids]]


def test_a_real_recording_is_read_whole(data: Path) -> None:
    text = (data / "py-spy-0.4.3.raw.txt").read_text()
    profile = read_collapsed(text, period_ns=PERIOD_NS)
    assert profile.samples == len(text.splitlines())
    assert profile.total("samples") == sum(int(line.rpartition(" ")[2]) for line in text.splitlines())
    assert profile.total("cpu") == profile.total("samples") * PERIOD_NS
    costly = {c.function.name for c in top(profile, value="cpu", by="cumulative", limit=6)}
    assert costly >= {"<module>", "Report.build", "Report.build.<locals>.<genexpr>", "Report.line"}
    assert all("process" not in f.name and "thread" not in f.name for f in profile.functions)


def test_no_frame_is_lost_below_the_rows_of_processes_and_threads(data: Path) -> None:
    """Every stack of the recording that runs the script has its `<module>` frame, a named thread's too."""
    text = (data / "py-spy-0.4.3.raw.txt").read_text()
    profile = read_collapsed(text, period_ns=PERIOD_NS)
    below = sum(int(line.rpartition(" ")[2]) for line in text.splitlines() if ";Report.build (" in line)
    assert below > 0
    assert callers(profile, "Report.build", "samples") == {
        Function(name="<module>", file="/srv/app/app.py"): below
    }
    assert line_costs(profile, value="samples", file="/srv/app/app.py")[11].cumulative_value == below


def test_child_processes_and_threads_are_labels(data: Path) -> None:
    profile = read_collapsed((data / "py-spy-0.4.3.raw.txt").read_text(), period_ns=PERIOD_NS)
    assert any('app.py child; with (odd) words"' in label for label in profile.labels["process"])
    assert any(label.endswith("MainThread") for label in profile.labels["thread"])


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ("work (/srv/a.py:7)", ("work", "/srv/a.py", 7)),
        ("work (/srv/a (copy).py:7)", ("work", "/srv/a (copy).py", 7)),
        ("work (/srv/a;b.py:7)", ("work", "/srv/a;b.py", 7)),
        ("<listcomp> (<string>:1)", ("<listcomp>", "<string>", 1)),
        ("memcpy (libc.so.6)", ("memcpy", "libc.so.6", 0)),
        ("grüße (/srv/größe.py:3)", ("grüße", "/srv/größe.py", 3)),
        ("0x7f01", ("0x7f01", "", 0)),
    ],
)
def test_odd_frames_keep_their_name_file_and_line(frame: str, expected: tuple[str, str, int]) -> None:
    profile = read_collapsed(f"main (m.py:1);{frame} 3\n", period_ns=1)
    function = profile.functions[profile.frame_function[profile.frame_ids[0]]]
    line = int(profile.frame_line[profile.frame_ids[0]])
    assert (function.name, function.file, line) == expected
    assert names(profile)[-1] == "main"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("main (m.py:1) 3\nmain (m.py:1)\n", "line 2: no stack with a count"),
        ("main (m.py:1) -3\n", "line 1: no stack with a count"),
        ("\n\nmain (m.py:1) many\n", "line 3: no stack with a count"),
        ("17\n", "line 1: no stack with a count"),
    ],
)
def test_a_broken_line_is_named_by_its_number(text: str, words: str) -> None:
    with pytest.raises(UnreadableOutput, match=words):
        read_collapsed(text, period_ns=1)


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        ("main.main;main.(*T).Run;runtime.mallocgc", ["main.main", "main.(*T).Run", "runtime.mallocgc"]),
        ("main;app::f(int, char) const;app::g()", ["main", "app::f(int, char) const", "app::g()"]),
        ("main;call(void (*)(int));leaf", ["main", "call(void (*)(int))", "leaf"]),
        ("main;f(int) [clone .cold];leaf_[k]", ["main", "f(int) [clone .cold]", "leaf_[k]"]),
        ("main;cut off (here;leaf", ["main", "cut off (here", "leaf"]),
        ("main;call(void (*)(int)) (app.so:12);leaf", ["main", "call(void (*)(int))", "leaf"]),
        ("main;work (/srv/a(;b.py:7);leaf (x.py:1)", ["main", "work", "leaf"]),
        ("main;work (/srv/a (c);b.py:7);leaf (x.py:1)", ["main", "work", "leaf"]),
    ],
)
def test_parentheses_in_names_and_files_part_no_frame_and_join_none(stack: str, expected: list[str]) -> None:
    assert names(read_collapsed(f"{stack} 3\n"))[::-1] == expected
    # The frames are known by now; a second line is read by what is known.
    both = read_collapsed(f"{stack} 3\n{stack} 4\n")
    assert both.frame_ids[: both.offsets[1]].tolist() == both.frame_ids[both.offsets[1] :].tolist()


def test_bytes_that_are_no_text_are_marked_in_the_name() -> None:
    assert names(read_collapsed(b"main;gr\xfc\xdfe 3\n")) == ["gr\ufffd\ufffde", "main"]


def test_lines_end_where_the_file_says_so() -> None:
    """A name may hold what other standards call the end of a line."""
    assert names(read_collapsed("main;a\u2028b\x0cc 3\r\n")) == ["a\u2028b\x0cc", "main"]


def test_more_than_can_be_counted_is_refused() -> None:
    with pytest.raises(UnreadableOutput, match="more than can be counted"):
        read_collapsed("main 999999999999999999\n" * 10)
    with pytest.raises(UnreadableOutput, match="line 2: a stack of 4 frames: over 3"):
        read_collapsed("a;b;c 1\na;b;c;d 1\n", most_deep=3)


def test_a_line_of_parts_that_never_end_takes_no_time_to_speak_of() -> None:
    assert read_collapsed(";".join(f"f (x{n}" for n in range(20_000)) + " 1").offsets[1] == 20_000


def test_an_empty_recording_is_an_empty_profile() -> None:
    assert read_collapsed("\n", period_ns=1).samples == 0


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_collapsed(text, period_ns=1)
    except UnreadableOutput as error:
        assert str(error).startswith("line ")


def test_comments_are_no_stacks() -> None:
    """Austin writes its figures ahead of the stacks, as `# duration: 12`; other programs pass such lines over, too."""
    profile = read_collapsed("# mode: wall\n# duration: 12\nmain;#1 work 3\n" + "# more\n" * 200)
    assert (profile.samples, profile.total("samples")) == (1, 3)
    assert profile.comments[:3] == ("mode: wall", "duration: 12", "more")
    assert len(profile.comments) == 100
    assert names(profile) == ["#1 work", "main"]
