"""An issue for other people, of whom more have left."""

import io
import random

from newsletter.letters import send

SOURCE = random.Random(17)
PEOPLE = [f"{SOURCE.getrandbits(40):x}@mail{n % 9}.example" for n in range(18000)]
LISTS = {
    "subscribers": "".join(f"{address},Someone,news+{n % 5}\n" for n, address in enumerate(PEOPLE)),
    "unsubscribed": "\n".join(SOURCE.sample(PEOPLE, 5000)),
    "bounces": "".join(f"today {address}\n" for address in SOURCE.sample(PEOPLE, 900) * 3),
}
print(send(LISTS, "news", 3, "Hello.", io.StringIO()))
