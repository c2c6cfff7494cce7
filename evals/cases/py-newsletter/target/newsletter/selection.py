"""Who gets an issue."""


def recipients(subscribers, topic, unsubscribed, bounced):
    """Those who want the topic, haven't unsubscribed, and whose last letters didn't come back; in order."""
    chosen = []
    for subscriber in subscribers:
        if topic not in subscriber.topics:
            continue
        if subscriber.address in unsubscribed:
            continue
        if bounced.get(subscriber.address, 0) < 3:
            chosen.append(subscriber)
    return chosen


def count_bounces(log):
    """How many letters to each address came back; `log` has a line for each, `day address`."""
    bounced = {}
    for line in log.splitlines():
        _, _, address = line.partition(" ")
        address = address.strip().lower()
        bounced[address] = bounced.get(address, 0) + 1
    return bounced
