import unittest

from wordstat.report import report
from wordstat.words import Stemmer, neighbours, split, stems


class TestWords(unittest.TestCase):
    def test_words_are_in_lower_case(self):
        self.assertEqual(split("Don't STOP, 3 times."), ["don't", "stop", "3", "times"])

    def test_endings_are_taken_off(self):
        stemmer = Stemmer()
        self.assertEqual([stemmer.stem(word) for word in ("walking", "hopefully", "red")], ["walk", "hope", "red"])

    def test_lines_are_stemmed(self):
        self.assertEqual(stems(["He walked", ""]), [["he", "walk"], []])

    def test_neighbours_are_counted_whichever_comes_first(self):
        self.assertEqual(neighbours([["a", "b", "a"], ["c"]]), {("a", "b"): 2})

    def test_the_report_begins_with_the_most_frequent(self):
        lines = report(["go on", "go home"], limit=1).splitlines()
        self.assertEqual(lines, ["2 lines, 4 words, 3 stems", "     2 go", "     1 go home"])


if __name__ == "__main__":
    unittest.main()
