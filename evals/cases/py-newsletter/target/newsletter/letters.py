"""What is sent."""

from newsletter.addresses import read_addresses, read_subscribers
from newsletter.selection import count_bounces, recipients

LETTER = "To: {name} <{address}>\nSubject: {topic}, issue {issue}\n\nDear {name},\n\n{text}\n"


def letters(subscribers, topic, issue, text):
    """One letter for each of the subscribers."""
    return [
        LETTER.format(name=s.name, address=s.address, topic=topic.title(), issue=issue, text=text)
        for s in subscribers
    ]


def send(lists, topic, issue, text, out):
    """Write every letter of an issue to `out`; how many. `lists` are the texts of the three lists."""
    chosen = recipients(
        read_subscribers(lists["subscribers"]),
        topic,
        read_addresses(lists["unsubscribed"]),
        count_bounces(lists["bounces"]),
    )
    out.writelines(letters(chosen, topic, issue, text))
    return len(chosen)
