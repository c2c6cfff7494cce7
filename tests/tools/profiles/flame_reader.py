"""Who reads a flame graph in tests: words of JavaScript for what a reader does and sees."""

from __future__ import annotations

from pathlib import Path

from tests.tools.profiles.browser import run_in_browser

TOOLS = """
function all(query, root) { return Array.prototype.slice.call((root || document).querySelectorAll(query)); }
function titleOf(g) { return g.querySelector("title").textContent; }
function nameOf(g) { return titleOf(g).replace(/ \\([^(]*\\)$/, ""); }
function frame(name, root) { return all(".f", root).filter(function (g) { return nameOf(g) === name; })[0]; }
function names(root) { return all(".f", root).map(nameOf).sort(); }
function says(what, root) { return (root || document).querySelector('[data-show="' + what + '"]').textContent; }
function click(element) { element.dispatchEvent(new MouseEvent("click", { bubbles: true })); }
function press(key, more) {
  var options = Object.assign({ key: key, bubbles: true, cancelable: true }, more || {});
  return !(document.activeElement || document.documentElement).dispatchEvent(new KeyboardEvent("keydown", options));
}
function type(text, root) {
  var input = (root || document).querySelector("input");
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
function told(root) {
  return all(".f, .more", root).map(function (g) {
    var rect = g.querySelector("rect"), text = g.querySelector("text");
    var found = { kind: g.getAttribute("class"), title: titleOf(g), text: text ? text.textContent : "" };
    ["x", "y", "width", "fill"].forEach(function (name) { found[name] = rect.getAttribute(name); });
    return found;
  });
}
function button(words, root) {
  return all(".b", root).filter(function (b) { return b.textContent.indexOf(words) >= 0; })[0];
}
"""


class Reader:
    """Opens graphs in the browser."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def asks(self, page: str, script: str, suffix: str = ".svg") -> object:
        """What a script finds on a page."""
        return run_in_browser(page, TOOLS + script, self._folder, suffix)
