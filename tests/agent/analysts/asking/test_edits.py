from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.analysts.asking.answers import CandidateAnswer, Edit, NewFile
from agent.analysts.asking.edits import Editor
from agent.analysts.asking.final import Unusable
from agent.analysts.asking.masking import Masks
from tools.go.program import find_go
from tools.run.process import Runner

GO = "package app\n\nfunc Sum(xs []int) int {\n\tn := 0\n\tfor _, x := range xs {\n\t\tn += x\n\t}\n\treturn n\n}\n"
PYTHON = "def total(rows):\n    n = 0\n    for row in rows:\n        n += row\n    return n\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "base"
    for name, text in {
        "app.py": PYTHON,
        "app.go": GO,
        "tests/test_app.py": "def test_it(): ...\n",
        "go.mod": "module app\n",
        ".git/config": "[core]\n",
        "crlf.txt": "one\r\ntwo\r\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (root / "latin.py").write_bytes(b"# caf\xe9\n")
    (root / "link.py").symlink_to("/etc/hostname")
    return root


def changed(
    root: Path,
    runner: Runner,
    *edits: tuple[str, str, str],
    files: Sequence[tuple[str, str]] = (),
    go: bool = False,
) -> dict[str, str]:
    editor = Editor(root=root, runner=runner, unmask=lambda text: text, go=find_go(runner) if go else None)
    answer = CandidateAnswer(
        title="A change",
        rationale="It helps.",
        risk="None.",
        edits=[Edit(file=file, old=old, new=new) for file, old, new in edits],
        files=[NewFile(file=file, content=content) for file, content in files],
    )
    return {name: content.decode() for name, content in editor.contents(answer).items()}


def test_edits_replace_exactly_and_one_after_the_other(root: Path, runner: Runner) -> None:
    found = changed(root, runner, ("app.py", "n = 0", "n = 1"), ("app.py", "n = 1", "n = 2"))
    assert found == {"app.py": PYTHON.replace("n = 0", "n = 2")}
    assert (root / "app.py").read_text() == PYTHON


def test_a_new_file_comes_with_its_edits(root: Path, runner: Runner) -> None:
    found = changed(root, runner, ("app.py", "n = 0", "n = START"), files=[("pkg/start.py", "START = 0\n")])
    assert set(found) == {"app.py", "pkg/start.py"}


@pytest.mark.parametrize(
    ("file", "old", "objection"),
    [
        ("app.py", "m = 0", "doesn't stand in the file"),
        ("app.py", "n", "stands 5 times"),
        ("app.py", "    n = 0\n    for row in rows:\n    n", "its first line stands at line 2"),
        ("gone.py", "x", "there is no such file"),
        ("../app.py", "x", "isn't inside the target"),
        ("/etc/passwd", "root", "isn't inside the target"),
        ("app.py\0", "x", "isn't inside the target"),
        ("tests/test_app.py", "...", "frozen"),
        ("go.mod", "app", "frozen"),
        (".git/config", "core", "isn't part of the target's sources"),
        ("latin.py", "caf", "no UTF-8"),
        ("link.py", "x", "can't be changed"),
    ],
)
def test_what_can_not_be_edited_says_why(
    root: Path, runner: Runner, file: str, old: str, objection: str
) -> None:
    with pytest.raises(Unusable) as raised:
        changed(root, runner, (file, old, "y"))
    assert objection in str(raised.value)


@pytest.mark.parametrize(
    "file", ["tests/test_more.py", "conftest.py", "bench/x_test.go", "setup.cfg", "/tmp/x", "../x"]
)
def test_new_files_may_not_judge_or_build_or_lie_outside(root: Path, runner: Runner, file: str) -> None:
    with pytest.raises(Unusable):
        changed(root, runner, files=[(file, "x = 1\n")])


def test_a_new_file_does_not_replace_one_that_is_there(root: Path, runner: Runner) -> None:
    with pytest.raises(Unusable, match="there already"):
        changed(root, runner, files=[("app.py", "x = 1\n")])


def test_all_problems_are_told_at_once(root: Path, runner: Runner) -> None:
    with pytest.raises(Unusable) as raised:
        changed(root, runner, ("app.py", "zzz", "y"), ("gone.py", "x", "y"), files=[("../x", "1")])
    assert len(raised.value.problems) == 3


def test_a_change_of_nothing_is_none(root: Path, runner: Runner) -> None:
    with pytest.raises(Unusable, match="changes nothing"):
        changed(root, runner, ("app.py", "n = 0", "n = 0"))


def test_python_that_does_not_parse_goes_back_before_anything_is_built(root: Path, runner: Runner) -> None:
    with pytest.raises(Unusable, match=r"app\.py doesn't parse"):
        changed(root, runner, ("app.py", "n = 0", "n = ("))


def test_python_of_a_newer_version_is_left_to_its_own_interpreter(root: Path, runner: Runner) -> None:
    (root / "app.py").write_text("type X = int  # newer\nn = 0\n")
    assert changed(root, runner, ("app.py", "n = 0", "n = 1"))


def test_go_is_formatted_where_it_was_before(root: Path, runner: Runner) -> None:
    found = changed(root, runner, ("app.go", "\tn := 0\n", "   n  :=  1\n"), go=True)
    assert found["app.go"] == GO.replace("n := 0", "n := 1")


def test_go_in_another_form_keeps_it(root: Path, runner: Runner) -> None:
    odd = GO.replace("\tn := 0", "  n := 0")
    (root / "app.go").write_text(odd)
    found = changed(root, runner, ("app.go", "n := 0", "n := 1"), go=True)
    assert found["app.go"] == odd.replace("n := 0", "n := 1")


def test_go_that_does_not_parse_goes_back_with_the_parsers_words(root: Path, runner: Runner) -> None:
    with pytest.raises(Unusable, match=r"app\.go:4") as raised:
        changed(root, runner, ("app.go", "n := 0", "n := := 0"), go=True)
    assert "standard input" not in str(raised.value)


def test_line_ends_stay_what_they_are(root: Path, runner: Runner) -> None:
    assert changed(root, runner, ("crlf.txt", "one\ntwo", "one\n2")) == {"crlf.txt": "one\r\n2\r\n"}


def test_a_line_with_a_masked_secret_of_the_target_can_be_edited(root: Path, runner: Runner) -> None:
    secret = "ghp_" + "a1B2" * 9
    (root / "app.py").write_text(f"KEY = '{secret}'\nn = 0\n")
    masks = Masks()
    shown = masks.mask((root / "app.py").read_text())
    assert secret not in shown
    edit = Edit(file="app.py", old=shown, new=shown.replace("n = 0", "n = 1"))
    answer = CandidateAnswer(title="t", rationale="r", risk="r", edits=[edit])
    editor = Editor(root=root, runner=runner, unmask=masks.unmask)
    assert editor.contents(answer) == {"app.py": f"KEY = '{secret}'\nn = 1\n".encode()}


def test_a_secret_of_ours_is_never_written_into_code(root: Path, runner: Runner) -> None:
    secret = "hunter2-" + "x7f" * 4
    masks = Masks(known={"API_KEY": secret})
    placeholder = masks.mask(secret)
    answer = CandidateAnswer(
        title="t",
        rationale="r",
        risk="r",
        edits=[Edit(file="app.py", old="n = 0", new=f"n = '{placeholder}'")],
    )
    editor = Editor(root=root, runner=runner, unmask=masks.unmask)
    (content,) = editor.contents(answer).values()
    assert secret.encode() not in content
    assert placeholder.encode() in content
