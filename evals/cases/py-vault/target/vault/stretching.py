"""Keys from passphrases, slow on purpose: guessing one must stay expensive."""

import hashlib
from dataclasses import dataclass

PAD = 64
WALK = 32


@dataclass(slots=True)
class Key:
    """A key, and what tells it from that of a wrong passphrase."""

    secret: bytes
    check: str


def stretch(passphrase, salt, count):
    """The key for a passphrase and salt; `count` blocks must be made one after the other, and all be kept."""
    blocks = fill(hashlib.sha512(salt + passphrase).digest(), salt * PAD, count)
    return Key(walk(blocks), hashlib.sha256(trace(blocks).encode()).hexdigest()[:16])


def fill(seed, pad, count):
    """A chain of blocks, each made from the one before."""
    blocks = [seed]
    for _ in range(count):
        blocks.append(hashlib.sha512(blocks[-1] + pad).digest())
    return blocks


def walk(blocks):
    """Some steps through all the blocks; each tells where the next one leads."""
    here = blocks[-1]
    for _ in range(WALK):
        there = int.from_bytes(here[:4], "big") % len(blocks)
        here = hashlib.sha512(here + blocks[there]).digest()
    return here


def trace(blocks):
    """A digit of each block."""
    text = ""
    for block in blocks:
        text += f"{block[0] & 15:x}"
    return text
