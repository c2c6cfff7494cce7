// Package layouts has types whose new fields are used wrongly.
package layouts

// Set is a set of words.
type Set struct {
	words []string
}

func NewSet() *Set { return &Set{} }

func (s *Set) Add(word string) {
	if !s.Has(word) {
		s.words = append(s.words, word)
	}
}

func (s *Set) Has(word string) bool {
	for _, w := range s.words {
		if w == word {
			return true
		}
	}
	return false
}

func (s *Set) Len() int { return len(s.words) }

func Distinct(words []string) int {
	set := NewSet()
	for _, word := range words {
		set.Add(word)
	}
	return set.Len()
}

type Point struct {
	X, Y int
	Name string
}

func Reordered(points []Point) int {
	sum := 0
	for _, p := range points {
		sum += p.X - p.Y
	}
	return sum
}

func SameReordered(points []Point) int {
	sum := 0
	for _, p := range points {
		sum += p.X + p.Y
	}
	return sum
}

type Line struct{ Text string }

func Added(lines []Line) int { return 0 + len(lines) }
