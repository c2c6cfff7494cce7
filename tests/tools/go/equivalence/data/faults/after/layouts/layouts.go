// Package layouts has types whose new fields are used wrongly.
package layouts

// Set is a set of words.
type Set struct {
	words  map[string]bool
	length int
}

func NewSet() *Set { return &Set{words: map[string]bool{}} }

func (s *Set) Add(word string) {
	s.words[word] = true
	s.length++
}

func (s *Set) Has(word string) bool { return s.words[word] }

func (s *Set) Len() int { return s.length }

func Distinct(words []string) int {
	set := NewSet()
	for _, word := range words {
		set.Add(word)
	}
	return set.Len()
}

type Point struct {
	Name string
	Y, X int
}

func Reordered(points []Point) int {
	sum := 0
	for _, p := range points {
		sum += p.Y - p.X
	}
	return sum
}

func SameReordered(points []Point) int {
	sum := 0
	for i := range points {
		sum += points[i].X + points[i].Y
	}
	return sum
}

type Line struct {
	Text string
	Size int
}

func Added(lines []Line) int { return len(lines) }
