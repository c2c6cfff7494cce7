"""What must hold of every shift."""

import random
import unittest

from rounds.jobs import Job
from rounds.sharing import Finish, share


def plainly(jobs, turn_s):
    """The same by going round and round over what is left."""
    left = {number: job.seconds for number, job in enumerate(jobs)}
    turns = dict.fromkeys(left, 0)
    finished, now = [], 0
    while left:
        for number in list(left):
            now += min(left[number], turn_s)
            left[number] -= turn_s
            turns[number] += 1
            if left[number] <= 0:
                del left[number]
                finished.append(Finish(jobs[number].name, jobs[number].owner, now, turns[number]))
    return finished


class HiddenTest(unittest.TestCase):
    def test_random_shifts(self):
        source = random.Random(4)
        for _ in range(80):
            jobs = [Job(f"j{n}", f"o{n % 3}", source.randint(1, 40)) for n in range(source.randint(0, 30))]
            turn_s = source.randint(1, 15)
            self.assertEqual(share(jobs, turn_s), plainly(jobs, turn_s))

    def test_jobs_stay_as_they_are(self):
        jobs = [Job("a", "x", 9), Job("b", "y", 3)]
        first = share(jobs, 2)
        self.assertEqual(jobs, [Job("a", "x", 9), Job("b", "y", 3)])
        self.assertEqual(share(jobs, 2), first)

    def test_result_is_a_list(self):
        self.assertIs(type(share((Job("a", "x", 1),), 2)), list)

    def test_capacity(self):
        jobs = [Job(str(n), "x", n + 1) for n in range(6)]
        self.assertEqual(share(jobs, 3, capacity=0), [])
        self.assertEqual(share(jobs, 3, capacity=99), plainly(jobs, 3))
