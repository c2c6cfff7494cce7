// What a reader does: zoom, search, walk with the keys, turn the picture over.
var SVG = "http://www.w3.org/2000/svg", XHTML = "http://www.w3.org/1999/xhtml";
var svg = document.currentScript ? document.currentScript.parentNode : document.documentElement;
var alone = svg === document.documentElement;
var width = svg.viewBox.baseVal.width;
var first = Math.round((svg.viewBox.baseVal.height - TOP - BOTTOM) / ROW);
var SLACK = 1e-12;
var frames = one("frames"), details = one("details"), matched = one("matched"), hint = details.textContent;
// What is as wide as the picture: frame `i`, or only the room above it that begins at `x`.
var view = { i: 0, x: 0, size: 1, room: false }, icicle = data.icicle, found = null, rows = first;
var elements = {}, rests = {}, rooms = {}; // what is drawn, and the rooms of what isn't, by frame

function one(name) { return svg.querySelector('[data-show="' + name + '"]'); }
function make(name, attributes, text) {
  var element = document.createElementNS(SVG, name);
  Object.keys(attributes).forEach(function (key) { element.setAttribute(key, attributes[key]); });
  if (text !== undefined) element.textContent = text;
  return element;
}
function row(depth) { return TOP + (icicle ? depth : rows - 1 - depth) * ROW; }
function box(kind, i, x, depth, w, fill, said, text) {
  var group = make("g", { "class": kind, "data-n": i });
  group.appendChild(make("title", {}, said));
  group.appendChild(make("rect", {
    x: x.toFixed(2), y: row(depth), width: Math.max(w, 0.2).toFixed(2), height: ROW - 1, rx: 2, fill: fill
  }));
  if (text) group.appendChild(make("text", { x: (x + 4).toFixed(2), y: row(depth) + 12.5 }, text));
  return group;
}

// Which frames show: what is called in the view and wide enough there, and no more than a browser draws at once.
function shown(scale) {
  var list = [], wide = [];
  for (var i = view.i + 1; i < view.i + span[view.i]; i++) {
    if (size[i] * scale >= NARROW && x[i] >= view.x - SLACK) list.push(i);
  }
  if (list.length > MOST) {
    wide = list.map(function (i) { return size[i]; }).sort(function (a, b) { return b - a; });
    list = list.filter(function (i) { return size[i] > wide[MOST]; });
  }
  return view.room ? list : [view.i].concat(list);
}
// The room above frame `i` of what isn't drawn: narrower frames stand behind those that are, see lay_out.
function rest(i, drawn) {
  var start = i === view.i ? view.x : x[i], left = cut[i] || { frames: 0, size: 0 }, sum = left.size, hidden = 0;
  children[i].forEach(function (child) {
    if (drawn[child]) start = Math.max(start, x[child] + size[child]);
    else if (x[child] >= view.x - SLACK) { hidden += 1; sum += size[child]; }
  });
  return { x: start, size: sum, frames: hidden + left.frames, gone: left.frames };
}
function restBox(i, room, scale) {
  var many = grouped(String(room.frames)), w = room.size * scale;
  var said = many + " narrower frames, " + share(room.size) + " of the width";
  said += room.gone ? "; " + grouped(String(room.gone)) + " of them aren't in this file" : "; zoom in to see them";
  return box("more", i, (room.x - view.x) * scale, data.depth[i] + 1, w, "#f1f1ee", said, label(many + " narrower", w));
}
function draw() {
  if (!count) return;
  var scale = width / view.size, list = shown(scale), drawn = {}, deepest = 0;
  rests = {};
  list.forEach(function (i) { drawn[i] = true; });
  (view.room ? [view.i].concat(list) : list).forEach(function (i) {
    var room = rest(i, drawn);
    if (room.frames && room.size * scale >= REST) rests[i] = room;
    deepest = Math.max(deepest, data.depth[i] + (rests[i] ? 1 : 0));
  });
  rows = Math.max(first, deepest + 1);
  svg.setAttribute("viewBox", "0 0 " + width + " " + (TOP + rows * ROW + BOTTOM));
  svg.setAttribute("height", TOP + rows * ROW + BOTTOM);
  frames.textContent = "";
  elements = {};
  rooms = {};
  for (var above = view.room ? view.i : parent[view.i]; above >= 0; above = parent[above]) {
    put(above, box("f past", above, 0, data.depth[above], width, colour(above), title(above), label(nameOf(above), width)));
  }
  list.forEach(function (i) {
    var w = size[i] * scale;
    put(i, box("f", i, (x[i] - view.x) * scale, data.depth[i], w, colour(i), title(i), label(nameOf(i), w)));
  });
  Object.keys(rests).forEach(function (i) {
    rooms[i] = restBox(Number(i), rests[i], scale);
    frames.appendChild(ready(rooms[i]));
  });
  resetButton.textContent = view.i || view.room ? "\u2190 whole graph" : "";
  mark();
}
function put(i, element) { elements[i] = element; frames.appendChild(ready(element)); }
function ready(element) {
  var i = number(element);
  element.setAttribute("tabindex", i === view.i && element.classList.contains("f") ? "0" : "-1");
  element.setAttribute("role", "button");
  return element;
}
function number(element) { return parseInt(element.getAttribute("data-n"), 10); }
function look(wanted) {
  var focused = svg.contains(document.activeElement) && document.activeElement !== input;
  view = wanted;
  draw();
  if (focused) go(elements[view.i]);
}
function zoom(i) { if (count) look({ i: i, x: x[i], size: size[i], room: false }); }
function enter(element) {
  var i = number(element), room = rests[i];
  if (element.classList.contains("f")) zoom(i);
  else if (room && room.frames > room.gone) look({ i: i, x: room.x, size: room.size, room: true });
}
function mark() {
  frames.classList.toggle("searching", found !== null);
  Object.keys(elements).forEach(function (i) {
    elements[i].classList.toggle("hit", found !== null && found.hits[i] === true);
  });
}
function search(text) {
  found = null;
  matched.textContent = "";
  try { if (text && count) found = find(new RegExp(text, "i")); }
  catch (error) { matched.textContent = "not a regular expression"; }
  if (found) {
    var told = "matched " + (data.cut.length ? "at least " : "") + share(found.share);
    if (data.difference) told += ", " + points(found.change);
    matched.textContent = told + ", " + grouped(String(found.frames)) + (found.frames === 1 ? " frame" : " frames");
  }
  mark();
}
// The frame, or room of what isn't drawn, to which a key leads; a room stands behind the frames beside it.
function neighbour(element, key) {
  var i = number(element), upright = key === "ArrowUp" || key === "ArrowDown", best;
  var deeper = upright && (key === "ArrowDown") === icicle, way = key === "ArrowRight" ? 1 : -1;
  if (element === rooms[i]) return deeper || key === "ArrowRight" ? undefined : elements[i];
  if (deeper) return elements[children[i].filter(function (n) { return elements[n]; })[0]] || rooms[i];
  if (upright) return elements[parent[i]];
  Object.keys(elements).map(Number).forEach(function (n) {
    if (data.depth[n] !== data.depth[i] || (n - i) * way <= 0) return;
    if (best === undefined || Math.abs(n - i) < Math.abs(best - i)) best = n;
  });
  var room = way > 0 && (best === undefined || parent[best] !== parent[i]) ? rooms[parent[i]] : undefined;
  return room || elements[best];
}
function tell(element) {
  var text = element.querySelector("title").textContent, room = Math.floor((width - 330) / CHARACTER);
  details.textContent = text.length > room ? text.slice(0, room - 1) + "\u2026" : text;
}
function go(element) { element.focus(); tell(element); }
function frameOf(event) { return event.target.closest ? event.target.closest(".f, .more") : null; }
function on(element, name, action) { element.addEventListener(name, action); }
function button(said, x_, action) {
  var element = make("text", { "class": "b", x: x_, y: 19, tabindex: 0, role: "button" }, said);
  on(element, "click", action);
  on(element, "keydown", function (event) { if (event.key === "Enter") action(); });
  svg.appendChild(element);
  return element;
}
function turned() { return icicle ? "\u2191 as flame" : "\u2193 as icicle"; }
var turnButton = button(turned(), 10, function () { icicle = !icicle; turnButton.textContent = turned(); draw(); });
var resetButton = button("", 100, function () { zoom(0); });
var holder = make("foreignObject", { x: width - 230, y: 5, width: 220, height: 21 });
var input = document.createElementNS(XHTML, "input");
input.setAttribute("placeholder", "search (regex)  /");
input.setAttribute("aria-label", "search the frames by a regular expression");
holder.appendChild(input);
svg.appendChild(holder);

