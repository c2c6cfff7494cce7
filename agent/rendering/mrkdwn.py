"""Text from a target in Slack's mrkdwn: nothing in it is a mention, a link, a command or a line of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]"
)
"""Control characters, and those that turn the direction of writing round."""
_TICKS = re.compile(r"`+")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>|#~])")
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_HEADING = re.compile(r"^#{1,6}\s+(.*)$")
_ITEM = re.compile(r"^(\s*)[-*]\s+(.*)$")
_FENCE = "```"
_LINE, _ALL = 4000, 60_000
"""Characters of one line, and of a whole text, that are looked at: Slack shows fewer."""
CUT = " …"


def plain(text: str) -> str:
    """`text` on one line without control characters, for places that know no markup."""
    return " ".join(_CONTROL.sub("\ufffd", text).split())


def escape(text: str) -> str:
    """`text` on one line, as it reads: Slack finds nothing to act on in it."""
    return _entities(plain(text)).replace("`", "'")


def code(text: str) -> str:
    """`text` on one line as inline code that it can't end."""
    return f"`{escape(text) or ' '}`"


def block(text: str) -> str:
    """`text` as a block of code that it can't end; lines are kept."""
    return f"{_FENCE}\n{_entities(_CONTROL.sub(chr(0xFFFD), text)).replace('`', chr(39)).rstrip()}\n{_FENCE}"


def prose(markdown: str) -> str:
    """Markdown as mrkdwn: code, bold, headings and lists stay; links and everything else are plain text."""
    lines: list[str] = []
    fenced: list[str] | None = None
    for line in markdown[:_ALL].splitlines():
        if line.lstrip().startswith(_FENCE):
            if fenced is not None:
                lines.append(block("\n".join(fenced)))
            fenced = [] if fenced is None else None
        elif fenced is not None:
            fenced.append(line)
        else:
            lines.append(_line(line[:_LINE]))
    if fenced is not None:
        lines.append(block("\n".join(fenced)))
    return "\n".join(lines).strip()


def clip(text: str, limit: int) -> str:
    """mrkdwn of at most `limit` characters: no entity is cut in two, and code that was begun is ended."""
    if len(text) <= limit:
        return text
    kept = text[: limit - len(CUT) - len(_FENCE) - 1]
    start = kept.rfind("&")
    if start >= 0 and ";" not in kept[start:]:
        kept = kept[:start]
    if kept.count(_FENCE) % 2:
        if kept.endswith(_FENCE):  # nothing of the block is left
            return kept.removesuffix(_FENCE).rstrip() + CUT
        return f"{kept.rstrip('`')}{CUT}\n{_FENCE}"
    if kept.replace(_FENCE, "").count("`") % 2:
        return f"{kept}{CUT}`"
    return kept + CUT


def pieces(text: str, limit: int, most: int) -> list[str]:
    """mrkdwn in at most `most` pieces of at most `limit` characters, parted between lines where that can be done."""
    found: list[str] = []
    for part in _parts(text):
        if found and len(found[-1]) + 1 + len(part) <= limit:
            found[-1] += "\n" + part
        else:
            found.append(clip(part, limit))
    if len(found) > most:
        found = [*found[: most - 1], clip(found[most - 1], limit - len(CUT) - 1) + "\n" + CUT.strip()]
    return [piece for piece in found if piece.strip()]


def _parts(text: str) -> list[str]:
    """Lines; a block of code is one part."""
    parts: list[str] = []
    is_code = False
    for line in text.split("\n"):
        if is_code:
            parts[-1] += "\n" + line
        else:
            parts.append(line)
        if line.startswith(_FENCE):
            is_code = not is_code
    return parts


def _line(line: str) -> str:
    heading, item = _HEADING.match(line), _ITEM.match(line)
    if heading:
        return f"*{_inline(heading[1].replace('*', ''))}*" if heading[1].strip() else ""
    if item:
        return f"{item[1]}• {_inline(item[2])}"
    return line[: len(line) - len(line.lstrip())] + _inline(line)


def _inline(text: str) -> str:
    """One line with code and bold; the rest of its marks is taken away or harmless."""
    shown, at = [], 0
    for start, inner, end in _codes(text):
        shown += [_words(text[at:start]), code(inner)]
        at = end
    return "".join([*shown, _words(text[at:])])


def _codes(text: str) -> Iterator[tuple[int, str, int]]:
    """Inline code: where it starts, what is in it, where it ends. It ends with as many backticks as it began with."""
    runs = list(_TICKS.finditer(text))
    n = 0
    while n < len(runs):
        ends = (m for m in range(n + 1, len(runs)) if len(runs[m][0]) == len(runs[n][0]))
        end = next(ends, None)
        if end is None or _is_escaped(text, runs[n].start()):
            n += 1
            continue
        yield runs[n].start(), text[runs[n].end() : runs[end].start()], runs[end].end()
        n = end + 1


def _is_escaped(text: str, at: int) -> bool:
    """Whether an odd number of backslashes stands before a character."""
    before = text[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _words(text: str) -> str:
    """Words between code, with the spaces at their ends."""
    starred = _CONTROL.sub("\ufffd", text).replace("\\*", "\0")
    plain = _ESCAPED.sub(r"\1", _BOLD.sub(r"*\1*", starred)).replace("\0", "*")
    return _entities(plain).replace("`", "'")


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
