"""report.html: one self-contained page made from report.md, with the graphs inside and diffs coloured."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from agent.rendering import markdown
from agent.rendering.sentences import headline, title
from agent.report import Graph, Report

TEMPLATES = Path(__file__).with_name("templates")
_EVIDENCE_ID = re.compile(r"\bE\d+\b")


def render(report: Report, pictures: Mapping[str, str]) -> str:
    """The page; `pictures` maps each graph's path to its SVG. Raises: KeyError as the Markdown renderer."""
    parser = _parser({e.id for e in report.evidence})
    text = markdown.render(report)
    tokens = parser.parse(text)
    contents = _contents(tokens)
    body = parser.renderer.render(tokens, parser.options, {})
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("report.html.j2").render(
        title=f"{title(report)}: {report.question}",
        outcome=report.outcome,
        headline=headline(report).replace("`", ""),
        contents=contents,
        body=Markup(body),  # noqa: S704 - made by markdown-it with HTML switched off
        graphs=[_graph(graph, pictures) for graph in report.graphs],
        run_id=report.run_id,
    )


def _graph(graph: Graph, pictures: Mapping[str, str]) -> dict[str, Any]:
    svg = pictures[graph.path]
    return {"title": graph.title, "path": graph.path, "kind": graph.kind, "svg": Markup(svg)}  # noqa: S704 - ours, escaped


def _parser(evidence: set[str]) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    parser.add_render_rule("fence", _fence)
    parser.core.ruler.push("evidence", lambda state: _link_evidence(state.tokens, evidence))
    return parser


def _fence(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    token = tokens[index]
    if token.info != "diff":
        return f"<pre><code>{html.escape(token.content)}</code></pre>\n"
    lines = "".join(
        f'<span class="{_diff_class(x)}">{html.escape(x)}</span>\n' for x in token.content.splitlines()
    )
    return f'<pre class="diff"><code>{lines}</code></pre>\n'


def _diff_class(line: str) -> str:
    if line.startswith(("+++", "---", "diff ", "index ", "new file", "deleted file")):
        return "meta"
    return {"+": "added", "-": "removed", "@": "hunk"}.get(line[:1], "same")


def _contents(tokens: Sequence[Token]) -> list[tuple[str, str]]:
    """(anchor, text) of every second-level heading; gives all headings their anchors."""
    found = []
    for n, token in enumerate(tokens):
        if token.type == "heading_open":
            text = tokens[n + 1].content
            anchor = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or f"part-{n}"
            token.attrSet("id", anchor)
            if token.tag == "h2":
                found.append((anchor, text))
    return found


def _link_evidence(tokens: Sequence[Token], evidence: set[str]) -> None:
    """E7 in the text leads to E7 in the evidence list, whose items start with the id in bold."""
    for token in tokens:
        children = token.children
        if token.type != "inline" or not children:
            continue
        is_item = len(children) > 2 and children[1].type == "strong_open" and children[2].content in evidence
        if is_item:
            children[1].attrSet("id", children[2].content)
            continue
        linked: list[Token] = []
        for child in children:
            linked += _linked(child, evidence) if child.type == "text" else [child]
        token.children = linked


def _linked(token: Token, evidence: set[str]) -> list[Token]:
    parts: list[Token] = []
    position = 0
    for match in _EVIDENCE_ID.finditer(token.content):
        if match[0] not in evidence:
            continue
        parts.append(_text(token.content[position : match.start()]))
        parts.append(Token("link_open", "a", 1, attrs={"href": f"#{match[0]}", "class": "evidence"}))
        parts.append(_text(match[0]))
        parts.append(Token("link_close", "a", -1))
        position = match.end()
    parts.append(_text(token.content[position:]))
    return parts


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
