"""The question decides what is looked at first."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from agent.planning import HostIntake, focus_of
from agent.request import Request
from tools.run.process import Runner


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Report generation takes 30 seconds for 1000 records", "cpu"),
        ("Why is this slow?", "cpu"),
        ("What could be better?", "cpu"),
        ("", "cpu"),
        ("The worker climbs to 900 MB and gets killed", "memory"),
        ("Is there a leak?", "memory"),
        ("why is it so big", "memory"),
        ("It is slow and uses a lot of memory", "cpu"),
    ],
)
def test_memory_comes_first_only_when_the_question_is_about_memory_alone(question: str, first: str) -> None:
    assert focus_of(question, "python")[0] == first


def test_every_view_of_a_language_is_in_its_focus() -> None:
    assert focus_of("slow", "go") == ("cpu", "memory", "goroutines")
    assert focus_of("slow", "python") == ("cpu", "memory")


def test_contention_is_looked_at_first_when_asked_about_and_else_not_at_all() -> None:
    assert focus_of("everyone waits for one lock", "go") == ("contention", "cpu", "memory", "goroutines")
    assert focus_of("goroutines contend for a mutex", "go")[:2] == ("contention", "goroutines")
    assert "contention" not in focus_of("the clock is blocked", "go")
    assert "contention" not in focus_of("a lock", "python")


def test_goroutines_come_first_when_asked_about_and_only_in_go() -> None:
    assert focus_of("Are there goroutines that never end?", "go")[0] == "goroutines"
    assert focus_of("Everything seems blocked", "go")[0] == "goroutines"
    assert "goroutines" not in focus_of("goroutines?", "python")


@pytest.mark.parametrize(
    ("question", "is_watched"),
    [
        ("Its memory grows all day", True),
        ("Does it leak?", True),
        ("Why does it use so much memory?", False),
        ("Time grows with the number of records", False),
    ],
)
def test_what_python_goes_on_keeping_is_watched_when_growing_memory_is_asked_about(
    question: str, is_watched: bool, tmp_path: Path, runner: Runner
) -> None:
    """tracemalloc makes a program several times slower."""
    (tmp_path / "app.py").write_text("if __name__ == '__main__':\n    print(1)\n")
    request = Request(question=question, target=str(tmp_path / "app.py"), python=sys.executable)
    plan = HostIntake(runner=runner, environment=dict(os.environ), request=request).plan(request, tmp_path)
    assert ("tracemalloc" in plan.profilers) is is_watched
    assert {"py-spy", "memray"} <= {*plan.profilers, *(m.what for m in plan.missing)}
