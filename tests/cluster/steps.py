"""A graph of a few steps, two of them side by side, that leaves files; any worker can go on with it."""

from __future__ import annotations

import operator
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agent.cluster.files import ClusterFiles
from agent.jobs.claims import Claim
from agent.store import RunFolder

NODES = ("plan", "left", "right", "sum")
ANSWER = "plan left right sum"


class State(TypedDict, total=False):
    """What the steps found."""

    asked: str
    found: Annotated[list[str], operator.add]


@dataclass(slots=True, kw_only=True)
class Steps:
    """The steps. At `die_at` the process is killed, at `wait_at` it waits until the file `go` is there; the first
    worker only.
    """

    folder: Path
    said: Path
    is_first: bool
    die_at: str = ""
    wait_at: str = ""

    def graph(self, saver: BaseCheckpointSaver[str]) -> CompiledStateGraph[State, None, State, State]:
        """The graph over these steps."""
        graph = StateGraph(State)
        for name in NODES:
            graph.add_node(name, self.step(name))
        graph.add_edge(START, "plan")
        graph.add_edge("plan", "left")
        graph.add_edge("plan", "right")
        graph.add_edge(["left", "right"], "sum")
        graph.add_edge("sum", END)
        return graph.compile(checkpointer=saver)

    def step(self, name: str) -> Any:  # langgraph's type of a node is its own
        """One step: says that it was done, and leaves a file."""

        def do(state: State) -> State:
            if name == "right":
                time.sleep(0.5)  # the left one is kept before
            if name == self.die_at and self.is_first:
                os.kill(os.getpid(), signal.SIGKILL)
            if name == self.wait_at and self.is_first:
                self.say("waiting", name)
                until = time.monotonic() + 60
                while not (self.said.parent / "go").exists() and time.monotonic() < until:
                    time.sleep(0.05)
            (self.folder / "work").mkdir(exist_ok=True)
            (self.folder / f"{name}.txt").write_text(f"{name} by {os.getpid()}")
            (self.folder / "work" / name).symlink_to("../plan.txt")
            self.say("did", name)
            return {"found": [name]}

        return do

    def say(self, what: str, name: str) -> None:
        """Tell the test."""
        handle = os.open(self.said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, f"{os.getpid()} {what} {name}\n".encode())
        os.close(handle)


def carry_out_steps(
    files: ClusterFiles, claim: Claim, folder: Path, die_at: str = "", wait_at: str = ""
) -> str:
    """Begin the run of a job or go on with it, as agent.service does; the answer is made of what lies in its folder."""
    run = RunFolder(files.take(claim).runs_dir / claim.job.run_id)
    run.path.mkdir(parents=True, exist_ok=True)
    is_first = claim.job.attempts == 0
    steps = Steps(folder=run.path, said=folder / "said", is_first=is_first, die_at=die_at, wait_at=wait_at)
    config: RunnableConfig = {"configurable": {"thread_id": run.id}}
    with files.checkpoints(claim)(run) as saver:
        graph = steps.graph(saver)
        start = None if graph.get_state(config).next else State(asked=claim.job.question)
        for _ in graph.stream(start, config, durability="sync"):
            pass
        found = graph.get_state(config).values["found"]
    assert all((run.path / f"{name}.txt").is_file() for name in NODES)
    files.keep(claim, run)
    return " ".join(found)
