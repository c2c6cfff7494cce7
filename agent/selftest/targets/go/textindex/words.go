// Package textindex counts and packs the texts of a library.
package textindex

import (
	"slices"
	"strings"
	"unicode"
)

// Entry is a word and how often it occurs.
type Entry struct {
	Word  string
	Count int
}

// Count counts the words of a text. A word is a run of letters and digits of any alphabet, in lower case.
func Count(text string) map[string]int {
	counts := map[string]int{}
	for _, word := range strings.FieldsFunc(strings.ToLower(text), isSeparator) {
		counts[word]++
	}
	return counts
}

func isSeparator(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// Top returns the `limit` most frequent words, the most frequent first, equally frequent ones by name.
func Top(counts map[string]int, limit int) []Entry {
	rest := make([]Entry, 0, len(counts))
	for word, count := range counts {
		rest = append(rest, Entry{word, count})
	}
	var top []Entry
	for len(top) < limit && len(rest) > 0 {
		best := 0
		for i, entry := range rest {
			if before(entry, rest[best]) {
				best = i
			}
		}
		top = append(top, rest[best])
		rest = slices.Delete(rest, best, best+1)
	}
	return top
}

func before(a, b Entry) bool {
	if a.Count != b.Count {
		return a.Count > b.Count
	}
	return a.Word < b.Word
}

// Slug makes a text fit for an address: words in lower case, joined by single hyphens.
func Slug(text string) string {
	slug := ""
	pending := false
	for _, r := range text {
		if isSeparator(r) {
			pending = slug != ""
			continue
		}
		if pending {
			slug += "-"
			pending = false
		}
		slug += string(unicode.ToLower(r))
	}
	return slug
}
