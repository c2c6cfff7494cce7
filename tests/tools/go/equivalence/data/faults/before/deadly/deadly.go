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
		n /= 2
		steps++
	}
	return steps
}

func Exits(name string) string {
	return "<" + name + ">"
}

func ExitsOnBoth(n int) int {
	if n > 0 {
		os.Exit(3)
	}
	return n
}

func Fills(n int) int { return n }

func MapOrder(counts map[string]int) string {
	text := ""
	for name := range counts {
		text += name + ";"
	}
	return text
}

func Now(name string) string { return fmt.Sprintf("%s %d", name, time.Now().UnixNano()) }

func Random(n int) int { return rand.Intn(1000000) + n }

var calls int

func Counts(n int) int {
	calls++
	return calls + n
}

var memo = map[int]int{}

func Memo(n int) int {
	if _, known := memo[n]; !known {
		memo[n] = n * n
	}
	return memo[n]
}
