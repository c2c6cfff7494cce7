package dependencies

import (
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"testing"
)

func read(t testing.TB, text string) *Graph {
	t.Helper()
	graph, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return graph
}

func TestHiddenCyclesEnd(t *testing.T) {
	got := read(t, "a: b\nb: c\nc: a\n").Affected([]string{"b", "b"})
	if want := []string{"b", "a", "c"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestHiddenUnknownAndNothing(t *testing.T) {
	graph := read(t, "a: b\n")
	if got := graph.Affected([]string{"never", "heard"}); !reflect.DeepEqual(got, []string{"never", "heard"}) {
		t.Errorf("got %v", got)
	}
	if got := graph.Affected(nil); got != nil {
		t.Errorf("got %#v", got)
	}
}

func TestHiddenAskedTwice(t *testing.T) {
	graph := read(t, "a: b\nc: b\n")
	changed := []string{"b"}
	first := graph.Affected(changed)
	first[0] = "scribbled"
	if got := graph.Affected(changed); !reflect.DeepEqual(got, []string{"b", "a", "c"}) {
		t.Errorf("got %v", got)
	}
}

func TestHiddenRandomGraphs(t *testing.T) {
	random := rand.New(rand.NewSource(5))
	for round := range 60 {
		importers := map[string][]string{}
		var text strings.Builder
		for i := range 1 + random.Intn(30) {
			name := fmt.Sprintf("p%d", i)
			text.WriteString(name + ":")
			for range random.Intn(4) {
				imported := fmt.Sprintf("p%d", random.Intn(30))
				text.WriteString(" " + imported)
				importers[imported] = append(importers[imported], name)
			}
			text.WriteString("\n")
		}
		var want []string
		done := map[string]bool{}
		for queue := []string{"p3", "p1"}; len(queue) > 0; queue = queue[1:] {
			if !done[queue[0]] {
				done[queue[0]] = true
				want = append(want, queue[0])
				queue = append(queue, importers[queue[0]]...)
			}
		}
		if got := read(t, text.String()).Affected([]string{"p3", "p1"}); !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: got %v, want %v", round, got, want)
		}
	}
}

func BenchmarkHidden(b *testing.B) {
	random := rand.New(rand.NewSource(9))
	var text strings.Builder
	for i := 1; i < 2700; i++ {
		fmt.Fprintf(&text, "internal/part%d: internal/part%d internal/part%d\n", i, random.Intn(i), max(0, i-3))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Plan(strings.NewReader(text.String()), []string{"internal/part0", "internal/part9"}); err != nil {
			b.Fatal(err)
		}
	}
}
