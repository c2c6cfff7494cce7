"""Calls are recorded from whatever the workload is, which benchmarks reach the change is told, and nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.go.equivalence.conftest import Compare, compared, of, write
from tools.measure.workload import Benchmark, Workload
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox

TOOL = {
    "cmd/tool/main.go": """package main

import (
	"fmt"
	"os"

	"example.com/m/words"
)

func main() { fmt.Println(widest(os.Args[1:]), words.Join(os.Args)) }

func widest(arguments []string) int {
	most := 0
	for _, argument := range arguments {
		if len(argument) > most {
			most = len(argument)
		}
	}
	return most
}
""",
    "words/words.go": """package words

func Join(words []string) string {
	text := ""
	for _, word := range words {
		text += word
	}
	return text
}

func Unused(n int) int { return n + 0 }
""",
}
COMMAND = Workload(
    language="go",
    kind="command",
    benchmarks=(Benchmark(name="Command/tool", selector=("one", "three")),),
    chosen_because="",
    command=("./cmd/tool",),
)


@pytest.mark.slow
def test_calls_of_a_command_are_recorded_and_the_copies_stay_as_they_are(
    compare_copies: Compare, tmp_path: Path
) -> None:
    new = {
        "cmd/tool/main.go": TOOL["cmd/tool/main.go"].replace("most := 0\n", "most := 1\n"),
        "words/words.go": TOOL["words/words.go"]
        .replace(" + 0", "")
        .replace("text += word", "text = text + word"),
    }
    roots = write(tmp_path / "before", TOOL), write(tmp_path / "after", {**TOOL, **new})
    there = {path: path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file()}
    found = compare_copies(*roots, tuple(new), workload=COMMAND, generated=20)
    assert {path: path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file()} == there
    assert found.reached == {"Command/tool": True}
    assert {name: recorded for name, (recorded, _) in compared(found).items()} == {
        "widest": 1,
        "Join": 1,
        "Unused": 0,
    }
    assert {d.function for d in found.differences} == {"main.widest"}
    assert of(found, "widest")[0].before == "0"


STEPS = {
    "a/a.go": "package a\n\nfunc Limit(n int) int {\n\tif n > 1000 {\n\t\treturn 1000\n\t}\n\treturn n\n}\n",
    "b/b.go": "package b\n\nfunc Other(n int) int { return n }\n",
    "b/b_test.go": """package b

import (
	"testing"

	"example.com/m/a"
)

func BenchmarkThrough(b *testing.B) {
	for i := 0; i < b.N; i++ {
		a.Limit(5)
	}
}

func BenchmarkApart(b *testing.B) {
	for i := 0; i < b.N; i++ {
		Other(5)
	}
}

func BenchmarkBroken(b *testing.B) { b.Fatal("no") }
""",
}
BENCHMARKS = Workload(
    language="go",
    kind="benchmarks",
    benchmarks=tuple(Benchmark(name=name, selector=("b",)) for name in ("Through", "Apart", "Broken")),
    chosen_because="",
)


@pytest.mark.slow
def test_benchmarks_of_other_packages_reach_a_change_and_the_same_seed_gives_the_same_calls(
    compare: Compare,
) -> None:
    wrong = {"a/a.go": STEPS["a/a.go"].replace("n > 1000", "n >= 1000").replace("return 1000", "return n")}
    first, again = (compare(STEPS, wrong, workload=BENCHMARKS, generated=30, seed=7) for _ in range(2))
    assert first.reached == {"Through": True, "Apart": False}  # what fails may have reached more
    assert compared(first)["Limit"][0] == 1
    assert of(first, "Limit")
    assert first.differences == again.differences


@pytest.mark.slow
def test_without_a_sandbox_nothing_is_made_up_for_code_that_can_write_files(compare: Compare) -> None:
    code = 'package m\n\nimport "os"\n\nfunc Remove(name string) error { return os.Remove(name) }\n'
    runner = Runner(NoSandbox())
    try:
        found = compare(
            {"a.go": code},
            {"a.go": code.replace("return os.Remove(name)", "return os.RemoveAll(name)")},
            runner=runner,
        )
    finally:
        runner.close()
    assert found.functions == ()
    assert found.warnings == (
        "calls were made up for no function of example.com/m: it can write files or start programs, and there is no "
        "sandbox",
    )
