"""The smallest whole report, and the files of the run that it is of."""

from __future__ import annotations

from collections.abc import Mapping

from agent.rendering import json as json_rendering
from agent.report import Report
from agent.request import Plan
from tools.measure.workload import Workload

PATCH = b"""--- a/report.py
+++ b/report.py
@@ -1 +1 @@
-print(1)
+print(2)
"""


def small_report() -> Report:
    """A report without evidence, of a run that improved something."""
    workload = Workload(
        language="python", kind="command", benchmarks=(), command=("x",), chosen_because="it is the only one"
    )
    return Report(
        run_id="r", created="2026-01-02T03:04:05+00:00", question="Why is it slow?", agent_name="performance-profiler",
        agent_version="1.0.0", analyst="playbook", analyst_note="", host="2 cores", outcome="improved",
        plan=Plan(language="python", root="/x", subdirectory="", workload=workload, profilers=(), focus=("cpu",),
                  toolchain="Python 3.11"),
        summary="A set is searched in place of a list.", bottlenecks=(), findings=(), candidates=(), combined=None,
        combined_evidence=(), combined_checks=(), smallest_detectable_gain=None, resources=(), targets=(),
        checklist=(), unmeasured=(), warnings=(), scaling=(), graphs=(), profiles=(), patch="optimization.patch",
        optimized_files=(), monitoring=(), evidence=(), stages=(),
    )  # fmt: skip


def run_files() -> Mapping[str, bytes]:
    """The files of such a run; one picture is too large for a message."""
    return {
        "report.md": "# Improved\n\nA set is searched. Größe.\n".encode(),
        "report.json": json_rendering.render(small_report()).encode(),
        "optimization.patch": PATCH,
        "benchmarks.json": b"[]\n",
        "benchmarks.txt": b"BenchmarkReport 1 100 ns/op\n",
        "graphs/cpu-before.svg": b"<svg/>\n",
        "graphs/memory before.svg": b"<svg>" + b" " * 400_000 + b"</svg>\n",
    }
