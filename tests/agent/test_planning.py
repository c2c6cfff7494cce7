"""The question decides what is looked at first."""

from __future__ import annotations

import pytest

from agent.planning import focus_of


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
