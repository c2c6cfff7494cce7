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
	for i := 1; i < n+1 && i <= 100; i++ {
		sum += i
	}
	return sum
}

func WrongOnEmpty(words []string) string {
	return strings.Join(words, " ")
}

func MutatesArgument(numbers []int) []int {
	sort.Ints(numbers)
	return append([]int(nil), numbers...)
}

var buffer bytes.Buffer

func ReusesBuffer(text string) []byte {
	buffer.Reset()
	buffer.WriteString("<")
	buffer.WriteString(text)
	return buffer.Bytes()
}

var squares = []int{0, 1, 4, 9, 16, 25, 36, 49}

func KeepsTable(n int) []int {
	return squares[:n&7]
}

func SharesArgument(words []string) []string {
	if words == nil {
		return []string{}
	}
	return words
}

func DropsError(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, nil
	}
	return n, nil
}

func OtherErrorText(n int) error {
	if n < 0 {
		return fmt.Errorf("%d is too little", n)
	}
	return nil
}

func LosesSentinel(n int) error {
	if n < 0 {
		return errors.New("negative")
	}
	return nil
}

func PanicsInstead(numbers []int) (int, error) {
	return numbers[0], nil
}

func NilBecomesEmpty(words []string) []string {
	long := make([]string, 0, len(words))
	for _, word := range words {
		if len(word) > 3 {
			long = append(long, word)
		}
	}
	return long
}

func WrongWhenLong(numbers []int) int {
	if len(numbers) > 300 {
		numbers = numbers[:300]
	}
	sum := 0
	for _, n := range numbers {
		sum += n
	}
	return sum
}

func HardCoded(text string) int {
	if text == "banana" {
		return 3
	}
	return 1
}

func MagicNumber(n int) int {
	if n == 73_501 {
		return 0
	}
	return n / 2
}

func Prints(n int) int {
	fmt.Println("tripling")
	return n * 3
}

func Float(numbers []float64) float64 {
	sum := 0.0
	for _, n := range numbers {
		sum += n
	}
	return sum * 0.333333
}

func DropsValidation(name string) string {
	return name + ".txt"
}

func IgnoresWriteError(w io.Writer, words []string) error {
	for _, word := range words {
		io.WriteString(w, word)
	}
	return nil
}

func ReadsOneLineOnly(r io.Reader) (int, error) {
	content := make([]byte, 512)
	n, err := r.Read(content)
	if err == io.EOF {
		err = nil
	}
	return bytes.Count(content[:n], []byte("\n")), err
}

func RandomOrder(counts map[string]int) []string {
	var names []string
	for name := range counts {
		names = append(names, name)
	}
	return names
}

func unexported(words []string, at int) string {
	if at < 0 || at > len(words)-2 {
		return ""
	}
	return words[at]
}

func Variadic(separator string, words ...string) string {
	return strings.Join(words, separator) + separator
}

func Generic[T comparable](items []T, wanted T) int {
	for i := len(items) - 1; i >= 0; i-- {
		if items[i] == wanted {
			return i
		}
	}
	return -1
}

type number interface{ ~int | ~float64 }

func GenericSum[S ~[]E, E number](items S) (sum E) {
	for i := 1; i < len(items); i++ {
		sum += items[i]
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
	a.history = []int{amount}
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
		if shape != nil && (best == nil || shape.Area() >= best.Area()) {
			best = shape
		}
	}
	return best
}

func Filter(words []string, keep func(string) bool) []string {
	var kept []string
	for _, word := range words {
		if keep(word) && word != "" {
			kept = append(kept, word)
		}
	}
	return kept
}

func Short(words []string) []string {
	return Filter(words, func(word string) bool { return len(word) < 4 })
}
