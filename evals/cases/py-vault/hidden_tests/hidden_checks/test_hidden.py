"""What must hold of every key."""

import hashlib
import unittest

from vault.entries import seal, unlock
from vault.stretching import stretch


def plainly(passphrase, salt, count):
    blocks = [hashlib.sha512(salt + passphrase).digest()]
    while len(blocks) <= count:
        blocks.append(hashlib.sha512(blocks[-1] + salt * 64).digest())
    here = blocks[-1]
    for _ in range(32):
        here = hashlib.sha512(here + blocks[int.from_bytes(here[:4], "big") % len(blocks)]).digest()
    text = "".join(format(block[0] % 16, "x") for block in blocks)
    return here, hashlib.sha256(text.encode()).hexdigest()[:16]


class HiddenTest(unittest.TestCase):
    def test_keys(self):
        for count in (0, 1, 2, 31, 500, 3000):
            for passphrase in (b"", b"pass", "pässe".encode()):
                for salt in (b"s" * 16, b"", b"0123456789"):
                    key = stretch(passphrase, salt, count)
                    self.assertEqual((key.secret, key.check), plainly(passphrase, salt, count))

    def test_opens_what_was_sealed(self):
        for n in range(20):
            secrets = {str(i): bytes([i]) * i for i in range(n)}
            self.assertEqual(unlock(seal(secrets, b"p", bytes([n]) * 16, n), b"p"), secrets)
