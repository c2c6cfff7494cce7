"""The entries of a vault."""

import hashlib
from dataclasses import dataclass

from vault.stretching import stretch


@dataclass(slots=True)
class Vault:
    """Hidden secrets by name, and what is needed to open them, but for the passphrase."""

    salt: bytes
    count: int
    check: str
    hidden: dict


def seal(secrets, passphrase, salt, count):
    """Hide secrets of at most 64 bytes."""
    for name, secret in secrets.items():
        if len(secret) > 64:
            raise ValueError(f"the secret of {name} is longer than 64 bytes")
    key = stretch(passphrase, salt, count)
    hidden = {name: mixed(secret, name, key.secret) for name, secret in secrets.items()}
    return Vault(salt, count, key.check, hidden)


def unlock(vault, passphrase):
    """The secrets by name. Raises: PermissionError for a wrong passphrase."""
    key = stretch(passphrase, vault.salt, vault.count)
    if key.check != vault.check:
        raise PermissionError("wrong passphrase")
    return {name: mixed(hidden, name, key.secret) for name, hidden in vault.hidden.items()}


def mixed(text, name, secret):
    """Text and the name's own key, bit by bit; twice gives the text again."""
    key = hashlib.sha512(secret + name.encode()).digest()
    return bytes(a ^ b for a, b in zip(text, key))
