(function () {
  "use strict";
  var svg = document.currentScript ? document.currentScript.parentNode : document.documentElement;
  var frames = Array.prototype.slice.call(svg.querySelectorAll(".f"));
  var width = svg.viewBox.baseVal.width, character = 6.65, current = null, typed = null;
  function one(query) { return svg.querySelector(query); }
  var details = one('[data-show="details"]'), matched = one('[data-show="matched"]');
  var resetButton = one('[data-do="reset"]'), searchButton = one('[data-do="search"]');
  function title(frame) { return frame.querySelector("title").textContent; }
  function label(frame) { return title(frame).replace(/ \([^()]*\)$/, ""); }
  function number(frame, name) { return parseFloat(frame.getAttribute("data-" + name)); }
  function place(frame, x, w) {
    var rect = frame.querySelector("rect"), text = frame.querySelector("text");
    var name = label(frame).replace(/^.*\//, "") || label(frame);
    var room = Math.floor((w - 8) / character);
    rect.setAttribute("x", x); rect.setAttribute("width", Math.max(w, 0.2));
    text.setAttribute("x", x + 4);
    text.textContent = room < 3 ? "" : name.length > room ? name.slice(0, room - 1) + "\u2026" : name;
  }
  function zoom(target) {
    var zx = target ? number(target, "x") : 0, zw = target ? number(target, "w") : 1;
    var zd = target ? number(target, "d") : 0, slack = 1e-6;
    current = target;
    frames.forEach(function (frame) {
      var x = number(frame, "x"), w = number(frame, "w"), d = number(frame, "d");
      var above = d < zd && x <= zx + slack && x + w >= zx + zw - slack;
      var inside = d >= zd && x >= zx - slack && x + w <= zx + zw + slack;
      frame.classList.toggle("past", above);
      frame.style.display = above || inside ? "" : "none";
      if (above) place(frame, 0, width);
      else if (inside) place(frame, (x - zx) / zw * width, w / zw * width);
    });
    resetButton.textContent = target && zd > 0 ? "\u2190 whole graph" : " ";
  }
  function search(text) {
    var pattern = null, spans = [];
    try { pattern = text ? new RegExp(text, "i") : null; }
    catch (error) { matched.textContent = "not a regular expression"; return; }
    frames.forEach(function (frame) {
      var hit = pattern !== null && pattern.test(label(frame));
      frame.classList.toggle("hit", hit);
      if (hit) spans.push([number(frame, "x"), number(frame, "x") + number(frame, "w")]);
    });
    spans.sort(function (a, b) { return a[0] - b[0]; });
    var sum = 0, end = -1;
    spans.forEach(function (span) {
      if (span[1] > end) { sum += span[1] - Math.max(span[0], end); end = span[1]; }
    });
    matched.textContent = pattern ? "matched " + (100 * sum).toFixed(2) + "%" : " ";
  }
  function prompt() { searchButton.textContent = typed === null ? "search (/)" : "search: " + typed + "\u258f"; }
  function neighbour(frame, key) {
    var x = number(frame, "x"), w = number(frame, "w"), d = number(frame, "d");
    var step = key === "ArrowUp" ? 1 : key === "ArrowDown" ? -1 : 0;
    var row = frames.filter(function (f) { return f.style.display !== "none" && number(f, "d") === d + step; });
    row.sort(function (a, b) { return number(a, "x") - number(b, "x"); });
    if (step > 0) return row.filter(function (f) { return number(f, "x") >= x - 1e-6 && number(f, "x") < x + w; })[0];
    if (step < 0) return row.filter(function (f) { return number(f, "x") <= x + 1e-6 && number(f, "x") + number(f, "w") > x; })[0];
    return row[row.indexOf(frame) + (key === "ArrowRight" ? 1 : -1)];
  }
  frames.forEach(function (frame) {
    frame.setAttribute("tabindex", "-1");
    frame.addEventListener("click", function () { zoom(frame); });
    frame.addEventListener("mouseenter", function () { details.textContent = title(frame); });
    frame.addEventListener("focus", function () { details.textContent = title(frame); });
    frame.addEventListener("keydown", function (event) {
      if (typed !== null) return;
      if (event.key === "Enter") zoom(frame);
      else if (event.key.indexOf("Arrow") === 0) {
        var next = neighbour(frame, event.key);
        if (next) next.focus();
        event.preventDefault();
      }
    });
  });
  if (frames.length) frames[0].setAttribute("tabindex", "0");
  resetButton.addEventListener("click", function () { zoom(null); });
  searchButton.addEventListener("click", function () { typed = typed === null ? "" : null; prompt(); });
  function key(event) {
    if (typed === null) {
      if (event.key === "/" && (svg === document.documentElement || svg.contains(document.activeElement))) {
        typed = ""; prompt(); event.preventDefault();
      } else if (event.key === "Escape") { zoom(null); search(""); }
      return;
    }
    if (event.key === "Escape") { typed = null; search(""); }
    else if (event.key === "Enter") { typed = null; }
    else if (event.key === "Backspace") { typed = typed.slice(0, -1); search(typed); }
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) { typed += event.key; search(typed); }
    else return;
    prompt(); event.preventDefault();
  }
  document.addEventListener("keydown", key);
  prompt();
  zoom(null);
  var wanted = /[#&]search=([^&]*)/.exec(window.location.hash);
  if (wanted) search(decodeURIComponent(wanted[1]));
  wanted = /[#&]zoom=([^&]*)/.exec(window.location.hash);
  if (wanted) zoom(frames.filter(function (f) { return label(f) === decodeURIComponent(wanted[1]); })[0] || null);
})();
