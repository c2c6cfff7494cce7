package routes

import (
	"fmt"
	"math/rand"
	"reflect"
	"testing"
)

func TestTimes(t *testing.T) {
	network := Network{{{1, 7}, {2, 1}}, {{3, 1}}, {{1, 2}, {3, 9}}, {}, {{0, 1}}}
	got, err := Times(network, 0)
	if want := []int{0, 3, 1, 4, Unreachable}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestTimesOfWhatIsNotThere(t *testing.T) {
	if _, err := Times(Network{{}}, 1); err == nil {
		t.Error("began at a junction that isn't there")
	}
	if _, err := Times(Network{{{5, 1}}}, 0); err == nil {
		t.Error("followed a road to nowhere")
	}
}

func TestBusiest(t *testing.T) {
	network := Network{{{1, 7}, {1, 9}, {2, 1}}, {{2, 1}}, {{1, 2}}, {{2, 3}}}
	if got := Busiest(network); !reflect.DeepEqual(got, []int{2}) {
		t.Errorf("got %v", got)
	}
}

// generate makes a town of so many streets in each direction, always the same one.
func generate(side int) Network {
	random := rand.New(rand.NewSource(99))
	network := make(Network, side*side)
	for i := range network {
		for _, to := range []int{i - side, i + side, i - 1, i + 1, random.Intn(len(network))} {
			if to >= 0 && to < len(network) {
				network[i] = append(network[i], Road{To: to, Seconds: uint16(5 + random.Intn(300))})
			}
		}
	}
	return network
}

func BenchmarkTimes(b *testing.B) {
	for _, side := range []int{10, 20, 30} {
		network := generate(side)
		b.Run(fmt.Sprintf("size=%d", side*side), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				times, err := Times(network, i%len(network))
				if err != nil || len(times) != len(network) {
					b.Fatal(len(times), err)
				}
			}
		})
	}
}

// star is a village where every way leads over one of a few crossings, often more than once.
func star(size int) Network {
	random := rand.New(rand.NewSource(99))
	network := make(Network, size)
	for i := 0; i < 4*size; i++ {
		from := random.Intn(1 + size/20)
		network[from] = append(network[from], Road{To: random.Intn(size), Seconds: 9})
	}
	return network
}

func BenchmarkBusiest(b *testing.B) {
	for _, size := range []int{200, 2000} {
		network := star(size)
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				if len(Busiest(network)) == 0 {
					b.Fatal("no junction is the busiest")
				}
			}
		})
	}
}
