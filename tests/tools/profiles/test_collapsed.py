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


def test_an_empty_recording_is_an_empty_profile() -> None:
    assert read_collapsed("\n", period_ns=1).samples == 0


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_collapsed(text, period_ns=1)
    except UnreadableOutput as error:
        assert str(error).startswith("line ")
