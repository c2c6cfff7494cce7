"""A shift from list to board."""

import unittest

from benchmarks.shift import shift
from rounds.jobs import Job, read_jobs
from rounds.owners import board, waits
from rounds.sharing import Finish, share

JOBS = [Job("a", "ann", 5), Job("b", "bob", 2), Job("c", "ann", 3)]


class SharingTest(unittest.TestCase):
    """Every job has its turns."""

    def test_order_of_ends(self):
        self.assertEqual(
            share(JOBS, 2),
            [Finish("b", "bob", 4, 1), Finish("c", "ann", 9, 2), Finish("a", "ann", 10, 3)],
        )

    def test_capacity(self):
        self.assertEqual([finish.name for finish in share(JOBS, 10, capacity=2)], ["a", "b"])

    def test_nothing(self):
        self.assertEqual(share([], 10), [])


class ReadingTest(unittest.TestCase):
    """Lists and boards."""

    def test_jobs(self):
        self.assertEqual(read_jobs("# shift\na ann 5\n\nb bob 2\n"), JOBS[:2])
        with self.assertRaises(ValueError):
            read_jobs("a ann 0\n")

    def test_board(self):
        self.assertEqual(waits(share(JOBS, 2)), {"ann": 10, "bob": 4})
        self.assertEqual(
            board(share(JOBS, 2)), "ann                 10 s\nbob                  4 s\nmean 7.7 s over 3 jobs\n"
        )
        self.assertEqual(board([]), "mean 0.0 s over 0 jobs\n")

    def test_generated_shift(self):
        self.assertIn("over 100 jobs", board(share(read_jobs(shift(100)), 10)))


if __name__ == "__main__":
    unittest.main()
