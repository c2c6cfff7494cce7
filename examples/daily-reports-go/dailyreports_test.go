package dailyreports

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"
	"time"
)

// day makes the lines of a day with n trades in up to 500 symbols; the same n gives the same day.
func day(n int) string {
	random := rand.New(rand.NewSource(int64(n)))
	open := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	var text strings.Builder
	for i := range n {
		side := "BUY"
		if random.Intn(2) == 0 {
			side = "SELL"
		}
		fmt.Fprintf(&text, "T-%08d,%s,SYM%03d,%s,%.4f,%d\n", i,
			open.Add(time.Duration(i)*time.Millisecond).Format(time.RFC3339),
			random.Intn(500), side, 10+90*random.Float64(), 1+random.Intn(500))
	}
	return text.String()
}

func TestGenerate(t *testing.T) {
	var out bytes.Buffer
	if err := Generate("2026-03-02", strings.NewReader(day(2000)), &out); err != nil {
		t.Fatal(err)
	}
	const want = "711889963ade8b010db8237082b5b05bad4759cb2a42c29d6538861df68f7ed5"
	if got := fmt.Sprintf("%x", sha256.Sum256(out.Bytes())); got != want {
		t.Errorf("the report of 2000 trades changed: %s", got)
	}
}

func TestGenerateRefusesNonsense(t *testing.T) {
	if err := Generate("2026-03-02", strings.NewReader("a,b\nc,d\n"), io.Discard); err == nil {
		t.Error("accepted lines that are no trades")
	}
}

func BenchmarkDailyReport(b *testing.B) {
	for _, size := range []int{100, 1000, 10000, 100000} {
		input := day(size)
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Generate("2026-03-02", strings.NewReader(input), io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
