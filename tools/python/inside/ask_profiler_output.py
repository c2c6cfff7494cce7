"""Keeps what a program prints, in place of its standard streams.

Runs in the target's interpreter: nothing but the standard library, and old syntax.
"""

import io
import sys
import warnings

OUTPUT = 100000
"""Characters of output that are kept of one call."""


class Output(io.TextIOBase):
    """Stands where the program's standard output or error was, and keeps what is written."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self):
        self.parts = []
        self.size = 0
        self.buffer = Bytes(self)

    def writable(self):
        """Yes."""
        return True

    def write(self, text):
        """Keep a text, as long as there isn't too much."""
        if self.size < OUTPUT:
            self.parts.append(str(text))
            self.size += len(text)
        return len(text)

    def taken(self):
        """What was written since the last time."""
        found = "".join(self.parts)[:OUTPUT]
        self.parts = []
        self.size = 0
        return found


class Bytes(io.RawIOBase):
    """The bytes below a text stream."""

    def __init__(self, text):
        self.text = text

    def writable(self):
        """Yes."""
        return True

    def write(self, data):
        """Keep bytes as text."""
        self.text.write(bytes(data).decode("utf-8", "backslashreplace"))
        return len(data)


def keep_output():
    """Take the place of the standard streams, before the program's modules see them."""
    sys.stdout, sys.stderr = Output(), Output()
    warnings.simplefilter("always")
    warnings.showwarning = _show_warning


def _show_warning(message, category, *_, **__):
    """A warning without the line it came from, which a change may move."""
    sys.stderr.write("%s: %s\n" % (category.__name__, message))
