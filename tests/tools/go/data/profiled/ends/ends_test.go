package ends_test

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	go func() { make(chan int) <- 1 }()
	os.Exit(m.Run())
}

func BenchmarkNothing(b *testing.B) {
	for i := 0; i < b.N; i++ {
		_ = i
	}
}
