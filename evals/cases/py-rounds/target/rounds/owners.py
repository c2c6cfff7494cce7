"""What owners want to know."""


def waits(finished):
    """When the last job of each owner ends, in the order of the owners' names."""
    last = {}
    for finish in finished:
        last[finish.owner] = max(finish.at, last.get(finish.owner, 0))
    return dict(sorted(last.items()))


def board(finished):
    """The shift as text: owners, then the mean time of an end."""
    lines = [f"{owner:<12}{at:>10} s" for owner, at in waits(finished).items()]
    mean = sum(finish.at for finish in finished) / len(finished) if finished else 0.0
    return "\n".join([*lines, f"mean {mean:.1f} s over {len(finished)} jobs"]) + "\n"
