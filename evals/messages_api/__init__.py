"""A server that speaks the Messages API by a script: real HTTP on loopback, for tests and figures without a key.

    with ScriptedApi([Uses(("top", {"limit": 5})), Says("It is the sort.")]) as api:
        ...  # api.environment points a program at it, in this process or another

It refuses what the API would refuse and counts tokens and cache reads by rules that are like the API's.
"""

from evals.messages_api.script import (
    Answers,
    Breaks,
    Cuts,
    Fails,
    Hidden,
    Page,
    Said,
    Says,
    Slow,
    Stalls,
    Step,
    Thought,
    Used,
    Uses,
    too_long,
)
from evals.messages_api.server import Listed, ScriptedApi, Seen

__all__ = [
    "Answers",
    "Breaks",
    "Cuts",
    "Fails",
    "Hidden",
    "Listed",
    "Page",
    "Said",
    "Says",
    "ScriptedApi",
    "Seen",
    "Slow",
    "Stalls",
    "Step",
    "Thought",
    "Used",
    "Uses",
    "too_long",
]
