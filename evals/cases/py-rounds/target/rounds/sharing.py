"""Turns on the machine."""

from dataclasses import dataclass


@dataclass(slots=True)
class Finish:
    """A job that has ended, when, and how often it had its turn."""

    name: str
    owner: str
    at: int
    turns: int


def share(jobs, turn_s, capacity=None):
    """Give every job its turn of `turn_s` seconds until all have ended; in the order of their ends.

    `capacity` is how many jobs the machine takes; the others are turned away.
    """
    waiting = list(jobs[:capacity])
    left = [job.seconds for job in waiting]
    finished = []
    now = 0
    turns = 0
    while waiting:
        job = waiting.pop(0)
        seconds = left.pop(0)
        turns += 1
        now += min(seconds, turn_s)
        if seconds > turn_s:
            waiting.append(job)
            left.append(seconds - turn_s)
        else:
            finished.append(Finish(job.name, job.owner, now, -(-job.seconds // turn_s)))
    if turns != sum(finish.turns for finish in finished):
        raise AssertionError("a turn got lost")
    return finished
