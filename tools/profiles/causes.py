"""What kind of work a stack of foreign frames is: allocation, copying, formatting, regular expressions, …

A table of name prefixes, one line a cause, checked from the own frame towards the leaf: the first foreign
frame that is known names the cause (`fmt.Sprintf` that allocates is formatting, not allocation).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Cause = Literal[
    "its own instructions",
    "regular expressions",
    "formatting",
    "parsing",
    "serialisation",
    "reflection",
    "sorting",
    "string building",
    "copying",
    "growing slices",
    "hashing and maps",
    "locks and waiting",
    "input and output",
    "time and time zones",
    "garbage collection",
    "allocation",
    "a dependency",
    "the standard library",
    "the runtime",
]

GO_CAUSES: tuple[tuple[Cause, tuple[str, ...]], ...] = (
    ("its own instructions", ("memeq", "runtime.memequal", "cmpbody", "runtime.cmpstring", "indexbyte")),
    ("regular expressions", ("regexp.", "regexp/")),
    ("formatting", ("fmt.", "log.", "text/template", "html/template")),
    ("serialisation", ("encoding/", "gopkg.in/yaml", "google.golang.org/protobuf")),
    ("parsing", ("strconv.Parse", "strconv.Atoi", "strconv.parse", "net/url.Parse",
                 "bufio.(*Scanner)", "go/parser")),
    ("time and time zones", ("time.Parse", "time.parse", "time.LoadLocation", "time.Time.Format",
                             "time.Time.AppendFormat")),
    ("sorting", ("sort.", "slices.Sort", "slices.pdq", "slices.stable", "slices.insertion")),
    ("reflection", ("reflect.", "internal/reflectlite")),
    ("string building", ("runtime.concatstring", "strings.(*Builder)", "strings.Join", "strings.Repeat",
                         "bytes.(*Buffer)")),
    ("growing slices", ("runtime.growslice", "slices.Grow")),
    ("hashing and maps", ("runtime.map", "internal/runtime/maps", "runtime.aeshash", "runtime.strhash",
                          "hash/", "crypto/")),
    ("locks and waiting", ("sync.", "internal/sync.", "runtime.lock", "runtime.futex", "runtime.chan",
                           "runtime.selectgo",
                           "runtime.gopark", "runtime.semacquire", "runtime.semrelease")),
    ("input and output", ("os.", "syscall.", "internal/poll.", "net.", "bufio.", "io.", "io/",
                          "internal/runtime/syscall")),
    ("copying", ("runtime.memmove", "runtime.slicebytetostring", "runtime.stringtoslice", "runtime.typedslicecopy",
                 "runtime.duff", "runtime.memclr")),
    ("garbage collection", ("runtime.gcBgMarkWorker", "runtime.gcAssist", "runtime.bgsweep", "runtime.gcDrain")),
    ("allocation", ("runtime.mallocgc", "runtime.newobject", "runtime.makeslice", "runtime.makemap")),
)  # fmt: skip
PYTHON_CAUSES: tuple[tuple[Cause, tuple[str, ...]], ...] = (
    ("regular expressions", ("re/", "re.py", "sre_", "_compile (re", "re/__init__")),
    ("copying", ("copy.py",)),
    ("time and time zones", ("_strptime.py", "datetime.py", "zoneinfo", "calendar.py")),
    ("serialisation", ("json/", "pickle.py", "csv.py", "xml/", "yaml/")),
    ("formatting", ("string.py", "logging/", "textwrap.py", "pprint.py")),
    ("parsing", ("ast.py", "tokenize.py", "configparser.py", "html/parser")),
    ("hashing and maps", ("hashlib.py", "enum.py")),
    ("locks and waiting", ("threading.py", "queue.py", "selectors.py", "asyncio/", "multiprocessing/")),
    (
        "input and output",
        ("subprocess.py", "socket.py", "ssl.py", "gzip.py", "codecs.py", "tempfile.py", "shutil.py"),
    ),
)


def go_cause(names: Iterable[str]) -> Cause | None:
    """The cause of foreign Go frames given from the own frame towards the leaf; None when none is known."""
    for name in names:
        for cause, prefixes in GO_CAUSES:
            if name.startswith(prefixes):
                return cause
    return None


def python_cause(files: Iterable[str]) -> Cause | None:
    """The cause of foreign Python frames by file, from the own frame towards the leaf."""
    for file in files:
        tail = "/".join(file.rsplit("/", 2)[-2:])
        for cause, marks in PYTHON_CAUSES:
            if any(
                tail.startswith(mark) or tail.endswith(f"/{mark}") or f"/{mark}" in file for mark in marks
            ):
                return cause
    return None
