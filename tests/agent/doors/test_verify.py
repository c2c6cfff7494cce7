"""`ask-profiler verify` as a user meets it: words that make no sense, changes that can't be used, and real verdicts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import jsonschema
import pytest

from agent.rendering import verdict
from agent.rendering.pull_request import MARK
from tests.agent.repositories import Git
from tests.doors import conftest as real
from tests.doors.conftest import Cli

cli = real.cli
SLOW = """import sys


def unique(words):
    found = []
    for word in words:
        if word not in found:
            found.append(word)
    return found


if __name__ == "__main__":
    print(len(unique([f"w{n % 1500}" for n in range(int(sys.argv[1]))])))
"""
QUICK = SLOW.replace(
    """    found = []
    for word in words:
        if word not in found:
            found.append(word)
    return found
""",
    """    return list(dict.fromkeys(words))
""",
)
WRONG = QUICK.replace("list(dict.fromkeys(words))", "list(dict.fromkeys(words))[1:]")
TESTS = """from app import unique


def test_unique():
    assert unique(["a", "b", "a"]) == ["a", "b"]
"""


@pytest.fixture
def repo(tmp_path: Path, git: Git) -> Path:
    """A project in a repository, whose program is slow."""
    root = tmp_path / "repo"
    (root / "tests").mkdir(parents=True)
    (root / "pyproject.toml").write_text(
        '[tool.ask-profiler]\ncommand = ["python", "app.py", "{size}"]\nsizes = [6000]\n'
    )
    (root / "app.py").write_text(SLOW)
    (root / "tests" / "test_app.py").write_text(TESTS)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "slow")
    return root


def words(cli: Cli, repo: Path, *more: str | Path) -> Sequence[str | Path]:
    return ["verify", "--target", repo, "--runs-dir", cli.runs, "--settings", cli.settings, *more]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--patch", "missing.patch"], "missing.patch can't be read: No such file"),
        (["--patch", "/dev/null"], "null is empty"),
        (["--base", "nowhere"], "has no revision 'nowhere'"),
        (["--patch", "/dev/null", "--head", "main"], "go with --base"),
        (["--base", "main", "--minimum-gain", "much"], "is no share of the time"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_leaves_no_run(
    cli: Cli, repo: Path, more: list[str], said: str
) -> None:
    done = cli(*words(cli, repo, *more))
    assert done.exit_code == 2
    assert said in done.complaint
    assert done.stdout == ""
    assert not cli.runs.exists()


@pytest.mark.parametrize(
    "more", [[], ["--patch", "x", "--base", "main"], ["--base", "main", "--bench", "a", "--cmd", "b"]]
)
def test_words_that_make_no_sense_end_with_2_and_the_usage(cli: Cli, more: list[str]) -> None:
    done = cli("verify", *more)
    assert done.exit_code == 2
    assert "usage: ask-profiler verify" in done.stderr


def test_a_target_in_no_repository_needs_a_patch(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SLOW)
    done = cli("verify", "--target", tmp_path / "app.py", "--base", "main")
    assert done.exit_code == 2
    assert "lies in no git repository" in done.complaint


def test_a_change_of_a_test_is_forbidden_and_decided_at_once(
    cli: Cli, repo: Path, light_python: Path
) -> None:
    (repo / "app.py").write_text(QUICK)
    (repo / "tests" / "test_app.py").write_text("")
    done = cli(*words(cli, repo, "--base", "main", "--format", "json", "--python", light_python))
    assert done.exit_code == 13, done.stderr
    found = done.report
    assert (found["verdict"], found["reason"]) == ("rejected", "forbidden edit")
    assert "tests/test_app.py" in found["detail"]
    assert "baseline" not in done.stderr


@pytest.mark.slow
@pytest.mark.alone
def test_a_faster_change_is_accepted_and_a_wrong_one_is_not(
    cli: Cli, repo: Path, git: Git, tmp_path: Path, light_python: Path
) -> None:
    (repo / "app.py").write_text(QUICK)
    git(repo, "commit", "-qam", "quick")
    (repo / "app.py").write_text("neither of both")
    forms: list[str | Path] = [
        "--json",
        tmp_path / "v.json",
        "--markdown",
        tmp_path / "v.md",
        "--python",
        light_python,
    ]
    done = cli(*words(cli, repo, "--base", "main~1", "--head", "main", *forms))
    assert done.exit_code == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Accepted\n")
    assert (repo / "app.py").read_text() == "neither of both"
    found = json.loads((tmp_path / "v.json").read_text())
    jsonschema.validate(found, verdict.schema())
    (timed,) = [c for c in found["comparisons"] if c["unit"] == "sec/op"]
    assert timed["changed"] and timed["ratio_high"] < 0.9
    assert (tmp_path / "v.md").read_text().startswith(MARK)
    shown = cli("show", "last", "--runs-dir", cli.runs)
    assert shown.stdout.startswith("# Accepted: main~1 to main")
    refused = cli("apply", "last", "--runs-dir", cli.runs)
    assert refused.exit_code == 2
    assert "judged a change that was given to it" in refused.complaint
    (repo / "app.py").write_text(WRONG)
    wrong = cli(*words(cli, repo, "--base", "main~1", "--python", light_python, "--quiet"))
    assert wrong.exit_code == 12, wrong.stdout
    assert wrong.stdout.startswith("Rejected: tests fail\n")
    assert wrong.stderr == ""
