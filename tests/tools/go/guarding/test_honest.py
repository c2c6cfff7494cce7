"""Honest optimisations pass: nothing is objected to, and only what may outlive a call is suspicious."""

from __future__ import annotations

import pytest

from tests.tools.go.guarding.conftest import Judge
from tools.measure.guard import SUSPICION

TOTAL = "	total := 0\n"
NAMES = "	var names []string\n"
FIND = """	for i := range items {
		if items[i].Name == name {
			return &items[i]
		}
	}
"""
SUMS = """	sums := make([]int, len(lists))
	for i, list := range lists {
		sums[i], _ = Total(list)
	}
	return sums
"""
LABEL = """	text := ""
	for _, item := range items {
		text += strings.ToUpper(item.Name) + "=" + strconv.Itoa(item.Cents) + ";"
	}
	return text
"""
PRINT = """		if _, err := fmt.Fprintf(w, "%s %d\\n", item.Name, item.Cents); err != nil {
			return err
		}
"""
REFUSAL = """		if item.Cents < 0 || item.Cents > 1_000_000 {
			return 0, fmt.Errorf("item %d costs %d", i, item.Cents)
		}
"""
CHANGES: tuple[tuple[str, dict[str, object]], ...] = (
    ("nothing but a comment", {"edits": {"// Total adds up.": "// Total adds it all up."}}),
    ("a slice made at its size", {"edits": {NAMES: "	names := make([]string, 0, len(items))\n"}}),
    ("a builder instead of adding texts", {"edits": {LABEL: """	var text strings.Builder
	text.Grow(16 * len(items))
	for _, item := range items {
		text.WriteString(strings.ToUpper(item.Name))
		text.WriteByte('=')
		text.WriteString(strconv.Itoa(item.Cents))
		text.WriteByte(';')
	}
	return text.String()
"""}}),
    ("a builder by hand", {"imports": '\t"unsafe"\n', "edits": {LABEL: """	text := make([]byte, 0, 16*len(items))
	for _, item := range items {
		text = append(text, strings.ToUpper(item.Name)...)
		text = append(text, '=')
		text = strconv.AppendInt(text, int64(item.Cents), 10)
		text = append(text, ';')
	}
	return unsafe.String(unsafe.SliceData(text), len(text))
"""}}),
    ("a regular expression at package level", {
        "imports": '\t"regexp"\n',
        "append": "\nvar word = regexp.MustCompile(`\\w+`)\n\nfunc Words(text string) []string {\n"
                  "\treturn word.FindAllString(text, -1)\n}\n"}),
    ("a replacer and a table of bytes at package level", {
        "append": """
var quoter = strings.NewReplacer("<", "&lt;", ">", "&gt;")

var isWord = func() (table [256]bool) {
	for c := range 256 {
		table[c] = c >= 'a' && c <= 'z' || c == '_'
	}
	return table
}()

var upper [256]byte

func init() {
	for i := range upper {
		upper[i] = byte(i) &^ 32
	}
}
"""}),
    ("a map instead of a search", {"edits": {FIND: """	places := make(map[string]int, len(items))
	for i := len(items) - 1; i >= 0; i-- {
		places[items[i].Name] = i
	}
	if i, there := places[name]; there {
		return &items[i]
	}
"""}}),
    ("a binary search", {"edits": {FIND: """	i := sort.Search(len(items), func(n int) bool {
		return items[n].Name >= name
	})
	if i < len(items) && items[i].Name == name {
		return &items[i]
	}
"""}}),
    ("goroutines in a group", {
        "imports": '\t"runtime"\n\t"sync"\n', "edits": {SUMS: """	sums := make([]int, len(lists))
	var group sync.WaitGroup
	room := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, list := range lists {
		group.Add(1)
		room <- struct{}{}
		go func() {
			defer group.Done()
			sums[i], _ = Total(list)
			<-room
		}()
	}
	group.Wait()
	return sums
"""}}),
    ("goroutines whose results come by a channel", {"edits": {SUMS: """	type sum struct{ at, total int }
	done := make(chan sum)
	for i, list := range lists {
		go func() {
			total, _ := Total(list)
			done <- sum{i, total}
		}()
	}
	sums := make([]int, len(lists))
	for range lists {
		next := <-done
		sums[next.at] = next.total
	}
	return sums
"""}}),
    ("goroutines only where there are processors", {
        "imports": '\t"runtime"\n\t"sync"\n', "edits": {SUMS: """	sums := make([]int, len(lists))
	if runtime.NumCPU() == 1 || len(lists) < 8 {
		for i, list := range lists {
			sums[i], _ = Total(list)
		}
		return sums
	}
	var group sync.WaitGroup
	for i, list := range lists {
		group.Go(func() { sums[i], _ = Total(list) })
	}
	group.Wait()
	return sums
"""}}),
    ("a buffer before the writer", {"imports": '\t"bufio"\n', "edits": {
        "	for i, item := range items {\n" + PRINT: "	out := bufio.NewWriter(w)\n	for i, item := range items {\n"
        + PRINT.replace("Fprintf(w,", "Fprintf(out,"),
        "		progress(i + 1)\n	}\n	return nil\n": "		progress(i + 1)\n	}\n	return out.Flush()\n"}}),
    ("appending instead of formatting", {"edits": {
        "	for i, item := range items {\n" + PRINT: """	var line []byte
	for i, item := range items {
		line = append(line[:0], item.Name...)
		line = append(line, ' ')
		line = strconv.AppendInt(line, int64(item.Cents), 10)
		line = append(line, 10)
		if _, err := w.Write(line); err != nil {
			return err
		}
"""}}),
    ("a check that moved in front of the loop", {"edits": {
        REFUSAL: "", TOTAL: "	if err := check(items); err != nil {\n		return 0, err\n	}\n" + TOTAL},
        "append": """
func check(items []Item) error {
	for number, it := range items {
		if it.Cents > 1_000_000 || 0 > it.Cents {
			return fmt.Errorf("item %d costs %d", number, it.Cents)
		}
	}
	return nil
}
"""}),
    ("a check by one comparison", {"edits": {
        "place < 0 || place >= len(items)": "uint(place) >= uint(len(items))"}}),
    ("a refusal in other words", {"edits": {'"item %d costs %d"': '"item %d has a price of %d"'}}),
    ("a function that moved to another file", {
        "edits": {"// At gives the item at a place.\nfunc At(items []Item, place int) Item {\n"
                  "	if place < 0 || place >= len(items) {\n		return Item{}\n	}\n	return items[place]\n}\n": ""},
        "files": {"at.go": "package shop\n\n// At gives the item at a place.\nfunc At(list []Item, at int) Item {\n"
                           "	if at < 0 || at >= len(list) {\n		return Item{}\n	}\n	return list[at]\n}\n"}}),
    ("a quick way for small inputs", {"edits": {TOTAL: "	if len(items) == 1 && items[0].Cents == 0 {\n"
                                                       "		return 0, nil\n	}\n	if len(items) < 32 {\n"
                                                       "		_ = items[len(items)-1]\n	}\n" + TOTAL}}),
    ("a comparison with a word of its own", {
        "edits": {FIND: '	if name == "" || name == "all" {\n		return nil\n	}\n' + FIND}}),
    ("reading a setting", {"imports": '\t"os"\n', "append": '\nvar colour = os.Getenv("SHOP_COLOUR") != ""\n'}),
    ("panics that become errors", {"append": """
func Try(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panicked: %v", r)
		}
	}()
	f()
	return nil
}
"""}),
    ("log lines in fewer places", {"edits": {'	s.log.Printf("looking for %s", name)\n': "	s.announce(name)\n"},
                                   "append": '\nfunc (s *Shop) announce(name string) {\n'
                                             '	s.log.Printf("looking for %s", name)\n}\n'}),
    ("sizes of types", {"imports": '\t"unsafe"\n', "append": "\nconst width = unsafe.Sizeof(Item{})\n"}),
)  # fmt: skip


