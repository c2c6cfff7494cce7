"""`python -m evals.bench`."""

from __future__ import annotations

import sys

from evals.bench.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