on(input, "input", function () { search(input.value); });
on(frames, "click", function (event) {
  var element = frameOf(event);
  if (element) enter(element);
});
on(frames, "mouseover", function (event) { var element = frameOf(event); if (element) tell(element); });
on(frames, "mouseleave", function () { details.textContent = hint; });
on(frames, "focusin", function (event) { var element = frameOf(event); if (element) tell(element); });
on(frames, "keydown", function (event) {
  var element = frameOf(event);
  if (!element) return;
  if (event.key === "Enter" || event.key === " ") enter(element);
  else if (event.key.indexOf("Arrow") === 0) {
    var next = neighbour(element, event.key);
    if (next) go(next);
  } else return;
  event.preventDefault();
});
// Alone in its window the graph has all keys; in a page only those pressed within it.
on(alone ? document : svg, "keydown", function (event) {
  var finds = event.key === "/" && document.activeElement !== input;
  if (finds || (event.key.toLowerCase() === "f" && (event.ctrlKey || event.metaKey))) {
    input.focus();
    input.select();
    event.preventDefault();
  } else if (event.key === "Escape") {
    input.value = "";
    search("");
    zoom(0);
  } else if (event.key === "Enter" && document.activeElement === input && found) {
    var hit = Object.keys(elements).filter(function (i) { return found.hits[i]; })[0];
    if (hit !== undefined) go(elements[hit]);
  }
});
frames.querySelectorAll(".f").forEach(function (element) { elements[number(element)] = ready(element); });
frames.querySelectorAll(".more").forEach(function (element) { 
  rooms[number(element)] = ready(element);
  rests[number(element)] = rest(number(element), elements);
});
function wanted(name) {
  var match = new RegExp("[#&]" + name + "=([^&]*)").exec(window.location.hash);
  try { return alone && match ? decodeURIComponent(match[1]) : null; } catch (error) { return null; }
}
if (wanted("zoom") !== null) {
  for (i = 0; i < count; i++) if (nameOf(i) === wanted("zoom")) { zoom(i); break; }
}
if (wanted("search") !== null) { input.value = wanted("search"); search(input.value); }
