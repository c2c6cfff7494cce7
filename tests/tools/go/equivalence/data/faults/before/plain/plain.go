// Package plain has one function for each way in which new code can be wrong.
package plain

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
)

var ErrNegative = errors.New("negative")

func OffByOne(n int) int {
	sum := 0
	for i := 1; i <= n && i < 100; i++ {
		sum += i
	}
	return sum
}

func WrongOnEmpty(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, " ")
}

func MutatesArgument(numbers []int) []int {
	sorted := append([]int(nil), numbers...)
	sort.Ints(sorted)
	return sorted
}

func ReusesBuffer(text string) []byte {
	var b bytes.Buffer
	b.WriteString("<")
	b.WriteString(text)
	return b.Bytes()
}

func KeepsTable(n int) []int {
	table := make([]int, n&7)
	for i := range table {
		table[i] = i * i
	}
	return table
}

func SharesArgument(words []string) []string {
	return append([]string{}, words...)
}

func DropsError(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("reading %q: %w", text, err)
	}
	return n, nil
}

func OtherErrorText(n int) error {
	if n < 0 {
		return fmt.Errorf("%d is too small", n)
	}
	return nil
}

func LosesSentinel(n int) error {
	if n < 0 {
		return ErrNegative
	}
	return nil
}

func PanicsInstead(numbers []int) (int, error) {
	if len(numbers) == 0 {
		return 0, errors.New("no numbers")
	}
	return numbers[0], nil
}

func NilBecomesEmpty(words []string) []string {
	var long []string
	for _, word := range words {
		if len(word) > 3 {
			long = append(long, word)
		}
	}
	return long
}

func WrongWhenLong(numbers []int) int {
	sum := 0
	for _, n := range numbers {
		sum += n
	}
	return sum
}

func HardCoded(text string) int { return strings.Count(text, "a") }

func MagicNumber(n int) int { return n / 2 }

func Prints(n int) int { return n * 3 }

func Float(numbers []float64) float64 {
	sum := 0.0
	for _, n := range numbers {
		sum += n
	}
	return sum / 3
}

func DropsValidation(name string) string {
	if strings.ContainsAny(name, "/\\") {
		panic("no separators: " + name)
	}
	return name + ".txt"
}

func IgnoresWriteError(w io.Writer, words []string) error {
	for _, word := range words {
		if _, err := io.WriteString(w, word); err != nil {
			return err
		}
	}
	return nil
}

func ReadsOneLineOnly(r io.Reader) (int, error) {
	content, err := io.ReadAll(r)
	return bytes.Count(content, []byte("\n")), err
}

func RandomOrder(counts map[string]int) []string {
	var names []string
	for name := range counts {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func unexported(words []string, at int) string {
	if at < 0 || at >= len(words) {
		return ""
	}
	return words[at]
}

func Variadic(separator string, words ...string) string { return strings.Join(words, separator) }

func Generic[T comparable](items []T, wanted T) int {
	for i, item := range items {
		if item == wanted {
			return i
		}
	}
	return -1
}

type number interface{ ~int | ~float64 }

func GenericSum[S ~[]E, E number](items S) (sum E) {
	for _, item := range items {
		sum += item
	}
	return sum
}

type Account struct {
	owner   string
	balance int
	history []int
}

func NewAccount(owner string) *Account { return &Account{owner: owner} }

func (a *Account) Deposit(amount int) error {
	if amount <= 0 {
		return ErrNegative
	}
	a.balance += amount
	a.history = append(a.history, amount)
	return nil
}

func (a *Account) Owner() string { return a.owner }

type Shape interface{ Area() float64 }

type Square struct{ Side float64 }

func (s Square) Area() float64 { return s.Side * s.Side }

type Rectangle struct{ Width, Height float64 }

func (r *Rectangle) Area() float64 { return r.Width * r.Height }

func Largest(shapes []Shape) Shape {
	var best Shape
	for _, shape := range shapes {
		if shape != nil && (best == nil || shape.Area() > best.Area()) {
			best = shape
		}
	}
	return best
}

func Filter(words []string, keep func(string) bool) []string {
	var kept []string
	for _, word := range words {
		if keep(word) {
			kept = append(kept, word)
		}
	}
	return kept
}

func Short(words []string) []string {
	return Filter(words, func(word string) bool { return len(word) < 4 })
}
