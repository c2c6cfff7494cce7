// The frames in columns, and what they are called; nothing here touches the document.
var count = data.depth.length, parent = [], x = [], size = [], children = [], cut = {};
for (var i = 0, path = []; i < count; i++) {
  var above = data.depth[i] ? path[data.depth[i] - 1] : -1;
  path[data.depth[i]] = i;
  parent.push(above);
  size.push(data.width[i] / data.parts);
  children.push([]);
  var left = above < 0 ? null : children[above][children[above].length - 1];
  x.push(above < 0 ? 0 : left === undefined ? x[above] : x[left] + size[left]);
  if (above >= 0) children[above].push(i);
}
data.cut.forEach(function (entry) { cut[entry[0]] = { frames: entry[1], size: entry[2] / data.parts }; });
var total = count ? Math.max(data.value[0], data.difference ? data.base[0] : 0) || 1 : 1;

function nameOf(i) { return data.names[data.name[i]][0]; }
function titleName(i) { return data.names[data.name[i]][1] || nameOf(i); }
function rounded(value, digits) {
  var factor = Math.pow(10, digits);
  return Math.floor(value * factor + 0.5) / factor;
}
function grouped(text) { return text.replace(/\B(?=(\d{3})+(?!\d))/g, ","); }
function significant(value) {
  var amount = Math.abs(value), digits = amount < 9.995 ? 2 : amount < 99.95 ? 1 : 0;
  var text = rounded(value, digits).toFixed(digits);
  return digits ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}
var SCALES = {
  nanoseconds: [[1e9, "s"], [1e6, "ms"], [1e3, "\u00b5s"], [1, "ns"]],
  bytes: [[1073741824, "GiB"], [1048576, "MiB"], [1024, "KiB"], [1, "B"]]
};
function amount(value) {
  var scales = Object.prototype.hasOwnProperty.call(SCALES, data.unit) ? SCALES[data.unit] : [];
  for (var n = 0; n < scales.length; n++) {
    if (Math.abs(value) >= scales[n][0] || scales[n][0] === 1) {
      return significant(value / scales[n][0]) + " " + scales[n][1];
    }
  }
  return grouped(rounded(value, 0).toFixed(0)) + " " + data.unit;
}
function share(part) { return rounded(100 * part, 2).toFixed(2) + "%"; }
function points(change) {
  var moved = rounded(100 * change, 2);
  return (moved < 0 ? "-" : "+") + Math.abs(moved).toFixed(2) + " points";
}
function title(i) {
  var told = titleName(i) + " (" + amount(data.value[i]) + ", " + share(data.value[i] / total);
  return data.difference ? told + ", " + points((data.value[i] - data.base[i]) / total) + ")" : told + ")";
}
function hex(part) { return (part < 16 ? "0" : "") + part.toString(16); }
function colour(i) {
  if (!data.difference) return data.colours[data.names[data.name[i]][2]];
  var strength = Math.max(-1, Math.min(1, (data.value[i] - data.base[i]) / total / data.full));
  var end = strength > 0 ? data.grew : data.shrank;
  return "#" + data.unchanged.map(function (white, n) {
    return hex(Math.floor(white + (end[n] - white) * 0.75 * Math.abs(strength) + 0.5));
  }).join("");
}
function columns(character) { return character >= "\u1100" ? 2 : 1; }
function label(name, width) {
  var room = Math.floor((width - 8) / CHARACTER);
  if (room < 3) return "";
  var characters = Array.from(name.replace(/^[^\[(<\s]*\//, "") || name), taken = 0;
  for (var n = 0; n < characters.length; n++) {
    taken += columns(characters[n]);
    if (taken > room) {
      var fitting = characters.slice(0, n);
      taken -= columns(characters[n]);
      while (taken > room - 1) taken -= columns(fitting.pop());
      return fitting.join("") + "\u2026";
    }
  }
  return characters.join("");
}
// Frames stand callers first, each followed by all it calls: so many boxes belong to frame i, itself included.
var span = children.map(function () { return 1; });
for (i = count - 1; i > 0; i--) span[parent[i]] += span[i];

function find(pattern) {
  // The frames that match, and how much of the total they are: a match within a match isn't counted twice.
  var hits = {}, frames = 0, value = 0, base = 0, until = 0;
  var known = data.names.map(function (name) { return pattern.test(name[1] || name[0]); });
  for (var i = 1; i < count; i++) {
    if (!known[data.name[i]]) continue;
    hits[i] = true;
    frames += 1;
    if (i < until) continue;
    until = i + span[i];
    value += data.value[i];
    base += data.difference ? data.base[i] : 0;
  }
  return { hits: hits, frames: frames, share: value / total, change: (value - base) / total };
}
