package pages

import (
	"fmt"
	"strings"
	"testing"
)

func TestPage(t *testing.T) {
	got := Page("A & B", []Contact{{"Ada Byron", "ada@example.com", "London", "asked for <b>", 3}})
	want := "<!doctype html>\n<title>A &amp; B</title>\n<table>\n" +
		"<tr id=\"ada-byron\"><td>Ada Byron</td><td>ada@example.com</td><td>London</td>" +
		"<td>asked for &lt;b&gt;</td><td>3</td></tr>\n</table>\n<p>1 contacts</p>\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"":         "",
		"plain":    "plain",
		`<a "b">`:  "&lt;a &#34;b&#34;&gt;",
		"it's":     "it&#39;s",
		"&amp;":    "&amp;amp;",
		"Größe <7": "Größe &lt;7",
	} {
		if got := Escape(text); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}

func TestSlug(t *testing.T) {
	for name, want := range map[string]string{"Ada Byron": "ada-byron", " 3 x R2-D2! ": "3-x-r2-d2", "": ""} {
		if got := slug(name); got != want {
			t.Errorf("%q became %q, not %q", name, got, want)
		}
	}
}

func contacts(size int) []Contact {
	found := make([]Contact, size)
	for i := range found {
		found[i] = Contact{
			Name:  fmt.Sprintf("Customer %d", i),
			Email: fmt.Sprintf("customer.%d@example.com", i),
			City:  []string{"Aarhus", "Brno", "Cork & Cobh", "Dresden"}[i%4],
			Note:  strings.Repeat("called about the delivery; ", i%4),
			Calls: i % 11,
		}
	}
	return found
}

func BenchmarkPage(b *testing.B) {
	for _, size := range []int{100, 1000, 10000} {
		rows := contacts(size)
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Page("Customers", rows)
			}
		})
	}
}
