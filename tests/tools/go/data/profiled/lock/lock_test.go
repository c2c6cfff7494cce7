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

// BenchmarkSwitch hands a token to and fro, which is all that a trace of it can hold.
func BenchmarkSwitch(b *testing.B) {
	there, back := make(chan int), make(chan int)
	go func() {
		for token := range there {
			back <- token
		}
		close(back)
	}()
	for i := 0; i < b.N; i++ {
		there <- i
		<-back
	}
	close(there)
	<-back
}
