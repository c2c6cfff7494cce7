"""The monitoring proposals: rules that Prometheus takes and that fire when they should, collectors that run."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from agent.definition import read_definition
from agent.policy import PerformanceTarget, Policy, Threshold
from agent.rendering.monitoring.files import monitoring_files
from agent.rendering.monitoring.rules import job_name
from agent.request import Plan
from agent.resources import definition_path
from tools.measure.verdict import Comparison, Verdict
from tools.measure.workload import PEAK_RSS_BYTES, SECONDS_PER_OP, Benchmark, Language, Workload

POLICY = read_definition(definition_path()).policy
Write = Callable[..., Path]
OPERATION = '{job="day-s-reports",operation="report"}'
MISSED = {
    "exp_labels": {"job": "day-s-reports", "severity": "warning"},
    "exp_annotations": {"summary": "day-s-reports misses its target: Memory < 500 MB under load"},
}


def series(name: str, values: str) -> dict[str, str]:
    return {"series": name, "values": values}


def plan(language: Language = "python", root: str = "/srv/Day's Reports") -> Plan:
    return Plan(
        language=language,
        root=root,
        subdirectory="",
        workload=Workload(
            language=language,
            kind="benchmarks",
            benchmarks=(Benchmark(name="Report", selector=("x",)),),
            chosen_because="",
        ),
        profilers=(),
        focus=("cpu",),
        toolchain="",
    )


def comparison(unit: str, before: float, after: float) -> Comparison:
    ratio = after / before
    return Comparison(
        benchmark="Report",
        unit=unit,
        pairs=10,
        baseline_median=before,
        candidate_median=after,
        ratio=ratio,
        ratio_low=ratio * 0.98,
        ratio_high=ratio * 1.02,
        p_value=0.001,
        changed=True,
    )


FASTER = Verdict(
    accepted=True,
    reason=None,
    detail="",
    comparisons=(comparison(SECONDS_PER_OP, 0.5, 0.2), comparison(PEAK_RSS_BYTES, 8e7, 5e7)),
)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the files of a run; the folder they are in."""

    def make(
        language: Language = "python", verdict: Verdict | None = FASTER, policy: Policy = POLICY
    ) -> Path:
        files = monitoring_files(policy, plan(language), (), verdict, ("E17", "E18"))
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / "monitoring"

    return make


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=60, check=False)


def alerts(folder: Path) -> dict[str, str]:
    groups = yaml.safe_load((folder / "rules.yml").read_text(encoding="utf-8"))["groups"]
    return {r["alert"]: r["expr"] for g in groups for r in g["rules"] if "alert" in r}


@pytest.mark.parametrize("language", ["go", "python"])
def test_prometheus_takes_the_rules(write: Write, language: Language) -> None:
    done = promtool("check", "rules", write(language) / "rules.yml")
    assert done.returncode == 0, done.stderr
    assert "SUCCESS" in done.stdout


def test_a_broken_rule_would_be_seen(write: Write) -> None:
    path = write() / "rules.yml"
    path.write_text(path.read_text().replace("histogram_quantile(", "histogram_quantil(", 1))
    assert promtool("check", "rules", path).returncode != 0


def test_every_target_has_an_alert_or_is_named_as_unwatched(write: Write) -> None:
    folder = write()
    text = (folder / "rules.yml").read_text() + (folder / "README.md").read_text()
    assert POLICY.targets
    for target in POLICY.targets:
        assert target.text in text


