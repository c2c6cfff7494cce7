"""What is to be run."""

from dataclasses import dataclass


@dataclass(slots=True)
class Job:
    """A job, how long it takes alone, and who wants it."""

    name: str
    owner: str
    seconds: int


def read_jobs(text):
    """The jobs of a list, `name owner seconds` a line; a job that takes no time is an error."""
    jobs = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, owner, seconds = line.split()
        if int(seconds) <= 0:
            raise ValueError(f"line {number}: {name} takes {seconds} s")
        jobs.append(Job(name, owner, int(seconds)))
    return jobs
