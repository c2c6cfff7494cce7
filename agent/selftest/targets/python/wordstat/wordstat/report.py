"""The report on a text."""

from __future__ import annotations

from wordstat.words import neighbours, stems


def report(lines: list[str], limit: int = 8) -> str:
    """The most frequent stems and pairs of neighbours, equally frequent ones by name."""
    stemmed = stems(lines)
    counts: dict[str, int] = {}
    for line in stemmed:
        for stem in line:
            counts[stem] = counts.get(stem, 0) + 1
    pairs = neighbours(stemmed)
    parts = [f"{len(lines)} lines, {sum(counts.values())} words, {len(counts)} stems"]
    parts += [f"{count:6} {stem}" for stem, count in _most(counts, limit)]
    parts += [f"{count:6} {first} {second}" for (first, second), count in _most(pairs, limit)]
    return "\n".join(parts)


def _most(counts: dict, limit: int) -> list[tuple]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ordered[:limit]
