"""The GitHub Action: its scripts run here as GitHub runs them, and nothing of a pull request's can steer them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.doors.cli.running import VERDICT_CODES
from agent.rendering.pull_request import MARK
from tests.docs.pages import DOCS, ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org",
    "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org",
}  # fmt: skip
EVIL = "x\"; touch owned; echo '$(touch owned)`touch owned`"


def action() -> Any:
    return yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def steps() -> Mapping[str, Any]:
    return {step["name"]: step for step in action()["runs"]["steps"]}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs one step's script in a folder of its own, `env` above the step's own variables, all of them given."""
    here = tmp_path / "here"
    here.mkdir()
    (tmp_path / "summary").write_text("")
    (tmp_path / "output").write_text("")

    def start(name: str, path: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        step = steps()[name]
        assert set(env) <= set(step["env"]), "a variable that the step doesn't have"
        given = {**dict.fromkeys(step["env"], ""), "WORK": str(tmp_path), **env}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=path or here,
            env={
                "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "HOME": str(tmp_path),
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "GITHUB_OUTPUT": str(tmp_path / "output"), **given,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )  # fmt: skip

    return start


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def outputs(tmp_path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())


def verify(tmp_path: Path, code: int, markdown: str = "### Accepted\n") -> Path:
    """A stand-in for the installed program: it notes its words, writes the Markdown, and ends with that code."""
    script = (
        "#!/usr/bin/env python3\nimport json, sys\nfrom pathlib import Path\n"
        f"Path({str(tmp_path / 'words')!r}).write_text(json.dumps(sys.argv[1:]))\n"
        f"text = {markdown!r}\n"
        "if text: Path(sys.argv[sys.argv.index('--markdown') + 1]).write_text(text)\n"
        f"sys.exit({code})\n"
    )
    return program(tmp_path / "ask-profiler" / "bin" / "ask-profiler", script)


def words(tmp_path: Path) -> list[str]:
    found: list[str] = json.loads((tmp_path / "words").read_text())
    return found


def test_no_expression_stands_in_a_script() -> None:
    scripts = [step["run"] for step in steps().values()]
    assert scripts
    for script in scripts:
        assert "${{" not in script
        assert script.startswith("set -euo pipefail")


def test_nothing_of_a_pull_requests_but_revisions_and_number_is_used() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    for expression in re.findall(r"\$\{\{(.*?)\}\}", text):
        for name in re.findall(r"github\.[\w.]+", expression):
            assert name in {
                "github.token", "github.action_path", "github.repository", "github.event.pull_request.number",
                "github.event.pull_request.base.sha", "github.event.pull_request.head.sha",
            }, name  # fmt: skip


def test_every_input_and_output_is_told_and_used() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    page = (DOCS / "guides" / "github-action.md").read_text(encoding="utf-8")
    for kind in ("inputs", "outputs"):
        for name, facts in action()[kind].items():
            assert facts["description"]
            assert f"`{name}`" in page, name
            if kind == "inputs":
                assert f"inputs.{name}" in text, name


@pytest.mark.parametrize(
    ("code", "verdict"),
    [(0, "accepted"), (10, "no-gain"), (11, "slower"), (12, "incorrect"), (13, "forbidden"), (14, "cannot-tell"),
     (4, "error"), (8, "error"), (130, "error")],
)  # fmt: skip
def test_each_exit_code_is_a_verdict(run: Run, tmp_path: Path, code: int, verdict: str) -> None:
    verify(tmp_path, code, f"### {verdict}\n")
    done = run("Verify", BASE="a" * 40, HEAD="b" * 40, MODE="no-slower", TARGET=".", HARNESS="true")
    assert done.returncode == 0, done.stderr
    found = outputs(tmp_path)
    assert (found["verdict"], found["exit-code"]) == (verdict, str(code))
    assert (tmp_path / "summary").read_text() == f"### {verdict}\n"
    assert Path(found["markdown"]).is_file()


def test_every_rejection_has_a_verdict_of_its_own_kind() -> None:
    script = steps()["Verify"]["run"]
    for code in set(VERDICT_CODES.values()):
        assert f"{code}) verdict=" in script


def test_what_could_not_be_measured_still_gives_a_summary(run: Run, tmp_path: Path) -> None:
    verify(tmp_path, 2, "")
    run("Verify", BASE="a", HEAD="b", MODE="faster", TARGET=".")
    assert (tmp_path / "summary").read_text().startswith(f"{MARK}\n\n### Not measured\n")


def test_the_inputs_become_the_words_of_the_command(run: Run, tmp_path: Path) -> None:
    verify(tmp_path, 0)
    run("Verify", BASE="a", HEAD="b", MODE="faster", TARGET="svc", BENCH="^X", SIZES="1,2", MINIMUM_GAIN="5%",
        TIME_LIMIT="60", HARNESS="false", NUMBER="7", PYTHON="/p")  # fmt: skip
    found = words(tmp_path)
    assert found[0] == "verify"
    for word in ("--base=a", "--head=b", "--merge-base", "--bench=^X", "--sizes=1,2", "--minimum-gain=5%",
                 "--time-limit=60", "--python=/p"):  # fmt: skip
        assert word in found
    assert "--target=svc" in found and "--title=pull request 7, b" in found
    assert "--harness" not in found and "--no-slower" not in found


def test_the_words_are_a_command_line_that_the_program_takes(run: Run, tmp_path: Path) -> None:
    from agent.doors.cli.main import make_parser

    verify(tmp_path, 0)
    for mode in ("faster", "no-slower"):
        run(
            "Verify", BASE="a", HEAD="b", MODE=mode, TARGET=".", COMMAND="x y", HARNESS="true", TIME_LIMIT="9"
        )
        make_parser().parse_args(words(tmp_path))


@pytest.mark.parametrize("name", ["BASE", "HEAD", "TARGET", "BENCH", "COMMAND", "SIZES", "PYTHON", "NUMBER"])
def test_no_value_is_run_or_split(run: Run, tmp_path: Path, name: str) -> None:
    verify(tmp_path, 0)
    given = {"BASE": "a", "HEAD": "b", "MODE": "no-slower", "TARGET": ".", name: EVIL}
    done = run("Verify", **given)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.rglob("owned"))
    assert any(EVIL[:12] in word for word in words(tmp_path))


