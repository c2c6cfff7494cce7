"""Whether this Go can tell leaked goroutines, and what a build needs for it: asked, not guessed from the version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools.go.kinds import LEAK_EXPERIMENT
from tools.go.program import GoProgram
from tools.run.process import Runner

SOURCE = Path("src/runtime/pprof/pprof.go")
PROFILE = b'"goroutineleak"'
REMEDY = "this Go has no goroutine-leak profile: use Go 1.26 or newer"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakProfile:
    """`experiment` is the GOEXPERIMENT that a build needs, "" for none; `reason` says why there is no such profile."""

    experiment: str = ""
    reason: str | None = None


def find_leak_profile(runner: Runner, go: GoProgram) -> LeakProfile:
    """What this toolchain says. Raises: ToolError when the go command can't be run at all.

    The standard library's source shows whether the profile is there; the go command refuses a GOEXPERIMENT that it
    doesn't know, as a Go that has the profile for everybody may do.
    """
    try:
        known = PROFILE in (go.root / SOURCE).read_bytes()
    except OSError:
        known = False
    if not known:
        return LeakProfile(reason=REMEDY)
    done = runner.run(
        [go.path, "list", "runtime/pprof"],
        cwd=go.root / "src",
        env={"GOTOOLCHAIN": "local", "GOEXPERIMENT": LEAK_EXPERIMENT, "GOFLAGS": "", "GOWORK": "off"},
        confined=False,
        check=False,
        program="go list",
    )
    return LeakProfile(experiment=LEAK_EXPERIMENT if done.exit_code == 0 else "")
