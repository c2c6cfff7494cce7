package parcels

import "testing"

var sink float64

func BenchmarkDay(b *testing.B) {
	for i := 0; i < b.N; i++ {
		sink = Day(Records)
	}
}
