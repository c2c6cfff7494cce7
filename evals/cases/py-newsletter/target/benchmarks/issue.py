"""One issue: `python -m benchmarks.issue --subscribers 4000`."""

import io
import sys
import zlib

from newsletter.letters import send

TOPICS = ("gardens", "trains", "chess")


def lists(size):
    """The lists for so many subscribers; one of eight has left again."""
    people = (f"reader.{n}@example.com,Reader {n},{TOPICS[n % 3]}+{TOPICS[n // 3 % 3]}\n" for n in range(size))
    left = (f"Reader.{n}@Example.com\n" for n in range(5, size, 8))
    bounces = (f"2026-02-{1 + n % 28:02d} reader.{n % 500}@example.com\n" for n in range(0, size, 3))
    return {"subscribers": "".join(people), "unsubscribed": "".join(left), "bounces": "".join(bounces)}


def main(arguments):
    """Print how many letters there are, and a checksum."""
    size = int(arguments[arguments.index("--subscribers") + 1]) if "--subscribers" in arguments else 1000
    out = io.StringIO()
    print(send(lists(size), "trains", 88, "The night train is back.", out), "letters")
    print(f"{zlib.crc32(out.getvalue().encode()):08x}")


if __name__ == "__main__":
    main(sys.argv[1:])
