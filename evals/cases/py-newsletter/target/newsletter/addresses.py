"""Lists of people."""

from dataclasses import dataclass


@dataclass(slots=True)
class Subscriber:
    """Someone who asked for issues on some topics."""

    address: str
    name: str
    topics: tuple


def read_subscribers(text):
    """The subscribers of a list, `address,name,topic+topic` a line."""
    subscribers = []
    for line in text.splitlines():
        if line:
            address, name, topics = line.split(",")
            subscribers.append(Subscriber(address.strip().lower(), name.strip(), tuple(topics.split("+"))))
    return subscribers


def read_addresses(text):
    """The addresses of a list, one a line."""
    return [line.strip().lower() for line in text.splitlines() if line.strip()]
