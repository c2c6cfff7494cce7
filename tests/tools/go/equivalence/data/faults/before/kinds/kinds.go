// Package kinds has functions of many kinds. Those whose names start with Same are rewritten honestly.
package kinds

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"sort"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

func Runes(text string) int { return utf8.RuneCountInString(text) }

func Title(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return strings.ToUpper(string(first)) + text[size:]
}

func Midpoint(low, high uint8) uint8 { return low + (high-low)/2 }

func Ratio(a, b float64) float64 { return a / b }

func NotANumber(x float64) bool { return x != x }

func SameZero(x float64) float64 { return x * 1 }

func SameFloat(numbers []float64) float64 {
	sum := 0.0
	for _, n := range numbers {
		sum += n / 7
	}
	return sum
}

func EmptyMap(words []string) map[string]int {
	var counts map[string]int
	for _, word := range words {
		if counts == nil {
			counts = map[string]int{}
		}
		counts[word]++
	}
	return counts
}

func SetsMap(counts map[string]int, name string) int { return counts[name] }

func WritesBehind(numbers []int) int {
	return sumOf(append(append([]int{}, numbers...), 7))
}

func sumOf(numbers []int) (sum int) {
	for _, n := range numbers {
		sum += n
	}
	return sum
}

func SameCopied(numbers []int) []int {
	copied := []int{}
	copied = append(copied, numbers...)
	return append(copied, 1)
}

type Node struct {
	Value int
	Next  *Node
}

func Push(list *Node, value int) *Node { return &Node{Value: value, Next: list} }

func Increment(counter *int) int { return *counter + 1 }

func Complains(name string) string {
	if name == "" {
		fmt.Fprintln(os.Stderr, "no name")
	}
	return "<" + name + ">"
}

func PanicValue(n int) int {
	if n < 0 {
		panic(errors.New("below zero"))
	}
	return n
}

type RangeError struct {
	Low, High int
}

func (e *RangeError) Error() string { return "out of range" }

func Check(n int) error {
	if n < 0 || n > 9 {
		return &RangeError{0, 9}
	}
	return nil
}

func Numbers(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i <= n&15; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

func SameSequence(words []string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for i, word := range words {
			if !yield(i, word) {
				return
			}
		}
	}
}

func Stream(n int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := 0; i < n&15; i++ {
			out <- i
		}
	}()
	return out
}

func Receives(in chan int) int { return <-in }

func Adder(n int) func(int) int { return func(m int) int { return n + m } }

func Map[T, U any](items []T, change func(T) U) []U {
	changed := make([]U, 0)
	for _, item := range items {
		changed = append(changed, change(item))
	}
	return changed
}

func Visit(words []string, visit func(string)) {
	for _, word := range words {
		visit(word)
	}
}

func SortBy(numbers []int, less func(a, b int) bool) []int {
	sorted := append([]int(nil), numbers...)
	sort.SliceStable(sorted, func(i, j int) bool { return less(sorted[i], sorted[j]) })
	return sorted
}

func SameSort(words []string, compare func(a, b string) int) []string {
	sorted := append([]string(nil), words...)
	sort.SliceStable(sorted, func(i, j int) bool { return compare(sorted[i], sorted[j]) < 0 })
	return sorted
}

func SameFilter(words []string, keep func(string) bool) []string {
	var kept []string
	for _, word := range words {
		if keep(word) {
			kept = append(kept, word)
		}
	}
	return kept
}

func Done(ctx context.Context, n int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return n, nil
}

func CountLines(r io.Reader) (int, error) {
	lines := 0
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		lines++
	}
	return lines, scanner.Err()
}

func SameWrites(w io.Writer, words []string) error {
	for _, word := range words {
		if _, err := io.WriteString(w, word+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func Leaks(n int) int {
	done := make(chan int, 1)
	go func() { done <- n * 2 }()
	return <-done
}

func SameParallel(numbers []int) []int {
	doubled := make([]int, len(numbers))
	for i, n := range numbers {
		doubled[i] = 2 * n
	}
	return doubled
}

func SameOrder(counts map[string]int) []string {
	var names []string
	for name := range counts {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

type Stack struct{ items []string }

func (s *Stack) Push(item string) { s.items = append(s.items, item) }

func (s *Stack) Pop() (string, bool) {
	if len(s.items) == 0 {
		return "", false
	}
	item := s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return item, true
}

type Celsius float64

func (c Celsius) Fahrenheit() float64 { return float64(c)*9/5 + 32 }

type Pair[K comparable, V any] struct {
	Key   K
	Value V
}

func Keys[K comparable, V any](pairs []Pair[K, V]) []K {
	keys := make([]K, 0, len(pairs))
	for _, pair := range pairs {
		keys = append(keys, pair.Key)
	}
	return keys
}

func Any(value any) string {
	switch v := value.(type) {
	case nil:
		return "nothing"
	case string:
		return v
	case int, float64:
		return fmt.Sprint(v)
	}
	return "something"
}

func Later(t time.Time, days int) time.Time { return t.AddDate(0, 0, days) }

func Since(t time.Time) time.Duration { return time.Since(t) }

func Grid(rows [][]int) int {
	most := math.MinInt
	for _, row := range rows {
		for _, cell := range row {
			most = max(most, cell)
		}
	}
	return most
}

func OnlyFromTests(text string) string {
	return strings.TrimSpace(text)
}

func Search(sorted []int, wanted int) int { return sort.SearchInts(sorted, wanted) }

var pool = sync.Pool{New: func() any { return new(strings.Builder) }}

func Pooled(parts []string) (string, error) {
	b := &strings.Builder{}
	for _, part := range parts {
		if part == "" {
			return "", errors.New("empty part")
		}
		b.WriteString(part)
	}
	return b.String(), nil
}

func SameRenamed(n int) int { return half(n) + 1 }

func half(n int) int { return n / 2 }

func Removed() int { return 1 }

func Signature(n int) int { return n }

func removedQuietly(n int) int { return n }

func Halves(words []string) [][]string {
	at, end := 0, len(words)/2
	return [][]string{words[at:end:end], words[end:]}
}

type Ring struct{ cells []int }

func NewRing(n uint8) *Ring { return &Ring{make([]int, n&7)} }

func (r *Ring) Cells() []int { return append([]int{}, r.cells...) }

func Apart(a, b, c string) bool { return len(a) == 1 && a != "#" && b == c }

var memo = map[int]int{}

func Memo(n int) int {
	if _, known := memo[n]; !known {
		memo[n] = n * n
	}
	return memo[n]
}
