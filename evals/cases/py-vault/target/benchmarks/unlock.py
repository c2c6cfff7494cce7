"""Opening a vault: `python -m benchmarks.unlock --blocks 10000`."""

import sys

from vault.entries import Vault, unlock
from vault.stretching import stretch

SALT = b"0123456789abcdef"


def main(arguments):
    """Open a vault whose secrets nobody has sealed, print them."""
    count = int(arguments[arguments.index("--blocks") + 1]) if "--blocks" in arguments else 10000
    hidden = {f"site {n}": n.to_bytes(8, "big") for n in range(20)}
    vault = Vault(SALT, count, stretch(b"open sesame", SALT, count).check, hidden)
    print(b"".join(unlock(vault, b"open sesame").values()).hex())


if __name__ == "__main__":
    main(sys.argv[1:])
