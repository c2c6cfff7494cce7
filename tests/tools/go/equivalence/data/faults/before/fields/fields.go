// Package fields keeps the same things in other fields.
package fields

import "errors"

type Entry struct {
	Name  string
	Price int
}

// Catalogue finds entries by name.
type Catalogue struct {
	Title   string
	entries []Entry
}

func NewCatalogue(entries []Entry) (*Catalogue, error) {
	if len(entries) > 900 {
		return nil, errors.New("too many")
	}
	return &Catalogue{entries: append([]Entry(nil), entries...)}, nil
}

func (c *Catalogue) Add(e Entry) { c.entries = append(c.entries, e) }

func (c *Catalogue) Price(name string) (int, bool) {
	for _, e := range c.entries {
		if e.Name == name {
			return e.Price, true
		}
	}
	return 0, false
}

func (c *Catalogue) Len() int { return len(c.entries) }

func Total(c *Catalogue, names []string) int {
	total := 0
	for _, name := range names {
		price, _ := c.Price(name)
		total += price
	}
	return total
}

// bag counts words.
type bag struct {
	words []string
}

func (b *bag) add(word string) { b.words = append(b.words, word) }

func (b *bag) count(word string) int {
	n := 0
	for _, w := range b.words {
		if w == word {
			n++
		}
	}
	return n
}

func Most(words []string) (string, int) {
	b := &bag{}
	for _, word := range words {
		b.add(word)
	}
	best, most := "", 0
	for _, word := range words {
		if n := b.count(word); n > most {
			best, most = word, n
		}
	}
	return best, most
}

// table is only ever made in a literal.
type table struct {
	names []string
}

func (t table) find(name string) int {
	for i, other := range t.names {
		if other == name {
			return i
		}
	}
	return -1
}

func Position(names []string, wanted string) int {
	t := table{names: names}
	return t.find(wanted)
}
