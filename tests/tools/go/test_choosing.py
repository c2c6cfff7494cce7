"""Profilers are chosen by the question, by the definition, and by whether anything runs beside anything else."""

from __future__ import annotations

import pytest

from tools.go.choosing import ALWAYS, chosen_profilers


@pytest.mark.parametrize(
    ("question", "added"),
    [
        ("Why is this slow?", set()),
        ("the clock is slow and the blockchain is big", set()),
        ("Is there lock contention?", {"go-mutex", "go-block"}),
        ("everybody waits for one mutex", {"go-mutex", "go-block", "go-goroutine-leak"}),
        ("Everything seems blocked", {"go-block", "go-goroutine-leak"}),
        ("do we leak goroutines?", {"go-goroutine-leak"}),
        ("a goroutine leak, I think", {"go-goroutine-leak"}),
        ("goroutines that never end", {"go-goroutine-leak"}),
        ("tail latency is bad", {"go-trace"}),
        ("how long are GC pauses?", {"go-trace"}),
    ],
)
def test_a_question_calls_for_profilers_by_its_words(question: str, added: set[str]) -> None:
    assert chosen_profilers(question, "", is_sequential=True) == ALWAYS | added


def test_where_goroutines_are_started_locks_and_waits_are_looked_at_unasked() -> None:
    assert chosen_profilers("slow", "", is_sequential=False) == ALWAYS | {"go-mutex", "go-block"}


def test_a_definition_adds_what_it_names_but_not_to_a_sequential_program() -> None:
    text = "Profilers: pprof (CPU, heap), goroutine-leak profiles, execution traces."
    added = chosen_profilers("slow", text, is_sequential=False)
    assert added == ALWAYS | {"go-mutex", "go-block", "go-goroutine-leak", "go-trace"}
    assert chosen_profilers("slow", text, is_sequential=True) == ALWAYS