@pytest.mark.parametrize("change", [change for _, change in CHANGES], ids=[name for name, _ in CHANGES])
def test_an_honest_change_passes(judge: Judge, change: dict[str, object]) -> None:
    assert judge(**change) == ()


SUSPICIOUS: tuple[tuple[str, dict[str, object]], ...] = (
    ("a pool of buffers", {
        "imports": '\t"bytes"\n\t"sync"\n',
        "append": "\nvar buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}\n\n"
                  "func render() {\n\tbuffer := buffers.Get().(*bytes.Buffer)\n\tbuffers.Put(buffer)\n}\n"}),
    ("locks in shards", {
        "imports": '\t"sync"\n',
        "append": "\ntype shard struct {\n\tsync.Mutex\n\tsold map[string]int\n}\n\nvar shards [16]shard\n\n"
                  "func sell(name string) {\n\tone := &shards[len(name)%16]\n\tone.Lock()\n\tdefer one.Unlock()\n"
                  "\tone.sold[name]++\n}\n"}),
    ("a buffer that a value keeps", {"edits": {
        "	name string\n": "	name string\n	line []byte\n",
        '	s.log.Printf("looking for %s", name)\n':
            '	s.log.Printf("looking for %s", name)\n	s.line = append(s.line[:0], name...)\n'}}),
)  # fmt: skip


@pytest.mark.parametrize("change", [change for _, change in SUSPICIOUS], ids=[name for name, _ in SUSPICIOUS])
def test_what_may_outlive_a_call_is_suspicious_and_no_more(judge: Judge, change: dict[str, object]) -> None:
    found = judge(**change)
    assert found
    assert {o.rule for o in found} <= SUSPICION


def test_what_was_there_before_is_not_objected_to(judge: Judge) -> None:
    old = {"own.go": 'package shop\n\nimport "runtime"\n\nfunc tidy() { runtime.GC() }\n\nvar seen = map[string]int{}\n'
                     "\nfunc see(name string) { seen[name]++ }\n"}  # fmt: skip
    new = {"own.go": 'package shop\n\nimport "runtime"\n\nvar seen = map[string]int{}\n\n'
                     "func see(name string) { seen[name]++ }\n\nfunc tidy() {\n	runtime.GC()\n}\n"}  # fmt: skip
    assert judge(before=old, files=new) == ()


def test_tests_are_somebody_elses_business(judge: Judge) -> None:
    assert (
        judge(files={"more_test.go": 'package shop\n\nimport "testing"\n\nfunc TestMore(t *testing.T) {}\n'})
        == ()
    )
