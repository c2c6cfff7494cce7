"""From lists to letters."""

import io
import unittest

from benchmarks.issue import lists
from newsletter.addresses import Subscriber, read_addresses, read_subscribers
from newsletter.letters import send
from newsletter.selection import count_bounces, recipients

ANN = Subscriber("ann@example.com", "Ann", ("chess", "trains"))
BOB = Subscriber("bob@example.com", "Bob", ("trains",))
CAT = Subscriber("cat@example.com", "Cat", ("chess",))


class ListsTest(unittest.TestCase):
    """Lists are read."""

    def test_subscribers(self):
        text = "Ann@example.com,Ann,chess+trains\n\nbob@example.com , Bob,trains\n"
        self.assertEqual(read_subscribers(text), [ANN, BOB])

    def test_addresses(self):
        self.assertEqual(read_addresses("Ann@Example.com\n\n bob@example.com\n"), [ANN.address, BOB.address])

    def test_bounces(self):
        self.assertEqual(count_bounces("d1 a@x\nd2 A@x\nd3 b@x\n"), {"a@x": 2, "b@x": 1})


class SelectionTest(unittest.TestCase):
    """Only those who want it get it."""

    def test_topic(self):
        self.assertEqual(recipients([ANN, BOB, CAT], "chess", [], {}), [ANN, CAT])

    def test_unsubscribed(self):
        self.assertEqual(recipients([ANN, BOB, CAT], "chess", ["cat@example.com"], {}), [ANN])

    def test_bounced(self):
        bounced = {ANN.address: 3, CAT.address: 2}
        self.assertEqual(recipients([ANN, BOB, CAT], "chess", [], bounced), [CAT])


class LettersTest(unittest.TestCase):
    """An issue is sent."""

    def test_send(self):
        out = io.StringIO()
        given = {"subscribers": "ann@example.com,Ann,chess\n", "unsubscribed": "", "bounces": ""}
        self.assertEqual(send(given, "chess", 7, "e4 e5", out), 1)
        self.assertEqual(
            out.getvalue(), "To: Ann <ann@example.com>\nSubject: Chess, issue 7\n\nDear Ann,\n\ne4 e5\n"
        )

    def test_generated_issue(self):
        self.assertEqual(send(lists(600), "trains", 1, "x", io.StringIO()), 291)


if __name__ == "__main__":
    unittest.main()
