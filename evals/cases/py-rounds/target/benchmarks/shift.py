"""A whole shift: `python -m benchmarks.shift --jobs 5000`."""

import sys

from rounds.jobs import read_jobs
from rounds.owners import board
from rounds.sharing import share


def shift(size):
    """A list of so many jobs, the same for the same size."""
    return "".join(f"job-{n} owner{n % 17} {1 + n * 7919 % 31}\n" for n in range(size))


def main(arguments):
    """Print the shift's board."""
    size = int(arguments[arguments.index("--jobs") + 1]) if "--jobs" in arguments else 1000
    print(board(share(read_jobs(shift(size)), 10)), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
