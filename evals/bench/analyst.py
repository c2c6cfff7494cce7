"""What asking a model takes: tokens of an investigation, the share that is read from the cache, time beside the API's.

The model is a script behind the real SDK and a real socket; tokens are counted as that server does, one for 3.5
characters of a request's JSON.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from agent.report import Report
from agent.request import Request
from agent.service import Service
from agent.store import Store
from evals.bench.figure import Conditions, Figure
from evals.bench.large import large_profile
from evals.bench.reading import FUNCTIONS, SAMPLES, SHORT_FUNCTIONS, SHORT_SAMPLES, generate
from evals.messages_api import ScriptedApi, Uses
from evals.messages_api.script import Answers, Json
from tools.errors import ToolError
from tools.go.program import find_go
from tools.profiles.pprof import write_pprof
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox
from tools.run.watch import Limits

QUESTIONS = 15
BEFORE_GOAL, ALL_GOAL, CACHE_GOAL, TURN_GOAL_S = 12_000, 40_000, 0.8, 0.05
TRACED = 50
"""The raw text of a large profile is told by the text of one of so many of its samples."""
_NAME = re.compile(r"\\n\d+\. (\S+) at ")


def bench_analyst(conditions: Conditions) -> Iterator[Figure]:
    """An investigation of one large profile by a script of questions. Raises: ToolError, AgentError."""
    full = conditions.trials is None
    samples, functions = (SAMPLES, FUNCTIONS) if full else (SHORT_SAMPLES, SHORT_FUNCTIONS)
    path = generate(samples, functions, conditions.folder)
    conditions.say(f"a model asks {QUESTIONS} questions about {samples:,} samples")
    with ScriptedApi(_script(_curious)) as api:
        _investigate(api, path, conditions.folder)
    counts = [seen.count for seen in api.seen if seen.count is not None]
    sent = [count.sent_tokens for count in counts]
    read = [count.cache_read_tokens for count in counts]
    new = sum(count.input_tokens + count.cache_write_tokens for count in counts)
    raw = _raw_tokens(samples, functions, conditions.folder)
    beside = f"; go tool pprof -traces would be {raw:,} tokens" if raw else ""
    steps = ", ".join(f"{tokens:,}" for tokens in sent)
    yield Figure(
        name=f"tokens of an investigation of {samples:,} samples before the first question",
        found=f"{sent[0]:,}{beside}",
        goal=f"< {BEFORE_GOAL:,}",
        is_met=sent[0] < BEFORE_GOAL,
        data={"sent": sent, "raw": raw},
    )
    yield Figure(
        name=f"tokens of the whole conversation with {len(sent) - 1} questions",
        found=f"{new:,} sent anew, {sum(sent):,} with what is read from the cache again (by request: {steps})",
        goal=f"< {ALL_GOAL:,} anew",
        is_met=new < ALL_GOAL,
        data={"new": new, "sent": sent, "read": read},
    )
    share = sum(read[1:]) / sum(sent[1:])
    yield Figure(
        name="of the tokens of requests 2 and later, read from the cache",
        found=f"{share:.1%}",
        goal=f"at least {CACHE_GOAL:.0%}",
        is_met=share >= CACHE_GOAL,
    )
    yield _turns(conditions)


def _turns(conditions: Conditions) -> Figure:
    """What a turn takes where the API answers at once and the tool has next to nothing to do."""
    path = conditions.folder / "small.pb.gz"
    write_pprof(large_profile(SHORT_SAMPLES, SHORT_FUNCTIONS), path)
    times: list[float] = []

    def idle(body: Json, turn: int) -> Answers:
        times.append(time.monotonic())
        return Uses(("evidence", {}))

    with ScriptedApi(_script(idle)) as api:
        _investigate(api, path, conditions.folder)
    between = sorted(after - before for before, after in itertools.pairwise(times))
    median_s, worst_s = between[len(between) // 2], between[-1]
    return Figure(
        name="a model's turn outside of the API's own time",
        found=f"{median_s * 1e3:.1f} ms, the scripted API's part included (longest of {len(between)}: "
        f"{worst_s * 1e3:.1f} ms)",
        goal=f"< {TURN_GOAL_S * 1e3:.0f} ms",
        is_met=median_s < TURN_GOAL_S,
        data={"seconds": between},
    )


def _script(question: Callable[[Json, int], Answers]) -> Callable[[Json], Answers]:
    """So many questions, then an answer without a bottleneck."""

    def answer(body: Json) -> Answers:
        messages = body["messages"]
        turn = len(messages) // 2 if isinstance(messages, list) else 0
        if turn < QUESTIONS:
            return question(body, turn)
        return Uses(("report_bottlenecks", {"bottlenecks": [], "nothing": "Nothing stands out."}))

    return answer


def _curious(body: Json, turn: int) -> Answers:
    """What an analyst asks: the top, then callers, callees and calls of one hot function after another."""
    names = _NAME.findall(json.dumps(body["messages"])) or ["main"]
    name = names[turn % len(names)]
    questions: list[tuple[str, Mapping[str, object]]] = [
        ("top", {"capture": "cpu"}),
        ("callers", {"capture": "cpu", "function": name}),
        ("callees", {"capture": "cpu", "function": name}),
        ("top", {"capture": "cpu", "by": "cumulative", "focus": re.escape(name)}),
        ("tree", {"capture": "cpu", "focus": re.escape(name)}),
    ]
    return Uses(questions[turn % len(questions)])


def _investigate(api: ScriptedApi, path: Path, folder: Path) -> Report:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **api.environment}
    service = Service(store=Store(folder / "runs"), environment=environment)
    request = Request(question="What dominates?", target=str(path), analyst="claude")
    return service.run(request, lambda _: None)


def _raw_tokens(samples: int, functions: int, folder: Path) -> int:
    """What the raw text of such a profile would be in tokens, 0 without Go."""
    part = folder / "part.pb.gz"
    write_pprof(large_profile(max(samples // TRACED, 1), functions), part)
    runner = Runner(NoSandbox())
    try:
        done = runner.run(
            [find_go(runner).path, "tool", "pprof", "-traces", str(part)],
            cwd=folder,
            limits=Limits(timeout_s=300, output_bytes=2 * 1024**3),
            confined=False,
            stdout_path=folder / "traces.txt",
        )
    except ToolError:
        return 0
    finally:
        runner.close()
    return 0 if done.exit_code else round((folder / "traces.txt").stat().st_size / 3.5) * TRACED
