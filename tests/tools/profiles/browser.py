"""A real browser for pages that hold a script: it loads a page, runs a test's script in it and tells what it found."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

ANSWER = re.compile(r"ANSWER-BEGIN(.*?)ANSWER-END", re.DOTALL)


def run_in_browser(page: str, script: str, folder: Path, suffix: str) -> object:
    """What `script` (a function's body) returns in a page, an HTML document or an SVG one, by `suffix`.

    An error in any script of the page is an AssertionError; so is a missing browser.
    """
    chromium = shutil.which("chromium")
    assert chromium is not None, "chromium is not installed: apt-get install --no-install-recommends chromium"
    path = folder / f"page{suffix}"
    path.write_text(_with_scripts(page, script, suffix), encoding="utf-8")
    done = subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}",
         "--virtual-time-budget=2000", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    answer = ANSWER.search(done.stdout)
    assert answer is not None, f"no answer from the page: {done.stderr[-2000:]}"
    told = json.loads(html.unescape(answer[1]))
    assert told["error"] is None, told["error"]
    return told["found"]


def _with_scripts(page: str, script: str, suffix: str) -> str:
    """The page with a script before all others that notes errors, and one behind them that asks."""
    start, end = ("<style>", "</svg>") if suffix == ".svg" else ("<body>", "</body>")
    before, found, rest = page.partition(start)
    inside, ended, after = rest.rpartition(end)
    assert found and ended, f"the page has no {start} or {end}"
    notes, asks = (_element(text, suffix) for text in (NOTES, _asking(script)))
    if suffix == ".svg":
        return f"{before}{notes}{start}{inside}{asks}{end}{after}"
    return f"{before}{start}{notes}{inside}{asks}{end}{after}"


NOTES = """
var told = { found: null, error: null };
window.addEventListener("error", function (event) { told.error = told.error || String(event.message); });
"""


def _element(script: str, suffix: str) -> str:
    return f"<script><![CDATA[{script}]]></script>" if suffix == ".svg" else f"<script>{script}</script>"


def _asking(script: str) -> str:
    """Runs a script and leaves its answer, or the page's first error, as text at the page's end."""
    return f"""
try {{ told.found = (function () {{ {script} }})(); }} catch (error) {{ told.error = String(error.stack || error); }}
var answer = document.createElementNS("http://www.w3.org/2000/svg", "desc");
answer.textContent = "ANSWER-" + "BEGIN" + JSON.stringify(told) + "ANSWER-" + "END";
document.documentElement.appendChild(answer);
"""
