package ledger

import (
	"fmt"
	"io"
	"log"
	"math"
	"math/rand"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}

func TestParsePayments(t *testing.T) {
	got, err := ParsePayments("2024-02-29;R-1;12.50;ann\n\n2024-03-01;R-2;0.07;bob\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Payment{{"2024-02-29", "R-1", 1250, "ann"}, {"2024-03-01", "R-2", 7, "bob"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestParsePaymentsNamesTheLine(t *testing.T) {
	_, err := ParsePayments("2024-03-01;R-1;12.50;ann\n2024-03-01;R-2;12.50")
	if err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v", err)
	}
}

func TestReconcile(t *testing.T) {
	payments := []Payment{{Reference: "R-2", Cents: 5}, {Reference: "R-2", Cents: 5}, {Reference: "R-1", Cents: 9}}
	invoices := []Invoice{{"R-1", 10}, {"R-2", 5}, {"R-3", 5}}
	want := Matches{Invoice: []int{1, -1, -1}, Open: 15}
	if got := Reconcile(payments, invoices); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPost(t *testing.T) {
	accounts := map[string]int64{"ann": 100}
	refused := Post(accounts, []Payment{{Payer: "ann", Cents: 20}, {Payer: "bob", Cents: 1}, {Payer: "ann", Cents: 3}})
	if refused != 1 || accounts["ann"] != 123 || len(accounts) != 1 {
		t.Errorf("refused %d, accounts %v", refused, accounts)
	}
}

func TestStatement(t *testing.T) {
	got := Statement([]Payment{{"2024-03-01", "R-1", 1250, "ann"}}, -2000)
	want := "day         reference               amount         balance\n" +
		"2024-03-01  R-1                      12.50           -7.50\n"
	if got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestAverage(t *testing.T) {
	got := Average([]int64{100, 200}, []int{10, 9}, 10)
	if want := (100 + 0.97*200) / 1.97; math.Abs(got-want) > 1e-3 {
		t.Errorf("got %v, want %v", got, want)
	}
	if Average(nil, nil, 3) != 0 {
		t.Error("no payments have an average")
	}
}

func generate(size int) ([]Payment, []Invoice) {
	random := rand.New(rand.NewSource(42))
	payments, invoices := make([]Payment, size), make([]Invoice, size)
	for i, number := range random.Perm(size) {
		cents := int64(100 + random.Intn(90000))
		invoices[i] = Invoice{Number: fmt.Sprintf("INV-%06d", number), Cents: cents}
	}
	for i := range payments {
		invoice := invoices[random.Intn(size)]
		day := fmt.Sprintf("2024-%02d-%02d", 1+random.Intn(12), 1+random.Intn(28))
		payer := fmt.Sprintf("customer %d", random.Intn(2*size))
		payments[i] = Payment{Day: day, Reference: invoice.Number, Cents: invoice.Cents, Payer: payer}
	}
	return payments, invoices
}

func BenchmarkParse(b *testing.B) {
	for _, size := range []int{50, 500} {
		payments, _ := generate(size)
		var lines strings.Builder
		for _, p := range payments {
			fmt.Fprintf(&lines, "%s;%s;%d.%02d;%s\n", p.Day, p.Reference, p.Cents/100, p.Cents%100, p.Payer)
		}
		text := lines.String()
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				if _, err := ParsePayments(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReconcile(b *testing.B) {
	for _, size := range []int{50, 200, 800} {
		payments, invoices := generate(size)
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				if len(Reconcile(payments, invoices).Invoice) != size {
					b.Fatal("payments are missing")
				}
			}
		})
	}
}

func BenchmarkPost(b *testing.B) {
	for _, size := range []int{100, 1000} {
		payments, _ := generate(size)
		accounts := map[string]int64{}
		for i := 0; i < size; i++ {
			accounts[fmt.Sprintf("customer %d", i)] = 0
		}
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				if Post(accounts, payments) == len(payments) {
					b.Fatal("nothing was posted")
				}
			}
		})
	}
}

func BenchmarkStatement(b *testing.B) {
	for _, size := range []int{50, 800} {
		payments, _ := generate(size)
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				if len(Statement(payments, 0)) == 0 {
					b.Fatal("the statement is empty")
				}
			}
		})
	}
}

var average float64

func BenchmarkAverage(b *testing.B) {
	for _, size := range []int{100, 1000} {
		random := rand.New(rand.NewSource(42))
		cents, days := make([]int64, size), make([]int, size)
		for i := range cents {
			cents[i], days[i] = int64(random.Intn(90000)), random.Intn(365)
		}
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				average = Average(cents, days, 365)
			}
		})
	}
}
