"""What can't be compared is said with the reason, and the rest of the change is compared all the same."""

from __future__ import annotations

import pytest

from tests.tools.go.equivalence.conftest import Compare, compared, of, reasons
from tools.measure.equivalence import Equivalence

BEFORE = {
    "cgo/plain.go": "package cgo\n\nfunc Plain(n int) int { return n + 0 }\n",
    "cgo/c.go": """package cgo

// static int one() { return 1; }
import "C"

func One() int { return int(C.one()) }
""",
    "assembly/code.go": """package assembly

func Add(a, b int64) int64

func Twice(n int64) int64 { return n + n }
""",
    "assembly/code_amd64.s": """#include "textflag.h"

TEXT ·Add(SB), NOSPLIT, $0-24
	MOVQ a+0(FP), AX
	ADDQ b+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET
""",
    "cmd/tool/main.go": """package main

import (
	"fmt"
	"os"
)

func main() { fmt.Println(count(os.Args)) }

func count(words []string) int { return len(words) + 0 }
""",
    "internal/deep/deep.go": """package deep

import "fmt"

func init() { fmt.Println("hello from init") }

func Deep(n int) int { return n - 1 + 1 }
""",
    "internal/deep/deep_test.go": """package deep

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	flag.Parse()
	fmt.Println("set up")
	code := m.Run()
	fmt.Println("torn down")
	os.Exit(code)
}

func TestDeep(t *testing.T) { Deep(77) }
""",
    "quiet/quiet.go": "package quiet\n\nfunc Quiet(n int) int { return n + 0 }\n",
    "quiet/quiet_test.go": """package quiet

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(0) }
""",
    "elsewhere/elsewhere_windows.go": "package elsewhere\n\nfunc There(n int) int { return n + 0 }\n",
    "elsewhere/here.go": "package elsewhere\n\nfunc Here(n int) int { return n + 0 }\n",
    "taken/taken.go": """package taken

var askProfilerOn = 1

func Taken(n int) int { return n + 0 + askProfilerOn }
""",
    "gone/gone.go": "package gone\n\nfunc Gone() int { return 1 }\n",
    "uses/vendored.go": """package uses

import "example.com/dep"

func Uses(n int) int { return dep.Three() * n * 1 }
""",
    "vendor/example.com/dep/dep.go": "package dep\n\nfunc Three() int { return 3 }\n",
    "vendor/modules.txt": "# example.com/dep v1.0.0\n## explicit; go 1.20\nexample.com/dep\n",
    "go.mod": "module example.com/m\n\ngo 1.24\n\nrequire example.com/dep v1.0.0\n",
    "notes.txt": "1\n",
    "ignored/ignored.go": "//go:build never\n\npackage ignored\n\nfunc Ignored() int { return 1 }\n",
}
AFTER: dict[str, str | None] = {
    **{
        name: text.replace(" + 0", "").replace("n + n", "2 * n").replace(" - 1 + 1", "").replace(" * 1", "")
        for name, text in BEFORE.items()
    },
    "cgo/c.go": BEFORE["cgo/c.go"].replace("int(C.one())", "0 + int(C.one())"),
    "assembly/code_amd64.s": BEFORE["assembly/code_amd64.s"].replace("\tRET", "\tNOP\n\tRET"),
    "gone/gone.go": None,
    "fresh/fresh.go": "package fresh\n\nfunc Fresh() int { return 1 }\n",
    "ignored/ignored.go": "//go:build never\n\npackage ignored\n\nfunc Ignored() int { return 2 }\n",
    "notes.txt": "2\n",
}


@pytest.fixture(scope="module")
def mixed(compare: Compare) -> Equivalence:
    return compare(BEFORE, AFTER, generated=20, seconds=4.0)


@pytest.mark.slow
def test_what_can_be_called_in_a_mixed_change_is_compared(mixed: Equivalence) -> None:
    assert mixed.differences == ()
    assert compared(mixed).keys() == {"Plain", "Twice", "count", "Deep", "Here", "Uses"}
    assert compared(mixed)["Deep"][0] == 1  # of the test: printing init and TestMain don't disturb it


@pytest.mark.slow
def test_what_cant_is_said_with_the_reason(mixed: Equivalence) -> None:
    told = {n.function: n.why for n in mixed.not_compared}
    assert (
        told["cgo/c.go"]
        == told["elsewhere/elsewhere_windows.go"]
        == "it uses cgo or isn't built on this system"
    )
    assert told["taken.Taken"].startswith(
        "its package can't be built with our calls: askProfilerOn redeclared"
    )
    assert told["quiet.Quiet"] == "its package's test binary ends before any call can be made (exit code 0)"
    assert told["example.com/m/gone"] == "the package isn't there any more"
    assert told["example.com/m/fresh"] == "the package is new"
    assert told["ignored: ignored.go"] == "they belong to no package that go can read"
    assert set(mixed.warnings) == {
        "code_amd64.s in assembly changed, too: what isn't Go code isn't compared by itself",
        "notes.txt in . changed, too: what isn't Go code isn't compared by itself",
    }


def test_a_change_that_touches_no_go_code_has_no_functions(compare: Compare) -> None:
    found = compare({"a.go": "package m\n", "data.json": "1"}, {"data.json": "2"})
    assert (found.functions, found.not_compared, found.differences) == ((), (), ())
    assert found.warnings == ("data.json in . changed, too: what isn't Go code isn't compared by itself",)


STATE = """package state

import (
	"math/rand"
	"os"
	"time"
)

var count int

func Counts(n int) int {
	count++
	return n + count
}

func Now(n int) (int, time.Time) { return n + 0, time.Now() }

func Seconds(n int) int64 { return int64(n) + 0 + time.Now().Unix() }

func Random(n int) int { return n + 0 + rand.Int() }

func MapOrder(words map[string]bool) []string {
	var found []string
	for word := range words {
		found = append(found, word)
	}
	return found
}

func Racy(n int) int {
	ch := make(chan int, 8)
	for i := range 8 {
		go func() { ch <- i }()
	}
	return <-ch + n + 0
}

func Place() string {
	where, _ := os.Getwd()
	me, _ := os.Executable()
	return where + me + os.Args[0] + ""
}

func Needs(c *Conn) int { return c.n + 0 }

type Conn struct {
	n     int
	ready chan struct{}
}

func Dial() *Conn {
	c := &Conn{ready: make(chan struct{})}
	<-c.ready
	return c
}

func Odd(less func(a, b string) bool, odd func(a, b string) bool) bool { return odd("", "x") || less("", "") && false }
"""


@pytest.mark.slow
def test_what_depends_on_time_randomness_or_state_is_no_false_alarm(compare: Compare) -> None:
    new = STATE.replace(" + 0", "").replace("return n + count", "return count + n").replace(' + ""', "")
    new = new.replace("for word := range words {", "for word, _ := range words {").replace(
        " && false", " && true"
    )
    found = compare({"state.go": STATE}, {"state.go": new}, generated=30, seconds=3.0)
    assert found.differences == ()
    state = "it depends on time, randomness or other state: the old code gives different results for the same calls"
    told = reasons(found)
    assert told.items() >= {"Counts": state, "Now": state, "Random": state}.items()
    assert "Seconds" in told or "Seconds" in compared(found)
    assert "Place" in compared(found)  # where the copies lie is no difference
    assert told["Odd"] == "its parameter odd is a function"
    assert told["Needs"] == "its calls take too long or too much memory"  # nothing else makes a Conn
    assert of(found, "MapOrder") == []
