"""Build what would else be built in the first run: `python -m tools.go.rewrites.prepare`."""

from __future__ import annotations

import sys

from tools.errors import ToolError
from tools.go.equivalence.analysing import Analyser
from tools.go.guarding.reading import ChangeReader
from tools.go.program import find_go
from tools.go.rewrites.rewriter import GoRewriter, cache_folder
from tools.go.varying.numbers import numbers_companion
from tools.run.process import Limits, Runner
from tools.run.sandbox import NoSandbox

STANDARD_PACKAGES = ("testing", "fmt", "regexp", "runtime/pprof", "encoding/json", "net/http")


def main() -> int:
    """Build our programs in Go and the packages that most targets use; 1 when Go isn't there or can't build."""
    runner = Runner(NoSandbox())
    try:
        go = find_go(runner)
        for program in (
            GoRewriter(runner, go, cache_folder()).companion,
            Analyser(runner, go, cache_folder()).companion,
            ChangeReader(runner, go, cache_folder()).companion,
            numbers_companion(runner, go, cache_folder()),
        ):
            program.prepare()
        runner.run(
            [go.path, "build", *STANDARD_PACKAGES],
            cwd=go.root,
            env={"GOTOOLCHAIN": "local"},
            confined=False,
            limits=Limits(timeout_s=300.0),
            program="go build",
        )
    except ToolError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
