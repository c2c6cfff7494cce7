"""A target without a benchmark: the model writes one first, over the real SDK, and it is measured like any other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.report import Report
from agent.request import Request
from agent.service import Service
from agent.store import RunFolder, Store
from evals.messages_api import ScriptedApi, Uses
from evals.messages_api.script import Answers, Json

CODE = (
    "def count(words):\n    seen = []\n    for word in words:\n        if word not in seen:\n"
    "            seen.append(word)\n    return len(seen)\n"
)
TEST = "from words import count\n\n\ndef test_count():\n    assert count(['a', 'b', 'a']) == 2\n"
BENCHMARK = (
    "import pytest\nfrom words import count\n\n\n@pytest.mark.parametrize('size', [100, 400])\n"
    "def test_speed(benchmark, size):\n    words = [str(n % (size // 2)) for n in range(size)]\n"
    "    assert benchmark(count, words) == size // 2\n"
)
GO_CODE = "package words\n\n// Count adds up.\nfunc Count(words []string) int {\n\treturn len(words)\n}\n"
GO_TEST = (
    'package words\n\nimport "testing"\n\nfunc TestCount(t *testing.T) {\n'
    "\tif Count(nil) != 0 {\n\t\tt.Fatal()\n\t}\n}\n"
)
GO_BENCHMARK = (
    'package words\n\nimport "testing"\n\nvar sink int\n\nfunc BenchmarkCount(b *testing.B) {\n'
    "\tfor i := 0; i < b.N; i++ {\n\t\tsink = Count(make([]string, i%100))\n\t}\n}\n"
)
QUICK = "measure: {capture_s: 0.2, calibration_pairs: 4, pairs_max: 7, final_s: 0, growth_s: 0}\n"


def project(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def python_project(tmp_path: Path) -> Path:
    settings = '[project]\nname = "words"\nversion = "0"\n[tool.pytest.ini_options]\npythonpath = ["."]\n'
    return project(
        tmp_path / "words", {"words.py": CODE, "tests/test_words.py": TEST, "pyproject.toml": settings}
    )


@pytest.fixture
def go_project(tmp_path: Path) -> Path:
    return project(
        tmp_path / "words",
        {"words.go": GO_CODE, "words_test.go": GO_TEST, "go.mod": "module example.com/words\n\ngo 1.24\n"},
    )


def asked(
    api: ScriptedApi, target: Path, tmp_path: Path, python: Path | None = None
) -> tuple[Report, RunFolder]:
    (tmp_path / "quick.yaml").write_text(QUICK)
    environment = {**os.environ, **api.environment}
    service = Service(store=Store(tmp_path / "runs"), environment=environment)
    request = Request(
        question="Why is counting words slow?",
        target=str(target),
        analyst="claude",
        settings_file=str(tmp_path / "quick.yaml"),
        python=str(python) if python is not None else None,
    )
    report = service.run(request, lambda _: None)
    assert service.folder is not None
    return report, service.folder


def script(*benchmarks: tuple[str, str]) -> list[Answers]:
    tried: list[Answers] = [
        Uses(("add_benchmark", {"file": file, "content": content})) for file, content in benchmarks
    ]
    nothing: Json = {"bottlenecks": [], "nothing": "Nothing stands out."}
    return [*tried, Uses(("report_bottlenecks", nothing))]


def refusals(api: ScriptedApi) -> list[str]:
    """What was said of each benchmark that wasn't taken."""
    found = []
    for body in api.bodies:
        messages = body["messages"]
        assert isinstance(messages, list)
        found += [
            str(part["content"])
            for part in messages[-1]["content"]
            if part["type"] == "tool_result" and part.get("is_error")
        ]
    return found


@pytest.mark.slow
def test_a_missing_python_benchmark_is_written_measured_and_named(
    python_project: Path, tmp_path: Path, light_python: Path
) -> None:
    tries = [
        ("tests/test_words.py", BENCHMARK),
        ("tests/test_speed.py", TEST),
        ("tests/test_speed.py", BENCHMARK.replace("== size // 2", "== 0")),
        ("tests/test_speed.py", BENCHMARK),
    ]
    with ScriptedApi(script(*tries)) as api:
        report, folder = asked(api, python_project, tmp_path, light_python)
        there, none, failing = refusals(api)
    assert "there already" in there
    assert "no benchmark is found" in none
    assert "tests fail" in failing
    assert report.plan.workload.kind == "benchmarks"
    assert {b.size for b in report.plan.workload.benchmarks} == {100, 400}
    assert any("tests/test_speed.py was written by the agent" in w for w in report.warnings)
    assert (folder.path / "written/tests/test_speed.py").read_text() == BENCHMARK
    assert not (python_project / "tests/test_speed.py").exists()
    assert [use.step for use in report.model_use] == ["prepare", "investigate"]


@pytest.mark.slow
def test_a_missing_go_benchmark_is_written_and_measured(go_project: Path, tmp_path: Path) -> None:
    steering = GO_BENCHMARK + "\nfunc init() {\n\tsink = 1\n}\n"
    tries = [("speed_test.go", steering), ("speed_test.go", GO_BENCHMARK)]
    with ScriptedApi(script(*tries)) as api:
        report, _ = asked(api, go_project, tmp_path)
        (refused,) = refusals(api)
    assert "acts on more than the tests in it" in refused
    assert [b.name for b in report.plan.workload.benchmarks] == ["Count"]
    assert not (go_project / "speed_test.go").exists()


@pytest.mark.slow
def test_without_a_fair_benchmark_the_tests_are_measured_and_that_is_said(
    python_project: Path, tmp_path: Path, light_python: Path
) -> None:
    gives_up = Uses(("add_benchmark", {"give_up": "Nothing of it can be exercised alone."}))
    with ScriptedApi([gives_up, *script()]) as api:
        report, _ = asked(api, python_project, tmp_path, light_python)
    assert report.plan.workload.kind == "tests"
    assert any("wrote no benchmark" in w for w in report.warnings)
