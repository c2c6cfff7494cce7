"""What the tools take: each parameter with its bounds and with what a client's model is told of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agent.jobs.choosing import LARGEST, MOST_SIZES

TOKENS = 4_000
WAIT_S = 600.0
"""Clients that get no answer for longer often give up, and a call that is given up is cancelled."""

Target = Annotated[
    str,
    Field(
        max_length=1_000,
        description="the program: a name from agent.yaml; a local caller may give a path, http://HOST:PORT of a pprof "
        "endpoint or pid:N. Left out: the only one there is, else you are asked which",
    ),
]
Question = Annotated[str, Field(max_length=4_000, description="what is wrong, in plain words")]
WorkloadName = Annotated[
    str,
    Field(
        max_length=1_000,
        description="how it is exercised: a workload's name from agent.yaml; for a path `bench:REGEX` of benchmarks' "
        "names, or `command:WORDS`, run without a shell. Left out: as it is found in a path, else as for `target`",
    ),
]
Sizes = Annotated[
    tuple[Annotated[int, Field(ge=1, le=LARGEST)], ...],
    Field(max_length=MOST_SIZES, description="input sizes for {size} in `workload` command:WORDS of a path"),
]
RunId = Annotated[
    str,
    Field(
        max_length=64,
        description="instead of starting anything: go on waiting for this run, or show it again",
    ),
]
WaitSeconds = Annotated[
    float,
    Field(
        ge=0,
        le=3_600,
        description="after so many seconds the state is told and the run goes on: call again with `run` then",
    ),
]
TokenLimit = Annotated[int, Field(ge=1_000, le=20_000, description="how long the answer may be")]
Patch = Annotated[
    str,
    Field(
        max_length=16 * 1024 * 1024,
        description="the change as `git diff` writes it, its file names relative to the target's root",
    ),
]
Title = Annotated[str, Field(max_length=300, description="what the change is called in reports")]
MinimumGain = Annotated[
    float | None,
    Field(
        ge=0, lt=1, description="the least gain that counts, as a ratio: 0.05 is 5 %. Left out: the policy's"
    ),
]
AnyRun = Annotated[
    str, Field(min_length=1, max_length=64, description="a run's id, as the other tools tell it")
]
Offset = Annotated[
    int, Field(ge=0, le=1_000_000_000, description="the character to begin with: `next_offset` of a page")
]

ProfileRun = Annotated[
    str,
    Field(max_length=64, description="the run that the profile belongs to; a local caller may leave it out"),
]
ProfileName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1_000,
        description="a profile of the run by its view (cpu, memory), evidence id or name; without `run` the path of a "
        "recorded profile",
    ),
]
Function = Annotated[
    str, Field(min_length=1, max_length=300, description="whole name, or a regex found in it")
]
Value = Annotated[
    str, Field(max_length=200, description="what is counted, such as inuse_space; default: the main one")
]
Focus = Annotated[
    str, Field(max_length=200, description="regex: only stacks with a function or file that matches")
]
Ignore = Annotated[str, Field(max_length=200, description="regex: no such stacks")]
Split = Annotated[
    str,
    Field(
        max_length=200,
        description="instead of functions: the total by a label, such as thread, or state (goroutines)",
    ),
]
Limit = Annotated[int, Field(ge=1, le=200)]
FewFunctions = Annotated[int, Field(ge=1, le=5, description="functions, where several match")]
SourceFolder = Annotated[
    str,
    Field(
        max_length=1_000,
        description="local callers, without `run`: the folder that the sources are below; default: here",
    ),
]
OtherRun = Annotated[
    str, Field(max_length=64, description="the run that `after` belongs to, where it is another one")
]
