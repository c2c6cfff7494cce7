"""What a rewrite writes builds under the version the module declares, and uses no function that came later.

A toolchain of today has the whole standard library of today, so what a module of `go 1.11` must not use is said by
`SINCE`, not by the compiler.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tools.go.test_rewrites import ACCEPTED, CASES, MAIN, PLAYBOOK, first_finding
from tools.go.program import GoProgram
from tools.go.rewrites.rewriter import REWRITES, GoRewriter
from tools.patterns.matching import find
from tools.patterns.pattern import HotFunction, NotSafe, Pattern, Rewritten, load_patterns
from tools.run.process import Runner

pytestmark = pytest.mark.slow
SLICE = "slice-grown-without-size"
VERSIONS = ("1.9", "", "1.20", "1.21")
"""What go.mod says; "" is one without a go line, for which the go command takes 1.16."""
SINCE: Mapping[str, int] = {
    "bytes.Buffer": 0, "strings.Builder": 10, "slices.Grow": 21,
    "strconv.Itoa": 0, "strconv.FormatInt": 0, "strconv.FormatUint": 0,
}  # fmt: skip
"""What rewrites may bring in of the standard library, and the Go 1.N that it came with."""


def minor(version: str) -> int:
    return int((version or "1.16").split(".")[1])


def names_of(version: str) -> list[str]:
    """The cases that are Go of that version: the older ones know no `any` and no package slices."""
    return [n for n in ACCEPTED if minor(version) >= 21 or not re.search(r'"slices"|\bany\b', _text(n))]


def _text(name: str) -> str:
    return (CASES / name).read_text()


def imported(text: str) -> set[str]:
    """What the file uses of packages whose names end as their paths do."""
    packages = {path.split("/")[-1] for path in re.findall(r'^(?:import |\t)"([\w/]+)"$', text, re.MULTILINE)}
    return {use for use in re.findall(r"\b\w+\.[A-Z]\w*", text) if use.split(".")[0] in packages}


@pytest.fixture(scope="module")
def patterns() -> dict[str, Pattern]:
    return {pattern.id.removeprefix("go/"): pattern for pattern in load_patterns(PLAYBOOK, "go")}


@pytest.fixture(scope="module", params=VERSIONS, ids=lambda v: v or "no go line")
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def module(version: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A module of that version with every case as a package `before/c<number>`."""
    root = tmp_path_factory.mktemp("module")
    write_module(root, version)
    for number, name in enumerate(names_of(version)):
        folder = root / "before" / f"c{number}"
        folder.mkdir(parents=True)
        (folder / "code.go").write_text(_text(name))
    return root


def write_module(root: Path, version: str) -> None:
    directive = f"\ngo {version}\n" if version else ""
    (root / "go.mod").write_text(f"module example.com/cases\n{directive}")


@pytest.fixture(scope="module")
def rewritten(
    version: str, module: Path, patterns: dict[str, Pattern], rewriter: GoRewriter
) -> dict[str, str]:
    """The new text of each case, which is in `after/c<number>`, too."""
    texts = {}
    for number, name in enumerate(names_of(version)):
        place = first_finding(module, f"before/c{number}/code.go", patterns[name.split("/")[0]])
        outcome = rewriter.rewrite(place, module)
        assert isinstance(outcome, Rewritten), (name, outcome)
        (text,) = outcome.files.values()
        assert isinstance(text, str)
        folder = module / "after" / f"c{number}"
        folder.mkdir(parents=True)
        (folder / "code.go").write_text(text)
        texts[name] = text
    return texts


def test_every_rewrite_is_tried_in_every_version(version: str, patterns: dict[str, Pattern]) -> None:
    tried = {patterns[name.split("/")[0]].spec.rewrite.name for name in names_of(version)}
    assert tried == set(REWRITES)


def test_a_rewritten_file_passes_vet_and_gives_the_same_in_the_modules_own_version(
    version: str, module: Path, rewritten: dict[str, str], runner: Runner, go: GoProgram
) -> None:
    imports, entries = "", ""
    for number, name in enumerate(rewritten):
        for side in ("before", "after"):
            imports += f'\t{side}{number} "example.com/cases/{side}/c{number}"\n'
        entries += f"\t\t{json.dumps(name)}: {{before{number}.Result(), after{number}.Result()}},\n"
    (module / "main.go").write_text(MAIN.format(imports=imports, entries=entries))
    go.run(runner, ["vet", "./..."], cwd=module, root=module)
    done = go.run(runner, ["run", "."], cwd=module, root=module)
    results: dict[str, list[str]] = json.loads(done.stdout)
    assert len(results) == len(names_of(version))
    assert [name for name, (before, after) in results.items() if before != after] == []


def test_a_rewritten_file_uses_nothing_newer_than_the_module(version: str, rewritten: dict[str, str]) -> None:
    for name, text in rewritten.items():
        brought = imported(text) - imported(_text(name))
        assert brought <= SINCE.keys(), f"{name}: say in SINCE which version has {brought - SINCE.keys()}"
        assert [use for use in brought if SINCE[use] > minor(version)] == [], name


