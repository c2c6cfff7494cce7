"""Words of the languages themselves, and technical terms that hold digits."""

from __future__ import annotations

import builtins
import importlib
import keyword
import re
import sys

TERM = re.compile(
    r"\b(?:utf[-_]?(?:8|16|32)|ucs-?[24]|latin-?1|cp1252|iso[-_]8859[-_]1|iso-?8601|rfc-?3339|md5|sha-?(?:1|2|3|224|256|384|512)"
    r"|blake2[bs]?|crc-?32c?|adler-?32|fnv-?1a?|murmur3|xxh(?:ash)?(?:3|32|64)|base-?(?:16|32|64|85)|u?int(?:8|16|32|64)"
    r"|float(?:16|32|64)|complex(?:64|128)|log(?:2|10|1p)|exp2|expm1|atan2|x86(?:[-_]64)?|x64|i386|amd64|arm64|aarch64|avx2?"
    r"|avx512|sse[234]|http/(?:1\.[01]|2|3)|ipv[46]|s3|ec2|l[123](?=[ -](?:cache|data|instruction))|p(?:50|90|95|99)"
    r"|gen[012]|n\+1(?=[ -](?:quer|select|problem|pattern))"
    r"|k8s|i18n|l10n|lz4|bz2|h2|oauth2|sqlite3|pprof)s?\b(?!\s*(?:[%\u00d7‰]|x\b))",
    re.IGNORECASE,
)
"""Terms of the trade. What follows must not make a quantity of it."""
BIG_O = re.compile(
    r"(?<!\w)[OoΘΩω]\((?:(?<=\()1(?=\))|2\^[a-z](?![\w^])|\^[2-9](?!\w)|[²³⁴ⁿ](?![²³⁴ⁿ])|log[₂2](?=[\s(])"
    r"|[A-Za-z_]|[\s*·\u00d7+\-/,()!√^]){1,60}?\)(?!\w)"
)
"""How cost grows, without a constant: `O(n²)`, `O(n log n)`, `O(rows * columns)`, `O(1)`."""
_PYTHON_MODULES = (
    "abc array ast asyncio bisect collections collections.abc concurrent.futures contextlib copy csv ctypes "
    "dataclasses datetime decimal enum functools gc hashlib heapq io itertools json math mmap multiprocessing "
    "operator os os.path pathlib pickle queue random re shutil sqlite3 statistics string struct subprocess sys "
    "tempfile threading time types typing weakref zlib"
)
_GO_WORDS = (
    "append bool byte cap case chan clear close complex comparable const continue copy default defer delete else "
    "error fallthrough false float32 float64 for func go goto if imag import int int8 int16 int32 int64 interface "
    "iota len make map max min new nil package panic print println range real recover return rune select string "
    "struct switch true type uint uint8 uint16 uint32 uint64 uintptr var any init main Add Alloc AppendInt Atoi "
    "Benchmark Buffer Builder Bytes Cap Clone Close Compile Contains Context Cut Decode Decoder Done Encode "
    "Encoder Equal Error Errorf Fields Find Flush Fprintf Get Grow HasPrefix HasSuffix Index IndexByte Itoa Join "
    "Len Less Load Lock Loop Map Marshal MustCompile Mutex New NewBuffer NewDecoder NewEncoder NewReader "
    "NewReplacer NewScanner NewWriter Next Once Parse ParseInt Pool Print Printf Println Put RLock RUnlock "
    "RWMutex Read Reader ReadAll ReadString Replace ReplaceAll Reset Scan Scanner Search Slice SliceStable Sort "
    "SortFunc Split SplitN Sprint Sprintf Store String Stringer Sum Swap Text TrimSpace Unlock Unmarshal Wait "
    "WaitGroup Write WriteByte WriteRune WriteString Writer GOGC GOMAXPROCS GOMEMLIMIT"
)
_GO_PACKAGES = (
    "atomic base64 big binary bits bufio builtin bytes cmp constant context crc32 csv database debug embed "
    "encoding errors filepath flate flag fmt fnv gob gzip hash heap hex html http httputil io ioutil iter json "
    "list log maphash maps math md5 metrics multipart net netip os parser path pprof rand reflect regexp ring "
    "runtime scanner sha1 sha256 sha512 signal slices slog sort sql strconv strings sync syscall template testing "
    "textproto time tls token trace unicode unique unsafe url utf16 utf8 weak xml zlib"
)
"""Packages of Go's standard library by the name that code gives them."""
_TYPES = (
    str,
    bytes,
    bytearray,
    memoryview,
    list,
    dict,
    set,
    frozenset,
    tuple,
    int,
    float,
    complex,
    object,
    type,
)


def language_words() -> frozenset[str]:
    """Keywords, built-in names, and what the standard libraries offer under their short names."""
    words = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *sys.stdlib_module_names}
    words |= {*_GO_PACKAGES.split(), *_GO_WORDS.split(), "self", "cls", "args", "kwargs", "err", "ctx", "ok"}
    for kind in _TYPES:
        words |= set(dir(kind))
    for name in _PYTHON_MODULES.split():
        module = importlib.import_module(name)
        words |= {name for name in dir(module) if not name.startswith("_")} | set(name.split("."))
    return frozenset(words)


def is_of_the_language(head: str) -> bool:
    """Whether a dotted name that begins so belongs to a standard library."""
    return head in _GO_PACKAGES.split() or head in sys.stdlib_module_names
