// Package deadly has functions that hang, end the process or depend on more than their arguments.
package deadly

import (
	"fmt"
	"math/rand"
	"os"
	"time"
)

func Hangs(n int) int {
	steps := 0
	for n > 1 {
		if n == 3 {
			continue
		}
		n /= 2
		steps++
	}
	return steps
}

func Exits(name string) string {
	if len(name) > 3 {
		os.Exit(1)
	}
	return "<" + name + ">"
}

func ExitsOnBoth(n int) int {
	// as before
	_ = n
	if n > 0 {
		os.Exit(3)
	}
	return n
}

var filled [][]byte

func Fills(n int) int {
	for n > 0 {
		filled = append(filled, make([]byte, 1<<24))
	}
	return n
}

func MapOrder(counts map[string]int) string {
	var text string
	for name := range counts {
		text += name + ";"
	}
	return text
}

func Now(name string) string { return fmt.Sprintf("%s-%d", name, time.Now().UnixNano()) }

func Random(n int) int { return rand.Intn(1000000) - n }

var calls int

func Counts(n int) int {
	calls++
	return n + calls
}

var memo = map[int]int{}

func Memo(n int) int {
	if _, known := memo[n&255]; !known {
		memo[n&255] = n * n
	}
	return memo[n&255]
}
