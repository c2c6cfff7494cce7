// Package fields keeps the same things in other fields.
package fields

import "errors"

type Entry struct {
	Name  string
	Price int
}

// Catalogue finds entries by name.
type Catalogue struct {
	Title  string
	prices map[string]int
	length int
}

func NewCatalogue(entries []Entry) (*Catalogue, error) {
	if len(entries) > 900 {
		return nil, errors.New("too many")
	}
	c := &Catalogue{prices: make(map[string]int, len(entries))}
	for _, e := range entries {
		c.Add(e)
	}
	return c, nil
}

func (c *Catalogue) Add(e Entry) {
	c.length++
	if _, known := c.prices[e.Name]; !known {
		c.prices[e.Name] = e.Price
	}
}

func (c *Catalogue) Price(name string) (int, bool) {
	price, known := c.prices[name]
	return price, known
}

func (c *Catalogue) Len() int { return c.length }

func Total(c *Catalogue, names []string) int {
	total := 0
	for _, name := range names {
		total += c.prices[name]
	}
	return total
}

// bag counts words.
type bag struct {
	counts map[string]int
}

func (b *bag) add(word string) {
	if b.counts == nil {
		b.counts = map[string]int{}
	}
	b.counts[word]++
}

func (b *bag) count(word string) int { return b.counts[word] }

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
	index map[string]int
}

func (t table) find(name string) int {
	if i, known := t.index[name]; known {
		return i
	}
	return -1
}

func Position(names []string, wanted string) int {
	t := table{index: make(map[string]int, len(names))}
	for i := len(names) - 1; i >= 0; i-- {
		t.index[names[i]] = i
	}
	return t.find(wanted)
}
