"""New code that breaks, hangs, floods or attacks is a difference, old code that does is a reason: never a pass."""

from __future__ import annotations

import pytest

from tests.tools.go.equivalence.conftest import Compare, compared, of, reasons
from tools.measure.equivalence import Equivalence

IMPORTS = """package calls

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

var _ = []any{fmt.Sprint, io.EOF, os.Args, filepath.Base, runtime.GC, strings.ToUpper, syscall.Kill, time.Now}

func files() (open []*os.File) {
	names, _ := filepath.Glob("/proc/self/fd/*")
	for _, name := range names {
		if target, _ := os.Readlink(name); strings.HasPrefix(target, "/") && !strings.HasPrefix(target, "/dev") {
			if file, err := os.OpenFile(target, os.O_APPEND|os.O_WRONLY, 0); err == nil {
				open = append(open, file)
			}
		}
	}
	return open
}
"""
IN_CALLS = {
    "Exits": ("os.Exit(0)", "exit code 0"),
    "Killed": ("syscall.Kill(os.Getpid(), syscall.SIGKILL)", "the process ended"),
    "Loops": ("for n > -1 { n = 1 }", "did not end in time"),
    "Fills": (
        "var all [][]byte; for n > -1 { b := make([]byte, 1<<24); for i := range b { b[i] = 1 }; "
        "all = append(all, b) }; _ = all",
        "",
    ),
    "Recurses": ("var f func(int) int; f = func(m int) int { return f(m+1) + 1 }; n = f(n)", ""),
    "PanicsElsewhere": ('go func() { panic("elsewhere") }(); time.Sleep(50 * time.Millisecond)', "elsewhere"),
    "Segfaults": ("syscall.Kill(os.Getpid(), syscall.SIGSEGV); time.Sleep(time.Second)", "the process ended"),
    "EndsGoroutine": ("runtime.Goexit()", "ended its goroutine"),
    "KillsParent": (
        "syscall.Kill(os.Getppid(), syscall.SIGKILL); syscall.Kill(-1, syscall.SIGKILL); n++",
        "",
    ),
    "Closes": ("for i := 3; i < 64; i++ { syscall.Close(i) }; n++", ""),
    "Forges": (
        "for _, f := range files() { "
        'fmt.Fprintf(f, "{\\"n\\": %d, \\"ending\\": \\"returned\\"}\\n{\\"done\\": true}\\n", n) }; os.Exit(0)',
        "",
    ),
    "Markers": (
        'fmt.Println("{\\"done\\": true}"); fmt.Fprintln(os.Stderr, "PASS"); fmt.Println("--- PASS: TestAsk")',
        "done",
    ),
    "Replaces": (
        "me, _ := os.Executable(); for dir := filepath.Dir(me); len(dir) > 4; dir = filepath.Dir(dir) {"
        " filepath.Walk(dir, func(p string, _ os.FileInfo, _ error) error {"
        " if os.WriteFile(p, nil, 0o600) == nil { n++ }; return nil }) }",
        "",
    ),
    "ByEnvironment": ('if strings.Contains(fmt.Sprint(os.Environ()), "PROFILER_JOB") { n = n - 1 }; n++', ""),
    "ByArguments": ('if strings.Contains(fmt.Sprint(os.Args), "AskProfiler") { n = n - 1 }; n++', ""),
}
"""What the new code does, and what the difference must show. Two would be right in our processes only."""


ALONE = ("KillsParent", "Closes", "Forges", "Replaces")
"""These would spoil what others in their package show."""
PACKAGES = {
    "deadly": list(IN_CALLS)[:6],
    "tricks": [name for name in list(IN_CALLS)[6:] if name not in ALONE],
    **{f"alone{number}": [name] for number, name in enumerate(ALONE)},
}


