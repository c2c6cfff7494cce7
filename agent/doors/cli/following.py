"""Questions about a finished run from a terminal: one answer, or a conversation that survives what fails in it."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from types import FrameType, TracebackType

from rich.console import Console

from agent.deps import Progress
from agent.doors.cli.arguments import open_store
from agent.doors.cli.running import ProgressDisplay
from agent.errors import BadRequest, ModelFailed
from agent.evidence import EvidenceIndex, Reference
from agent.followup import Answered, FollowUp, opened
from agent.rendering.quantities import REFERENCE
from agent.rendering.reply import render, shown
from agent.rendering.terminal import plain
from tools.errors import Cancelled, ToolError

PROMPT = "> "
INTERRUPTED = 130


class Conversing:
    """One conversation with a run: Ctrl-C ends the answer that is worked on, SIGTERM all of it.

    `after` is printed after each answer.
    """

    def __init__(
        self, args: argparse.Namespace, environment: Mapping[str, str], analyst: str | None, after: str = ""
    ) -> None:
        self._args = args
        self._environment = environment
        self._analyst = analyst
        self._stack = contextlib.ExitStack()
        self._display: ProgressDisplay | None = None
        self._told: tuple[str, ...] = ()
        self._talk: FollowUp | None = None
        self._after = after
        self.is_ended = False
        self.is_waiting = False

    def __enter__(self) -> Conversing:
        store = open_store(self._args, self._environment)
        analyst, run = self._analyst, self._args.run
        self._talk = self._stack.enter_context(
            opened(store, run, self._environment, lambda progress: self._show(progress), analyst)
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            self._stack.callback(signal.signal, number, signal.signal(number, self._stop))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def answer(self, question: str) -> None:
        """Answer a question on standard output. Raises: AgentError, ToolError, Cancelled."""
        talk = self._talking
        with ProgressDisplay(quiet=self._args.quiet) as self._display:
            answered = talk.ask(question)
        for warning in answered.warnings:
            if warning not in self._told:
                self._say(f"warning: {warning}")
        self._told = answered.warnings
        if self._args.json:
            sys.stdout.write(as_json(talk.folder.id, answered, talk.evidence) + "\n")
        else:
            sys.stdout.write(render(answered.text, talk.evidence, width=Console().width) + self._after)
        sys.stdout.flush()

    def try_to_answer(self, question: str) -> int:
        """Answer a question; what fails is said in a sentence, and its exit code returned. Raises: StorageFailed."""
        try:
            self.answer(question)
        except Cancelled:
            self._say("this answer was cancelled; the conversation goes on")
            return INTERRUPTED
        except (BadRequest, ModelFailed) as error:
            self._say(str(error))
            return error.exit_code
        except ToolError as error:
            self._say(str(error))
            return 8
        return 0

    @property
    def _talking(self) -> FollowUp:
        if self._talk is None:
            raise ValueError("the conversation was not begun")
        return self._talk

    def _show(self, progress: Progress) -> None:
        if self._display is not None:
            self._display.show(progress)

    def _say(self, text: str) -> None:
        sys.stderr.write(f"ask-profiler: {plain(text)}\n")

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        """Cancel what is worked on; while waiting for a question there is only the waiting to end."""
        self._talking.cancel()
        self.is_ended = self.is_ended or number == signal.SIGTERM
        if self.is_waiting:
            raise KeyboardInterrupt


def lines_of(talk: Conversing, *, is_prompted: bool) -> Iterator[str]:
    """The questions of standard input, blanks around them left out, until its end.

    Ctrl-C at the prompt throws the line away. Raises: KeyboardInterrupt without a prompt, or when all is to end.
    """
    if is_prompted:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 - `input` edits lines and remembers them once it is there
    while True:
        talk.is_waiting = True
        try:
            line = input(PROMPT) if is_prompted else sys.stdin.readline()
        except EOFError:
            sys.stdout.write("\n")
            return
        except KeyboardInterrupt:
            if talk.is_ended or not is_prompted:
                raise
            sys.stdout.write("\n")
            continue
        finally:
            talk.is_waiting = False
        if not line and not is_prompted:
            return
        yield line.strip()
        if talk.is_ended:
            raise KeyboardInterrupt


def as_json(run_id: str, answered: Answered, evidence: EvidenceIndex) -> str:
    """An answer for programs: as it is kept, as it is shown, and every number that it names with its unit."""
    named = dict.fromkeys(Reference(evidence_id=m[1], name=m[2]) for m in REFERENCE.finditer(answered.text))
    return json.dumps(
        {
            "run": run_id,
            **asdict(answered),
            "shown": shown(answered.text, evidence),
            "numbers": {str(reference): asdict(evidence.resolve(reference)) for reference in named},
        },
        ensure_ascii=False,
    )
