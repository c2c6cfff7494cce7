"""A desk with two targets, and a run's files as a real run leaves them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.jobs.opening import open_desk
from agent.rendering import json as json_rendering
from agent.report import Report
from agent.settings import Settings
from tests.agent.conftest import bottleneck as bottleneck  # a fixture, as the following ones
from tests.agent.conftest import comparisons as comparisons
from tests.agent.conftest import evidence as evidence
from tests.agent.conftest import judged as judged
from tests.agent.conftest import plan as plan
from tests.agent.conftest import report as report
from tests.doors.mcp.scene import Scene
from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Function, ValueType

SOURCE = """\
package report

func Find(n int) int {
	sum := 0
	for i := 0; i < n; i++ {
		sum += i
	}
	return sum
}
"""
PATCH = "--- a/report/report.go\n+++ b/report/report.go\n@@ -4 +4 @@\n-\tsum := 0\n+\tsum := 1\n"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A Go module with one package, and a secret where a repository keeps its own."""
    root = tmp_path / "orders"
    (root / "report").mkdir(parents=True)
    (root / "go.mod").write_text("module example.org/daily\n\ngo 1.22\n")
    (root / "report" / "report.go").write_text(SOURCE)
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("password = Find\n")
    return root


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """Two minutes in `Find`, one in what it calls; and in a function that claims to be in git's settings."""
    find = Function(name="example.org/daily/report.Find", file="/build/orders/report/report.go", start_line=3)
    equal = Function(name="runtime.memequal", file="/usr/lib/go/src/runtime/asm.s", start_line=1)
    hostile = Function(name="password.Find", file="/build/orders/.git/config", start_line=1)
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    builder.add([(find, 6)], [120_000_000_000])
    builder.add([(equal, 1), (find, 5)], [60_000_000_000])
    builder.add([(hostile, 1)], [1_000_000_000])
    path = tmp_path / "cpu.pb.gz"
    write_pprof(builder.build(duration_ns=200_000_000_000), path)
    return path


@pytest.fixture
def scene(tmp_path: Path, target: Path, profile: Path, report: Report) -> Scene:
    """Ann may ask about both targets, Bob about `orders` only."""
    settings = {
        "storage": {"runs_folder": str(tmp_path / "runs"), "state_folder": str(tmp_path / "state")},
        "targets": {
            "orders": {"path": str(target), "description": "the report of all orders"},
            "prices": {
                "path": str(target),
                "callers": ["token:ann"],
                "workloads": {"small": {"command": ["./cmd/price"]}, "large": {"bench": "Large"}},
            },
        },
        "access": {"limits": {"requests_per_minute": None, "waiting_jobs": None, "runs_per_day": None}},
    }
    here = replace(report, plan=replace(report.plan, root=str(target)))
    files = {
        "report.json": json_rendering.render(here).encode(),
        "optimization.patch": PATCH.encode(),
        "profiles/cpu.pb.gz": profile.read_bytes(),
    }
    return Scene(desk=open_desk(Settings.model_validate(settings), {}), files=files, target=target)
