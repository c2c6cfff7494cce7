// Package hot holds what the compiler has something to say about.
package hot

import "fmt"

// Point is returned by its address.
type Point struct{ X, Y int }

// New makes a point on the heap.
func New(x, y int) *Point {
	return &Point{x, y}
}

// At reads where nothing proves that there is something.
func At(values []int, index int) int {
	return values[index]
}

// Head takes as much as is asked for.
func Head(values []int, count int) []int {
	return values[:count]
}

// Long is too complex to be inlined.
func Long(values []int) string {
	text := ""
	for i, value := range values {
		if value > i {
			text += fmt.Sprintf("%d:%d,", i, value)
		} else {
			text += fmt.Sprintln(value)
		}
	}
	return text
}

//go:noinline
func Kept() int { return 1 }
