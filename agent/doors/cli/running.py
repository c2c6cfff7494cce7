"""Running a request from a terminal: live progress on standard error, the answer on standard output."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.status import Status
from rich.text import Text

from agent.deps import Progress
from agent.doors.cli.arguments import open_store
from agent.errors import BadRequest
from agent.rendering import json as json_rendering
from agent.rendering import text as text_rendering
from agent.rendering.terminal import plain
from agent.report import Report
from agent.selftest.suite import Selftest
from agent.service import Service
from agent.store import RunFolder
from tools.measure.verdict import Rejection

Ask = Callable[[Service, Callable[[Progress], None]], Report]
Show = Callable[[Report, Path], None]


VERDICT_CODES: Mapping[Rejection, int] = {
    "no detectable gain": 10,
    "gain below the policy": 10,
    "slower elsewhere": 11,
    "does not apply": 12,
    "does not build": 12,
    "tests fail": 12,
    "results differ": 12,
    "forbidden edit": 13,
    "gaming": 13,
    "not enough samples": 14,
}
"""What a run about a given change ends with when the change is rejected."""


def exit_code_of(report: Report) -> int:
    """0, 4 when the target could not be measured, or the code of a given change's rejection."""
    if report.outcome == "not measured":
        return 4
    reason = report.given.verdict.reason if report.given is not None else None
    return 0 if reason is None else VERDICT_CODES[reason]


def answer(
    args: argparse.Namespace, ask: Ask, environment: Mapping[str, str], show: Show | None = None
) -> int:
    """Ask the service, show progress, print the answer, by `show` where it is given; the exit code."""
    store = open_store(args, environment)
    service = Service(store=store, environment=environment)
    display = ProgressDisplay(quiet=args.quiet)
    with display, ended_by_interrupt(service):
        try:
            report = ask(service, display.show)
        except BadRequest:
            raise  # asked again the same way it would fail the same way
        except BaseException:
            if service.folder is not None and _can_go_on(service.folder):
                display.last_words = f"resume with: ask-profiler resume {service.folder.id}"
            raise
    folder = store.open(report.run_id).path
    if show is not None:
        show(report, folder)
    else:
        print_report(report, folder, as_json=args.json)
    return exit_code_of(report)


def _can_go_on(folder: RunFolder) -> bool:
    """Whether `resume` may get further."""
    return folder.ending is None or folder.ending.can_go_on


def print_report(report: Report, folder: Path, *, as_json: bool) -> None:
    """The answer on standard output: JSON, or the terminal summary with where the files are."""
    if as_json:
        sys.stdout.write(json_rendering.render(report))
        return
    console = Console(highlight=False)
    colour = console.is_terminal and not console.no_color
    sys.stdout.write(text_rendering.render(report, width=console.width, colour=colour))
    sys.stdout.write(f"\nReport: {folder / 'report.html'}\n")
    if report.patch:
        sys.stdout.write(f"Apply:  ask-profiler apply {report.run_id}\n")


@contextmanager
def ended_by_interrupt(running: Service | Selftest) -> Iterator[None]:
    """Ctrl-C and SIGTERM end every program that was started; a run itself can be resumed."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        running.cancel()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class ProgressDisplay:
    """Stage, elapsed time and what is running: one live line on a terminal, plain lines elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(stderr=True, highlight=False, quiet=quiet)
        self._status: Status | None = None
        self._started = time.monotonic()
        self._since = 0.0
        self._stage = ""
        self._text = ""
        self.last_words = ""

    def __enter__(self) -> ProgressDisplay:
        if self._console.is_terminal and not self._console.quiet:
            self._status = self._console.status("starting")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()
        if self.last_words:
            self._console.print(self.last_words, markup=False)

    def show(self, progress: Progress) -> None:
        """Show one event; called from the run's threads."""
        count = f" {progress.done}/{progress.of}" if progress.of else ""
        elapsed = f"{time.monotonic() - self._started:5.1f} s"
        progress = replace(progress, text=plain(progress.text))
        line = f"{elapsed}  {progress.stage:<11} {progress.text}"
        if self._status is not None:
            if (progress.stage, progress.text) != (self._stage, self._text) and self._text:
                done = Text.assemble((f"{self._since:5.1f} s", "dim"), f"  {self._stage:<11} {self._text}")
                self._console.print(done, soft_wrap=True)
            self._status.update(_plain(line + count))
        elif (progress.stage, progress.text) != (self._stage, self._text):
            self._console.print(line, markup=False, soft_wrap=True)
        if (progress.stage, progress.text) != (self._stage, self._text):
            self._since = time.monotonic() - self._started
        self._stage, self._text = progress.stage, progress.text


def _plain(text: str) -> str:
    """Text that rich takes literally: names from a target may look like markup."""
    return text.replace("[", "\\[")