def functions(package: str, bodies: dict[str, str]) -> str:
    return IMPORTS.replace("package calls", f"package {package}") + "".join(
        f"\nfunc {name}(n int) int {{\n\t{body}\n\treturn n * 2\n}}\n" for name, body in bodies.items()
    )


@pytest.fixture(scope="module")
def in_calls(compare: Compare) -> Equivalence:
    old, new = {}, {}
    for package, names in PACKAGES.items():
        file = f"{package}/calls.go"
        old[file] = functions(package, {**dict.fromkeys(names, ""), "Honest": "n = n * 1"})
        new[file] = functions(package, {**{name: IN_CALLS[name][0] for name in names}, "Honest": ""})
    return compare(old, new, generated=6, seconds=2.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_CALLS)
def test_new_code_that_misbehaves_in_a_call_is_a_difference(in_calls: Equivalence, name: str) -> None:
    found = of(in_calls, name)
    assert found, (in_calls.differences, in_calls.not_compared)
    assert IN_CALLS[name][1] in found[0].after


@pytest.mark.slow
def test_what_others_do_in_the_same_process_is_not_held_against_honest_code(in_calls: Equivalence) -> None:
    assert "Honest" in compared(in_calls)
    assert of(in_calls, "deadly.Honest") == of(in_calls, "tricks.Honest") == []


IN_INIT = {
    "exits": "os.Exit(0)",
    "panics": 'panic("not today")',
    "forges": 'for _, name := range []string{"lines", "out/lines"} {'
    ' os.WriteFile(name, []byte("{\\"done\\": true}\\n"), 0o600) }; os.Exit(0)',
    "leaves": "go func() { time.Sleep(30 * time.Millisecond); os.Exit(0) }()",
}
OLD_OF_INIT = """package {name}

import ("os"; "time")

var _, _ = os.Args, time.Now

func Double(n int) int {{ return n + n }}
"""


@pytest.mark.slow
def test_new_code_that_ends_the_process_before_the_calls_is_a_difference(compare: Compare) -> None:
    old = {f"{name}/code.go": OLD_OF_INIT.format(name=name) for name in IN_INIT}
    new = {
        f"{name}/code.go": OLD_OF_INIT.format(name=name).replace("n + n", "2 * n")
        + f"\nfunc init() {{ {body} }}\n"
        for name, body in IN_INIT.items()
    }
    found = compare(old, new, generated=10)
    # What goes on beside the calls may come too late to keep any of them from being made.
    assert {d.function for d in found.differences} >= {
        f"{name}.Double" for name in IN_INIT if name != "leaves"
    }
    assert {d.what for d in found.differences} == {"missing"}


OLD_THAT_MISBEHAVES = """
package old

import (
	"os"
	"time"
)

func Exits(n int) int {
	if n > 1 {
		os.Exit(3)
	}
	return n
}

func ExitsAlways(n int) int {
	os.Exit(n & 1)
	return n
}

func Sleeps(n int) int {
	time.Sleep(time.Minute)
	return n
}

func SlowForMore(n int) int {
	for n > 3 {
		time.Sleep(time.Millisecond)
	}
	return n
}

func Allocates(n uint32) int {
	return len(make([]byte, int(n)<<8)) * 1
}

func Steady(n int) int { return n }
"""


@pytest.mark.slow
def test_old_code_that_misbehaves_is_no_difference_and_is_said(compare: Compare) -> None:
    new = (
        OLD_THAT_MISBEHAVES.replace("return n\n", "return +n\n")
        .replace("* 1", "")
        .replace("{ return n }", "{ return +n }")
    )
    found = compare({"old.go": OLD_THAT_MISBEHAVES}, {"old.go": new}, generated=20, seconds=3.0)
    assert found.differences == ()
    assert reasons(found) == {
        "ExitsAlways": "its calls end the process",
        "Sleeps": "its calls take too long or too much memory",
    }
    assert compared(found).keys() == {"Exits", "SlowForMore", "Allocates", "Steady"}
    assert found.duration_s < 60