def test_the_alerts_fire_when_a_target_is_missed_and_only_then(write: Write) -> None:
    """promtool plays series through the rules: 480 MB is fine and 520 MB isn't; 0.6 s is better than before."""
    folder = write()
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    series('process_resident_memory_bytes{job="day-s-reports"}', "520000000+0x40"),
                    series('process_resident_memory_bytes{job="other"}', "990000000+0x40"),
                    series(f"operation_duration_seconds_sum{OPERATION}", "0+6x40"),
                    series(f"operation_duration_seconds_count{OPERATION}", "0+10x40"),
                ],
                "alert_rule_test": [
                    {
                        "eval_time": "20m",
                        "alertname": "MemoryTargetMissed",
                        "exp_alerts": [MISSED],
                    },
                    {"eval_time": "5m", "alertname": "MemoryTargetMissed", "exp_alerts": []},
                    {"eval_time": "20m", "alertname": "DurationTargetMissed", "exp_alerts": []},
                ],
            }
        ],
    }
    (folder / "rules_test.yml").write_text(yaml.safe_dump(tests))
    done = promtool("test", "rules", folder / "rules_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    tests["tests"][0]["alert_rule_test"][0]["exp_alerts"] = []  # type: ignore[index]
    (folder / "rules_test.yml").write_text(yaml.safe_dump(tests))
    assert promtool("test", "rules", folder / "rules_test.yml").returncode != 0


def test_what_was_changed_alerts_at_what_was_measured_before_the_change(write: Write) -> None:
    found = alerts(write())
    assert found["OperationAsSlowAsBeforeTheChange"].endswith(">= 0.5")
    assert found["MemoryAsHighAsBeforeTheChange"].endswith(">= 8e+07")


def test_without_an_accepted_change_there_is_no_alert_for_one(write: Write) -> None:
    rejected = Verdict(accepted=False, reason="no detectable gain", detail="", comparisons=FASTER.comparisons)
    for verdict in (None, rejected):
        assert not [name for name in alerts(write(verdict=verdict)) if "BeforeTheChange" in name]


def test_goroutines_are_watched_where_there_are_some(write: Write) -> None:
    assert alerts(write("go"))["GoroutinesTargetMissed"].endswith("> 10000")
    assert "GoroutinesTargetMissed" not in alerts(write("python"))


def test_a_target_that_was_not_understood_is_not_watched(write: Write) -> None:
    vague = Policy(targets=(PerformanceTarget(text="Feels quick", threshold=None),))
    folder = write(policy=vague)
    assert "- Feels quick" in (folder / "README.md").read_text()


def test_a_limit_that_must_be_exceeded_alerts_below_it(write: Write) -> None:
    more = Threshold(metric="memory", comparator=">", value=5.0, unit="B")
    folder = write(policy=Policy(targets=(PerformanceTarget(text="Memory > 5 B", threshold=more),)))
    assert alerts(folder)["MemoryTargetMissed"].endswith("<= 5")


@pytest.mark.parametrize(
    ("name", "job"),
    [("Day's Reports", "day-s-reports"), ("ünï", "n"), ("---", "service"), ("a_b.c", "a-b-c")],
)
def test_a_job_name_is_letters_digits_and_hyphens(name: str, job: str) -> None:
    assert job_name(name) == job


def collector(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("collector", folder / "collector.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_python_collector_serves_what_the_rules_ask_for(write: Write) -> None:
    folder = write()
    module = collector(folder)
    with module.timed('re"port\n'), module.request():
        pass
    server = module.start(port=0)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=5) as reply:
            text = reply.read().decode()
    finally:
        server.shutdown()
        server.server_close()
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert "error" not in done.stderr.lower(), done.stderr
    assert asked_for(folder) <= exported(text)
    assert 'operation_duration_seconds_count{operation="re\\"port\\n"} 1' in text
    assert 'request_duration_seconds_bucket{le="+Inf"} 1' in text


def test_the_collector_samples_as_often_as_the_definition_asks(write: Write) -> None:
    assert collector(write()).INTERVAL_S == POLICY.metrics_interval_s == 10


@pytest.mark.slow
def test_the_go_collector_builds_and_serves_what_the_rules_ask_for(write: Write) -> None:
    folder = write("go")
    module = folder / "module"
    (module / "collector").mkdir(parents=True)
    (module / "go.mod").write_text("module example.com/m\n\ngo 1.24\n")
    shutil.copy(folder / "collector.go", module / "collector")
    (module / "main.go").write_text(
        'package main\n\nimport (\n\t"fmt"\n\t"net/http/httptest"\n\n\t"example.com/m/collector"\n)\n\n'
        'func main() {\n\tcollector.Timed("re\\"port")()\n\tcollector.Request()()\n'
        "\tw := httptest.NewRecorder()\n"
        '\tcollector.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))\n'
        "\tfmt.Print(w.Body.String())\n}\n"
    )
    for words in (["go", "vet", "./..."], ["gofmt", "-l", "."]):
        done = subprocess.run(words, cwd=module, capture_output=True, text=True, timeout=240, check=False)
        assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    done = subprocess.run(
        ["go", "run", "."], cwd=module, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert asked_for(folder) <= exported(done.stdout)
    assert 'operation_duration_seconds_count{operation="re\\"port"} 1' in done.stdout


def asked_for(folder: Path) -> set[str]:
    """The series that the rules select; what they record themselves has a colon in its name."""
    groups = yaml.safe_load((folder / "rules.yml").read_text())["groups"]
    expressions = " ".join(rule["expr"] for group in groups for rule in group["rules"])
    return {name for name in re.findall(r"([a-zA-Z_:][\w:]*)\{", expressions) if ":" not in name}


def exported(text: str) -> set[str]:
    return {re.split(r"[{ ]", line)[0] for line in text.splitlines() if line and not line.startswith("#")}
