"""Each rewrite gives code that builds and does the same; what isn't surely the same is refused, with the reason.

The cases are Go files in data/rewrites/<pattern>/: the first line says `// accepted` or `// refused: reason`,
the function `hot` is the one that measurement found hot, and `Result` says what the file computes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import pytest

from tools.errors import ToolError
from tools.go.program import GoProgram
from tools.go.rewrites.rewriter import REWRITES, GoRewriter
from tools.go.testing import run_tests
from tools.patterns.matching import find
from tools.patterns.pattern import Finding, HotFunction, NotSafe, Pattern, Rewritten, load_patterns
from tools.run.process import Runner

pytestmark = pytest.mark.slow
CASES = Path(__file__).parent / "data" / "rewrites"
PLAYBOOK = Path(__file__).parents[3] / "prompts" / "playbook"
NAMES = sorted(path.relative_to(CASES).as_posix() for path in CASES.glob("*/*.go"))
ACCEPTED = [name for name in NAMES if (CASES / name).read_text().startswith("// accepted\n")]
REFUSED = [name for name in NAMES if (CASES / name).read_text().startswith("// refused: ")]
Outcomes = Mapping[str, Rewritten | NotSafe]
MAIN = """package main

import (
	"encoding/json"
	"os"
{imports})

func main() {{
	_ = json.NewEncoder(os.Stdout).Encode(map[string][2]string{{
{entries}	}})
}}
"""


@pytest.fixture(scope="module")
def patterns() -> dict[str, Pattern]:
    return {pattern.id.removeprefix("go/"): pattern for pattern in load_patterns(PLAYBOOK, "go")}


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A module with every case as a package `before/c<number>`."""
    root = tmp_path_factory.mktemp("module") / "mödule with spaces"
    root.mkdir()
    (root / "go.mod").write_text("module example.com/cases\n\ngo 1.24\n")
    for number, name in enumerate(NAMES):
        folder = root / "before" / f"c{number}"
        folder.mkdir(parents=True)
        (folder / "code.go").write_text((CASES / name).read_text())
    return root


@pytest.fixture(scope="module")
def outcomes(module: Path, patterns: dict[str, Pattern], rewriter: GoRewriter) -> Outcomes:
    """What became of each case."""
    found = {}
    for number, name in enumerate(NAMES):
        place = first_finding(module, f"before/c{number}/code.go", patterns[name.split("/")[0]])
        found[name] = rewriter.rewrite(place, module)
    return found


def first_finding(root: Path, file: str, pattern: Pattern, function: str = "hot") -> Finding:
    lines = (root / file).read_text().splitlines()
    start = next(n for n, line in enumerate(lines, 1) if f" {function}(" in line and line.startswith("func "))
    end = next(n for n in range(start, len(lines) + 1) if lines[n - 1] == "}")
    view: Literal["cpu", "memory"] = "memory" if pattern.spec.view == "memory" else "cpu"
    hot = HotFunction(
        function=function, file=file, start_line=start, end_line=end, view=view,
        self_share=0.5, cumulative_share=1.0, lines=dict.fromkeys(range(start, end + 1), 1.0),
    )  # fmt: skip
    found = find([pattern], root, [hot])
    assert found, f"{pattern.id} doesn't match in {file}"
    return min(found, key=lambda f: f.start)


@pytest.fixture(scope="module")
def results(module: Path, outcomes: Outcomes, runner: Runner, go: GoProgram) -> dict[str, list[str]]:
    """What `Result` gives before and after, by case; built and run as one program."""
    imports, entries = "", ""
    for name in ACCEPTED:
        outcome, number = outcomes[name], NAMES.index(name)
        if isinstance(outcome, NotSafe):
            continue  # its own test says so
        folder = module / "after" / f"c{number}"
        folder.mkdir(parents=True)
        (text,) = outcome.files.values()
        assert isinstance(text, str)
        (folder / "code.go").write_text(text)
        for side in ("before", "after"):
            imports += f'\t{side}{number} "example.com/cases/{side}/c{number}"\n'
        entries += f"\t\t{json.dumps(name)}: {{before{number}.Result(), after{number}.Result()}},\n"
    (module / "main.go").write_text(MAIN.format(imports=imports, entries=entries))
    done = go.run(runner, ["run", "."], cwd=module, root=module)
    return dict(json.loads(done.stdout))


