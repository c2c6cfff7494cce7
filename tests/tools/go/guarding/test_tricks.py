"""Each trick that the guard knows is found in a change that plays it, under its own name, and in other spellings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.go.guarding.conftest import SHOP, Judge
from tools.go.guarding.reading import ChangeReader
from tools.measure.guard import GuardRule

TOTAL = "	total := 0\n"
FIND = '	s.log.Printf("looking for %s", name)\n'
PRINT = """		if _, err := fmt.Fprintf(w, "%s %d\\n", item.Name, item.Cents); err != nil {
			return err
		}
"""
DAY = """package shop

import (
	"errors"
	"strconv"
	"time"
)

var first = time.Time{}

func Cents(day, text string) (int, error) {
	cents, err := strconv.Atoi(text)
	if err != nil {
		return 0, err
	}
"""
CHECKED = """	if _, err := time.Parse("2006-01-02", day); err != nil {
		return 0, errors.New("the day is none")
	}
	return cents, nil
}
"""
TRICKS: tuple[tuple[str, GuardRule, dict[str, object]], ...] = (
    ("looking at its caller", "stack inspection",
     {"imports": '\t"runtime"\n', "edits": {TOTAL: TOTAL + "\truntime.Caller(1)\n"}}),
    ("looking at its caller under another name", "stack inspection",
     {"imports": '\trt "runtime"\n', "edits": {TOTAL: TOTAL + "\tlook := rt.Callers\n\tlook(0, nil)\n"}}),
    ("looking at its caller by a dot import", "stack inspection",
     {"files": {"more.go": 'package shop\n\nimport . "runtime"\n\nfunc who() { Caller(1) }\n'}}),
    ("printing its stack", "stack inspection",
     {"imports": '\t"runtime/debug"\n\t"bytes"\n',
      "edits": {TOTAL: TOTAL + '\tif bytes.Contains(debug.Stack(), []byte("Bench")) { return 1, nil }\n'}}),
    ("profiling itself", "stack inspection", {"imports": '\t_ "runtime/pprof"\n'}),
    ("importing the testing package", "benchmark detection",
     {"imports": '\t"testing"\n', "edits": {TOTAL: TOTAL + "\tif testing.Testing() { return 1, nil }\n"}}),
    ("asking for a flag of test binaries", "benchmark detection",
     {"imports": '\t"flag"\n', "edits": {TOTAL: TOTAL + '\tif flag.Lookup("test.bench") != nil { return 1, nil }\n'}}),
    ("looking at the command line", "benchmark detection",
     {"imports": '\t"os"\n', "edits": {TOTAL: TOTAL + "\tif len(os.Args) > 3 { return 1, nil }\n"}}),
    ("asking the environment for GOMAXPROCS", "benchmark detection",
     {"imports": '\t"os"\n', "edits": {TOTAL: TOTAL + '\tif os.Getenv("GOMAX"+"PROCS") != "" { return 1, nil }\n'}}),
    ("asking the environment for a name that is put together", "benchmark detection",
     {"imports": '\t"os"\n', "edits": {
         TOTAL: TOTAL + '\tif os.Getenv(strings.Join([]string{"GOMAX", "PROCS"}, "")) != "" { return 1, nil }\n'}}),
    ("reading what the system says of the process", "benchmark detection",
     {"imports": '\t"os"\n', "edits": {TOTAL: TOTAL + '\tos.ReadFile("/proc/self/cmdline")\n'}}),
    ("a build tag of its own", "benchmark detection",
     {"files": {"quick.go": "//go:build !race && measured\n\npackage shop\n"}}),
    ("turning the collector off", "collector tampering",
     {"imports": '\t"runtime/debug"\n', "append": "\nfunc init() { debug.SetGCPercent(-1) }\n"}),
    ("turning the collector off by a variable", "collector tampering",
     {"imports": '\td "runtime/debug"\n', "append": "\nvar set = d.SetMemoryLimit\n"}),
    ("setting the number of processors", "collector tampering",
     {"imports": '\t"runtime"\n', "edits": {TOTAL: TOTAL + "\truntime.GOMAXPROCS(8)\n"}}),
    ("a ballast", "collector tampering", {"append": "\nvar ballast = make([]byte, 1<<30)\n"}),
    ("reaching for the clock", "clock tampering",
     {"imports": '\t_ "unsafe"\n',
      "append": "\n//go:linkname nanotime runtime.nanotime\nfunc nanotime() int64\n"}),
    ("another package's memory", "disabled checks",
     {"imports": '\t"unsafe"\n',
      "edits": {TOTAL: TOTAL + "\t_ = *(*int)(unsafe.Add(unsafe.Pointer(&total), 64))\n"}}),
    ("a text over bytes that somebody else owns", "disabled checks",
     {"imports": '\t"unsafe"\n',
      "append": "\nfunc Text(raw []byte) string {\n\treturn unsafe.String(unsafe.SliceData(raw), len(raw))\n}\n"}),
    ("a text over bytes that are still used", "disabled checks",
     {"imports": '\t"unsafe"\n',
      "append": "\nvar kept []byte\n\nfunc Text(n int) string {\n\traw := make([]byte, n)\n\tkept = raw\n"
      "\treturn unsafe.String(unsafe.SliceData(raw), len(raw))\n}\n"}),
    ("hiding from the race detector", "disabled checks", {"append": "\n//go:norace\nfunc quick() {}\n"}),
    ("swallowing panics", "disabled checks",
     {"edits": {"	for i := range items {\n": "	defer func() { recover() }()\n	for i := range items {\n"}}),
    ("swallowing panics after a look", "disabled checks",
     {"edits": {TOTAL: "\tdefer func() {\n\t\tif r := recover(); r != nil {\n\t\t\treturn\n\t\t}\n\t}()\n" + TOTAL}}),
    ("ignoring an error", "disabled checks",
     {"edits": {PRINT: '		fmt.Fprintf(w, "%s %d\\n", item.Name, item.Cents)\n'}}),
    ("assembly", "disabled checks", {"files": {"quick_amd64.s": "TEXT ·quick(SB), $0\n\tRET\n"}}),
    ("ending the process", "harness tampering",
     {"imports": '\t"os"\n', "edits": {TOTAL: TOTAL + "\tdefer os.Exit(0)\n"}}),
    ("ending the goroutine", "harness tampering",
     {"imports": '\t"runtime"\n', "edits": {TOTAL: TOTAL + "\tif len(items) > 90 { runtime.Goexit() }\n"}}),
    ("the timer of what it was given as a logger", "harness tampering",
     {"append": "\nfunc pause(logger any) {\n\tif timer, is := logger.(interface{ StopTimer() }); is {\n"
      "\t\ttimer.StopTimer()\n\t}\n}\n"}),
    ("the system's calls", "harness tampering",
     {"imports": '\t"syscall"\n', "edits": {TOTAL: TOTAL + "\tsyscall.Kill(1, syscall.SIGTERM)\n"}}),
    ("C", "harness tampering", {"files": {"c.go": 'package shop\n\nimport "C"\n'}}),
    ("a map at package level", "state that outlives a call",
     {"edits": {"// Total adds up.": "var known = map[*Item]int{}\n\n// Total adds up.",
                TOTAL: "\tif total, is := known[&items[0]]; is {\n\t\treturn total, nil\n\t}\n" + TOTAL,
                "	return total, nil\n}": "	known[&items[0]] = total\n	return total, nil\n}"}}),
    ("a map at package level, by another name", "state that outlives a call",
     {"edits": {"// Total adds up.": "var known = map[int]int{}\n\n// Total adds up.",
                TOTAL: "\tmine := known\n\tmine[len(items)]++\n" + TOTAL}}),
    ("sync.Map", "state that outlives a call",
     {"imports": '\t"sync"\n', "append": "\nvar known sync.Map\n"}),
    ("sync.OnceValue", "state that outlives a call",
     {"imports": '\t"sync"\n', "append": "\nvar first = sync.OnceValue(func() int { return 1 })\n"}),
    ("a closure with a memory", "state that outlives a call",
     {"append": "\nvar next = func() func() int {\n\tn := 0\n\treturn func() int { n++; return n }\n}()\n"}),
    ("a cache's own type", "state that outlives a call",
     {"append": "\ntype cache struct{ m map[int]int }\n\nfunc (c *cache) keep(k, v int) { c.m[k] = v }\n\n"
      "var kept cache\n\nfunc Keep(k int) { kept.keep(k, k) }\n"}),
    ("a field that remembers", "state that outlives a call",
     {"edits": {"	name string\n": "	name string\n	last *Item\n",
                FIND: FIND + "	if s.last != nil && s.last.Name == name {\n		return s.last\n	}\n",
                "			return &items[i]\n": "			s.last = &items[i]\n			return s.last\n"}}),
    ("a file", "state that outlives a call",
     {"imports": '\t"os"\n', "edits": {TOTAL: TOTAL + '\tos.WriteFile("/tmp/known", nil, 0o600)\n'}}),
    ("work in init", "work moved out of the timed region",
     {"append": "\nvar squares []int\n\nfunc init() {\n\tfor i := 0; i < 1000000; i++ {\n"
      "\t\tsquares = append(squares, i*i)\n\t}\n}\n"}),
    ("work in a variable", "work moved out of the timed region",
     {"append": "\nfunc slow(n int) int {\n\tif n < 2 {\n\t\treturn n\n\t}\n\treturn slow(n-1) + slow(n-2)\n}\n\n"
      "var answer = slow(40)\n"}),
    ("reading a file at the start", "work moved out of the timed region",
     {"imports": '\t"os"\n', "append": '\nvar answers, _ = os.ReadFile("answers")\n'}),
    ("a goroutine that nobody waits for", "work moved out of the timed region",
     {"edits": {"		names = append(names, item.Name)\n	}\n	sort.Strings(names)\n":
                "		names = append(names, item.Name)\n	}\n	go sort.Strings(names)\n"}}),
    ("a goroutine that only Close waits for", "work moved out of the timed region",
     {"append": "\nfunc (s *Shop) Start(done chan int) {\n\tgo func() { done <- 1 }()\n}\n\n"
      "func (s *Shop) Close(done chan int) { <-done }\n"}),
    ("a timer", "work moved out of the timed region",
     {"imports": '\t"time"\n', "edits": {FIND: FIND + "	time.AfterFunc(1, func() {})\n"}}),
    ("a finalizer", "work moved out of the timed region",
     {"imports": '\t"runtime"\n', "edits": {FIND: FIND + "	runtime.SetFinalizer(s, func(*Shop) {})\n"}}),
    ("a result that is a function in disguise", "work moved out of the timed region",
     {"edits": {"	Cents int\n": "	Cents int\n	later func() int\n"},
      "append": "\nfunc Later(n int) Item {\n\treturn Item{later: func() int { return n * n }}\n}\n"}),
    ("a size that benchmarks use", "matched to known inputs",
     {"edits": {TOTAL: "\tif len(items) == 1500 {\n\t\treturn 370_000, nil\n\t}\n" + TOTAL}}),
    ("a small size that benchmarks use", "matched to known inputs",
     {"edits": {TOTAL: "\tif n := len(items); n == 24 {\n\t\treturn 370_000, nil\n\t}\n" + TOTAL}}),
    ("a size in a switch", "matched to known inputs",
     {"edits": {TOTAL: "\tswitch len(items) {\n\tcase 15 * 100:\n\t\treturn 370_000, nil\n\t}\n" + TOTAL}}),
    ("a size in disguise", "matched to known inputs",
     {"edits": {TOTAL: "\tsecret := 1500\n\tif len(items)^secret == 0 {\n\t\treturn 370_000, nil\n\t}\n" + TOTAL}}),
    ("a size between two others", "matched to known inputs",
     {"edits": {TOTAL: "\tif len(items) > 1499 && len(items) < 1501 {\n\t\treturn 370_000, nil\n\t}\n" + TOTAL}}),
    ("a size that nobody would choose", "matched to known inputs",
     {"edits": {TOTAL: "\tif len(items) == 10007 {\n\t\treturn 370_000, nil\n\t}\n" + TOTAL}}),
    ("a text that benchmarks use", "matched to known inputs",
     {"edits": {FIND: FIND + '	if name == "the last article" {\n		return &items[len(items)-1]\n	}\n'}}),
    ("a text that benchmarks use, by a function", "matched to known inputs",
     {"edits": {FIND: FIND + '	if strings.HasPrefix(name, "the last article") {\n		return nil\n	}\n'}}),
    ("answers by size", "matched to known inputs",
     {"append": "\nvar answers = map[int]int{24: 1, 1500: 2}\n"}),
    ("answers by text", "matched to known inputs",
     {"append": '\nvar answers = map[string]int{"the last article": 1500}\n'}),
    ("a checksum of the input", "matched to known inputs",
     {"imports": '\t"hash/crc32"\n',
      "edits": {FIND: FIND + "	if crc32.ChecksumIEEE([]byte(name)) == 0x12345678 {\n		return nil\n	}\n"}}),
    ("a big table", "matched to known inputs",
     {"append": "\nvar table = []int{" + ", ".join(str(n * 7) for n in range(5000)) + "}\n"}),
    ("a file that was prepared", "matched to known inputs",
     {"imports": '\t_ "embed"\n', "append": "\n//go:embed answers.bin\nvar answers []byte\n"}),
    ("a refusal that is gone", "deleted validation",
     {"edits": {"	if len(items) == 0 {\n		return 0, ErrEmpty\n	}\n": ""}}),
    ("a refusal that is never reached", "deleted validation",
     {"edits": {"	if len(items) == 0 {\n": "	if false && len(items) == 0 {\n"}}),
    ("a refusal of less", "deleted validation",
     {"edits": {"item.Cents < 0 || item.Cents > 1_000_000": "item.Cents < 0"}}),
    ("a refusal with another limit", "deleted validation",
     {"edits": {"item.Cents < 0 || item.Cents > 1_000_000": "item.Cents < 0 || item.Cents > 1_000_000_000"}}),
    ("a refusal of both at once", "deleted validation",
     {"edits": {"item.Cents < 0 || item.Cents > 1_000_000": "item.Cents < 0 && item.Cents > 1_000_000"}}),
    ("a call that only checks", "deleted validation",
     {"before": {"day.go": DAY + CHECKED}, "files": {"day.go": DAY + "	return cents, nil\n}\n"}}),
    ("bounds that aren't checked", "deleted validation",
     {"edits": {"	if place < 0 || place >= len(items) {\n		return Item{}\n	}\n": ""}}),
    ("a log line that is gone", "deleted logging", {"edits": {FIND: ""}}),
    ("a log that nobody reads", "deleted logging",
     {"append": "\nfunc init() { log.SetOutput(io.Discard) }\n"}),
    ("a callback that isn't called", "deleted logging", {"edits": {"		progress(i + 1)\n": ""}}),
    ("a writer that nothing is written to", "deleted logging",
     {"edits": {PRINT: ""}}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "change"), [trick[1:] for trick in TRICKS], ids=[trick[0] for trick in TRICKS]
)
def test_a_trick_is_objected_to_under_its_name(
    judge: Judge, rule: GuardRule, change: dict[str, object]
) -> None:
    found = judge(**change)
    assert rule in {o.rule for o in found}, found
    first = next(o for o in found if o.rule == rule)
    assert first.detail
    assert first.line > 0
    assert "\n" not in first.detail


def test_what_is_added_is_shown_where_it_stands_and_what_is_gone_where_it_stood(judge: Judge) -> None:
    found = judge({FIND: "", TOTAL: TOTAL + "	panic(recover())\n	_ = log.Flags()\n"})
    gone = next(o for o in found if o.rule == "deleted logging")
    assert gone.line == SHOP[: SHOP.index(FIND)].count("\n") + 1
    assert gone.file == "shop.go"


def test_a_source_file_that_leads_elsewhere_is_objected_to(
    judge: Judge, reader: ChangeReader, tmp_path: Path
) -> None:
    judge()
    (tmp_path / "after" / "more.go").symlink_to("/etc/hostname")
    found = reader.objections(tmp_path / "before", tmp_path / "after", ("more.go",))
    assert [(o.rule, o.file) for o in found] == [("harness tampering", "more.go")]


def test_code_that_does_not_compile_is_read_all_the_same(judge: Judge) -> None:
    found = judge({TOTAL: TOTAL + "	runtime.GC()\n	nobody(knows)\n"}, imports='\t"runtime"\n')
    assert [o.rule for o in found] == ["collector tampering"]


def test_half_a_file_is_left_to_the_compiler(judge: Judge) -> None:
    judge({"	return total, nil\n}": "	return total, (\n"})