def test_a_revision_that_looks_like_an_option_is_none(run: Run, tmp_path: Path) -> None:
    verify(tmp_path, 0)
    run("Verify", BASE="--target=/", HEAD="b", MODE="no-slower", TARGET=".")
    assert "--base=--target=/" in words(tmp_path)


def test_without_a_pull_request_and_revisions_it_ends_with_an_error(run: Run) -> None:
    done = run("Verify", MODE="no-slower", TARGET=".")
    assert done.returncode == 2
    assert "::error::" in done.stdout


@pytest.mark.parametrize(
    ("verdict", "fail_on", "code"),
    [
        ("slower", "slower, incorrect", 1),
        ("slower", "incorrect forbidden", 0),
        ("accepted", "slower, incorrect, forbidden, error", 0),
        ("cannot-tell", "cannot-tell", 1),
        ("slower", "", 0),
        ("accepted", "slwoer", 2),
    ],
)
def test_the_verdicts_that_fail_the_job_are_those_that_were_named(
    run: Run, verdict: str, fail_on: str, code: int
) -> None:
    assert run("Decide", VERDICT=verdict, FAIL_ON=fail_on).returncode == code


GH = """#!/usr/bin/env python3
import json, sys
from pathlib import Path
home = Path({home!r})
with (home / "calls").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if "--paginate" in sys.argv:
    sys.stdout.write({found!r})
sys.exit({code} if "-X" in sys.argv else 0)
"""


@pytest.mark.parametrize(("found", "method"), [("", "POST"), ("42\n43\n", "PATCH")])
def test_one_comment_is_posted_and_later_renewed(run: Run, tmp_path: Path, found: str, method: str) -> None:
    program(tmp_path / "bin" / "gh", GH.format(home=str(tmp_path), found=found, code=0))
    done = run("Comment", REPOSITORY="o/r", NUMBER="7", MARKDOWN="/verdict.md")
    assert done.returncode == 0, done.stderr
    last = json.loads((tmp_path / "calls").read_text().splitlines()[-1])
    assert last[last.index("-X") + 1] == method
    assert last[-2:] == ["-F", "body=@/verdict.md"]
    assert any(word.endswith("comments/42" if found else "issues/7/comments") for word in last)


def test_a_forks_token_that_may_not_write_fails_nothing(run: Run, tmp_path: Path) -> None:
    program(tmp_path / "bin" / "gh", GH.format(home=str(tmp_path), found="", code=1))
    done = run("Comment", REPOSITORY="o/r", NUMBER="7", MARKDOWN="/verdict.md")
    assert done.returncode == 0
    assert "::notice::" in done.stdout


def test_the_example_workflow_is_safe_for_forks() -> None:
    page = (DOCS / "guides" / "github-action.md").read_text(encoding="utf-8")
    examples = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    workflows = [e for e in examples if isinstance(e, dict) and "jobs" in e]
    assert workflows
    for workflow in workflows:
        assert (
            "pull_request" in workflow[True] and "pull_request_target" not in workflow[True]
        )  # `on` is true in YAML
        assert set(workflow["permissions"]) <= {"contents", "pull-requests"}
        assert workflow["permissions"]["contents"] == "read"
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                if "uses" in step and not step["uses"].startswith("your-org/"):
                    assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
                assert "${{ github.event" not in step.get("run", "")
            checkout = job["steps"][0]
            assert checkout["with"]["fetch-depth"] == 0 and checkout["with"]["persist-credentials"] is False


@pytest.mark.slow
def test_a_pull_request_that_breaks_the_tests_is_incorrect_for_real(
    run: Run, tmp_path: Path, light_python: Path
) -> None:
    root = tmp_path / "repo"
    (root / "tests").mkdir(parents=True)
    (root / "pyproject.toml").write_text("")
    (root / "app.py").write_text(
        "def total(n):\n    return sum(range(n))\n\n\nif __name__ == '__main__':\n    print(total(10))\n"
    )
    (root / "tests" / "test_app.py").write_text(
        "from app import total\n\n\ndef test_total():\n    assert total(3) == 3\n"
    )

    def git(*more: str) -> str:
        done = subprocess.run(
            ["git", *more], cwd=root, env={**os.environ, **GIT}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "base")
    base = git("rev-parse", "HEAD")
    (root / "app.py").write_text((root / "app.py").read_text().replace("sum(range(n))", "0"))
    git("commit", "-qam", "head")
    head = git("rev-parse", "HEAD")
    program(tmp_path / "ask-profiler" / "bin" / "ask-profiler",
            f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m agent.doors.cli.main "$@"\n')  # fmt: skip
    done = run(
        "Verify",
        root,
        BASE=base,
        HEAD=head,
        MODE="no-slower",
        TARGET=".",
        HARNESS="true",
        PYTHON=str(light_python),
    )
    assert done.returncode == 0, done.stderr
    assert outputs(tmp_path)["verdict"] == "incorrect", done.stderr
    assert "### Rejected: tests fail" in (tmp_path / "summary").read_text()
    assert (
        run("Decide", VERDICT="incorrect", FAIL_ON=action()["inputs"]["fail-on"]["default"]).returncode == 1
    )