def test_a_slice_is_grown_by_package_slices_where_there_is_one_and_made_else(
    version: str, rewritten: dict[str, str]
) -> None:
    text = rewritten[f"{SLICE}/declared-by-var.go"]
    if minor(version) >= 21:
        assert "\tlengths := slices.Grow([]int(nil), len(words))\n" in text
    else:
        assert (
            "\tvar lengths []int\n\tif len(words) > 0 {\n\t\tlengths = make([]int, 0, len(words))\n\t}\n\tfor "
            in text
        )


def test_what_was_rewritten_isnt_found_again(
    module: Path, patterns: dict[str, Pattern], rewritten: dict[str, str]
) -> None:
    """Else a report would go on to tell of a slice without a size in the file of which it has just given one."""
    for number, name in enumerate(rewritten):
        if not name.startswith(f"{SLICE}/"):
            continue
        assert found_in(module, f"after/c{number}/code.go", patterns[SLICE]) == 0, name


@pytest.mark.parametrize(("made", "found"), [("lengths", 0), ("others", 1)])
def test_a_slice_that_is_made_with_its_size_under_an_if_isnt_told(
    made: str, found: int, tmp_path: Path, patterns: dict[str, Pattern]
) -> None:
    before = _text(f"{SLICE}/declared-by-var.go")
    branch = f"\tif len(words) > 0 {{\n\t\t{made} = make([]int, 0, len(words))\n\t}}\n\tfor "
    (tmp_path / "code.go").write_text(before.replace("\tfor ", branch))
    assert found_in(tmp_path, "code.go", patterns[SLICE]) == found


def found_in(root: Path, file: str, pattern: Pattern) -> int:
    """How often the pattern is found in `hot`, of which every line costs."""
    count = (root / file).read_text().count("\n")
    hot = HotFunction(
        function="hot", file=file, start_line=1, end_line=count, view="cpu",
        self_share=0.5, cumulative_share=1.0, lines=dict.fromkeys(range(1, count + 1), 1.0),
    )  # fmt: skip
    return len(find([pattern], root, [hot]))


@pytest.mark.parametrize(
    ("module_version", "line", "grows"),
    [
        ("1.11", "go1.13", False),  # today's compiler gives such a file the language of 1.21
        ("1.11", "go1.21", True),  # no older one ever sees the file
        ("1.24", "go1.13", True),
        ("1.24", "linux || !linux", True),
    ],
)
def test_a_files_own_build_line_counts(
    module_version: str,
    line: str,
    grows: bool,
    tmp_path: Path,
    patterns: dict[str, Pattern],
    rewriter: GoRewriter,
    runner: Runner,
    go: GoProgram,
) -> None:
    write_module(tmp_path, module_version)
    file = tmp_path / "code.go"
    file.write_text(f"//go:build {line}\n\n" + _text(f"{SLICE}/declared-by-var.go"))
    outcome = rewriter.rewrite(first_finding(tmp_path, "code.go", patterns[SLICE]), tmp_path)
    assert isinstance(outcome, Rewritten), outcome
    text = outcome.files["code.go"]
    assert isinstance(text, str)
    assert ("slices.Grow" in text) == grows
    file.write_text(text)
    go.run(runner, ["vet", "."], cwd=tmp_path, root=tmp_path)


GENERIC = {
    "go.mod": "module example.com/old\n\ngo 1.17\n\n"
    "require example.com/newer v0.0.0\n\nreplace example.com/newer => ./newer\n",
    "newer/go.mod": "module example.com/newer\n\ngo 1.18\n",
    "newer/newer.go": "package newer\n\ntype ID[T any] string\n\n"
    "func All() []ID[int] { return []ID[int]{`a`, `b`} }\n",
    "code.go": 'package old\n\nimport "example.com/newer"\n\n'
    "func hot(rounds int) (found int) {\n\tall := newer.All()\n\twanted := all[1]\n"
    "\tfor n := 0; n < rounds; n++ {\n\t\tfor i := range all {\n"
    "\t\t\tif all[i] == wanted {\n\t\t\t\tfound += i\n\t\t\t\tbreak\n\t\t\t}\n\t\t}\n\t}\n\treturn found\n}\n",
}
"""An old module may use a newer one's generic types as long as it doesn't write them out."""


def test_a_generic_type_isnt_written_into_a_module_whose_language_has_none(
    tmp_path: Path, patterns: dict[str, Pattern], rewriter: GoRewriter, runner: Runner, go: GoProgram
) -> None:
    for name, text in GENERIC.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    go.run(runner, ["vet", "."], cwd=tmp_path, root=tmp_path)
    place = first_finding(tmp_path, "code.go", patterns["linear-search-in-loop"])
    outcome = rewriter.rewrite(place, tmp_path)
    assert isinstance(outcome, NotSafe), outcome
    assert outcome.why == (
        "the type example.com/newer.ID[int] needs go1.18 to be written out, and this file is for go1.17"
    )
    (tmp_path / "go.mod").write_text(GENERIC["go.mod"].replace("go 1.17", "go 1.18"))
    assert isinstance(rewriter.rewrite(place, tmp_path), Rewritten)
