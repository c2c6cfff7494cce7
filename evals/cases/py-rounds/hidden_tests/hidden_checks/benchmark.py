"""A shift of another shape and size."""

import random

from rounds.jobs import Job
from rounds.owners import board
from rounds.sharing import share

SOURCE = random.Random(21)
JOBS = [Job(f"n{n}", f"team{n % 40}", SOURCE.randint(1, 60)) for n in range(36000)]
print(board(share(JOBS, 16)))
