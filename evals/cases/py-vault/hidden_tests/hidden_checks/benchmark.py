"""Another vault, sealed and opened."""

from vault.entries import seal, unlock

print(unlock(seal({"x": b"y"}, b"another", b"some other salt.", 61000), b"another"))
