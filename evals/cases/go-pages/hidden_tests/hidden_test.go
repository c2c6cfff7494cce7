package pages

import (
	"html"
	"math/rand"
	"strings"
	"sync"
	"testing"
)

const letters = "abc<>&\"' é日\n0"

func random(source *rand.Rand, length int) string {
	var text strings.Builder
	all := []rune(letters)
	for range length {
		text.WriteRune(all[source.Intn(len(all))])
	}
	return text.String()
}

func TestHiddenEscapeIsTheStandardOne(t *testing.T) {
	source := rand.New(rand.NewSource(3))
	for range 500 {
		text := random(source, source.Intn(60))
		if got, want := Escape(text), html.EscapeString(text); got != want {
			t.Fatalf("%q became %q, not %q", text, got, want)
		}
	}
}

func TestHiddenBrokenText(t *testing.T) {
	if got := Escape("\xff<\xfe"); got != "\xff&lt;\xfe" {
		t.Errorf("got %q", got)
	}
}

func TestHiddenRows(t *testing.T) {
	page := Page("t", []Contact{{Name: "<x>"}, {Name: "Y", Note: "'"}})
	for _, want := range []string{"<td>&lt;x&gt;</td>", "<tr id=\"y\">", "<td>&#39;</td>", "<p>2 contacts</p>"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in %q", want, page)
		}
	}
}

func TestHiddenPagesSideBySide(t *testing.T) {
	rows := []Contact{{Name: "a & b", Email: "<", City: ">", Note: "\""}}
	want := Page("x", rows)
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 50 {
				if got := Page("x", rows); got != want {
					t.Errorf("got %q", got)
					return
				}
			}
		}()
	}
	group.Wait()
}

func BenchmarkHidden(b *testing.B) {
	source := rand.New(rand.NewSource(5))
	rows := make([]Contact, 700)
	for i := range rows {
		rows[i] = Contact{random(source, 12), random(source, 25), random(source, 9), random(source, 70), i}
	}
	b.ReportAllocs()
	for b.Loop() {
		Page("Others", rows)
	}
}
