"""`ask-profiler` as a real process with a home and runs of its own, and the promise that the target stays as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.doors.targets import snapshot

QUIET_SETTINGS = (
    "measure: {capture_s: 0.3, process_s: 0.01, calibration_pairs: 4, pairs_min: 8, pairs_max: 8,\n"
    "          final_s: 0}\n"
    "verify: {values_s: 2, generated_calls: 30, counting_s: 0}\n"
)
NOT_OURS = ("ASK_PROFILER", "XDG_", "ANTHROPIC", "VIRTUAL_ENV", "PYTEST")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What one command line came to."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def report(self) -> Any:
        """The report that `--json` printed."""
        return json.loads(self.stdout)

    @property
    def complaint(self) -> str:
        """What it said was wrong: from the one line that starts with its name, to the end."""
        assert "Traceback" not in self.stderr, self.stderr
        assert self.stderr.count("ask-profiler: ") == 1, self.stderr
        return self.stderr.partition("ask-profiler: ")[2]


@dataclass(frozen=True, slots=True)
class Cli:
    """Starts `ask-profiler` by `python`. `before` holds words that run it, such as with another root or limits."""

    home: Path
    python: str = sys.executable

    @property
    def runs(self) -> Path:
        """Where runs are kept."""
        return self.home / "runs"

    @property
    def settings(self) -> Path:
        """An agent.yaml that measures as little as can be."""
        path = self.home / "quick.yaml"
        path.write_text(QUIET_SETTINGS)
        return path

    def words(self, *words: str | Path) -> list[str]:
        """The whole command line."""
        return [self.python, "-m", "agent.doors.cli.main", *map(str, words)]

    def env(self, **more: str) -> dict[str, str]:
        """The environment of a user who has set nothing of ours."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(NOT_OURS)}
        own = {"HOME": str(self.home), "COLUMNS": "100", "XDG_RUNTIME_DIR": str(self.home)}
        repository = {"PYTHONPATH": f"{Path(__file__).parents[2]}:{sysconfig.get_paths()['purelib']}"}
        return {**kept, **self._caches(), **repository, **own, **more}

    def __call__(self, *words: str | Path, before: Sequence[str] = (), **environment: str) -> Answered:
        """Run one command line to its end."""
        done = subprocess.run(
            [*before, *self.words(*words)],
            cwd=self.home,
            env=self.env(**environment),
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        return Answered(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def ask(
        self, target: Path, *words: str | Path, before: Sequence[str] = (), **environment: str
    ) -> Answered:
        """Ask about a target; it must be the same before and after, whatever comes of it."""
        found = snapshot(target)
        answered = self(*self.question(target, *words), before=before, **environment)
        assert snapshot(target) == found
        return answered

    def question(self, target: Path, *words: str | Path) -> list[str | Path]:
        """The words of a question about a target."""
        given = {*words}
        runs: list[str | Path] = [] if "--runs-dir" in given else ["--runs-dir", self.runs]
        settings: list[str | Path] = [] if "--settings" in given else ["--settings", self.settings]
        return ["Why is it slow?", "--target", target, *runs, *settings, *words]

    def _caches(self) -> dict[str, str]:
        """The caches of whoever runs the tests: with another home, Go would compile its library again."""
        user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        go = {"GOCACHE": user / "go-build", "GOPATH": Path.home() / "go"}
        return {"ASK_PROFILER_CACHE": str(user / "ask-profiler"), **{k: str(v) for k, v in go.items()}}


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    home = tmp_path / "home"
    home.mkdir()
    return Cli(home)