def test_every_rewrite_has_accepted_and_refused_cases(patterns: dict[str, Pattern]) -> None:
    assert len(ACCEPTED) + len(REFUSED) == len(NAMES)
    for names in (ACCEPTED, REFUSED):
        assert {patterns[name.split("/")[0]].spec.rewrite.name for name in names} == set(REWRITES)


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_rewritten_program_builds_and_gives_the_same(
    name: str, outcomes: Outcomes, results: dict[str, list[str]], golden: Callable[[str, str], None]
) -> None:
    outcome = outcomes[name]
    assert isinstance(outcome, Rewritten), outcome
    ((file, text),) = outcome.files.items()
    assert file.endswith("/code.go")
    assert isinstance(text, str)
    before, after = results[name]
    assert before
    assert after == before
    assert outcome.functions == ("hot",)
    golden(f"go-rewrites/{name}.txt", text)


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_not_be_the_same_is_refused_with_the_reason(name: str, outcomes: Outcomes) -> None:
    outcome = outcomes[name]
    assert isinstance(outcome, NotSafe), outcome
    assert (CASES / name).read_text().splitlines()[0].removeprefix("// refused: ") in outcome.why


PLANTED = (
    ("trades/parse.go", "validID", "regexp-compiled-per-call"),
    ("summary/summary.go", "Symbols", "membership-scan-in-loop"),
    ("summary/summary.go", "Summarise", "linear-search-in-loop"),
    ("report/report.go", "Render", "string-concatenation-in-loop"),
    ("report/report.go", "journalPage", "string-concatenation-in-loop"),
    ("report/report.go", "JournalLine", "formatting-by-reflection"),
)


def test_the_examples_problems_rewritten_one_after_the_other_leave_its_tests_passing(
    example: Path,
    tmp_path: Path,
    patterns: dict[str, Pattern],
    rewriter: GoRewriter,
    runner: Runner,
    go: GoProgram,
) -> None:
    root = Path(shutil.copytree(example, tmp_path / "copy"))
    for file, function, name in PLANTED:
        outcome = rewriter.rewrite(first_finding(root, file, patterns[name], function), root)
        assert isinstance(outcome, Rewritten), (function, outcome)
        for changed, text in outcome.files.items():
            assert isinstance(text, str)
            (root / changed).write_text(text)
    tests = run_tests(runner, go, root)
    assert tests.passed, tests.output_tail
    assert tests.ran > 10
    assert "regexp.MustCompile" not in (root / "trades/parse.go").read_text().split("func validID")[1]


def test_the_rewriter_leaves_the_target_as_it_is(module: Path, outcomes: Outcomes) -> None:
    assert outcomes
    for number, name in enumerate(NAMES):
        assert (module / "before" / f"c{number}" / "code.go").read_text() == (CASES / name).read_text()


def test_code_that_does_not_build_is_an_error_with_the_compilers_words(
    tmp_path: Path, patterns: dict[str, Pattern], rewriter: GoRewriter
) -> None:
    (tmp_path / "go.mod").write_text("module example.com/broken\n\ngo 1.24\n")
    text = (CASES / "regexp-compiled-per-call/constant.go").read_text()
    (tmp_path / "code.go").write_text(text + "\nvar broken int = missing\n")
    with pytest.raises(ToolError, match="missing"):
        rewriter.rewrite(first_finding(tmp_path, "code.go", patterns["regexp-compiled-per-call"]), tmp_path)
