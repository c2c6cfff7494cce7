"""A vault opens for its passphrase and for no other."""

import unittest

from vault.entries import mixed, seal, unlock
from vault.stretching import fill, stretch, trace

SALT = b"0123456789abcdef"
SECRETS = {"mail": b"hunter2", "bank": b"1234"}


class VaultTest(unittest.TestCase):
    """Sealing and opening."""

    def test_opens(self):
        vault = seal(SECRETS, b"pass", SALT, 30)
        self.assertEqual(unlock(vault, b"pass"), SECRETS)
        self.assertNotIn(b"hunter2", vault.hidden.values())

    def test_wrong_passphrase(self):
        with self.assertRaises(PermissionError):
            unlock(seal(SECRETS, b"pass", SALT, 30), b"guess")

    def test_too_long(self):
        with self.assertRaises(ValueError):
            seal({"novel": b"x" * 65}, b"pass", SALT, 1)

    def test_mixed_twice(self):
        self.assertEqual(mixed(mixed(b"abc", "n", b"k"), "n", b"k"), b"abc")


class StretchingTest(unittest.TestCase):
    """Keys depend on everything."""

    def test_known_keys(self):
        self.assertEqual(stretch(b"pass", SALT, 0).secret.hex()[:16], "e957a7f04d07947e")
        self.assertEqual(stretch(b"pass", SALT, 10).secret.hex()[:16], "ae66eab93b61aacf")
        self.assertEqual(stretch(b"pass", SALT, 10).check, "f18210adc7beb620")

    def test_every_part_counts(self):
        keys = [stretch(b"a", SALT, 9), stretch(b"b", SALT, 9), stretch(b"a", SALT[::-1], 9), stretch(b"a", SALT, 8)]
        self.assertEqual(len({key.secret for key in keys}), 4)

    def test_chain(self):
        blocks = fill(b"seed", b"pad", 3)
        self.assertEqual([len(block) for block in blocks], [4, 64, 64, 64])
        self.assertEqual(trace([b"\x1f", b"\x00"]), "f0")


if __name__ == "__main__":
    unittest.main()
