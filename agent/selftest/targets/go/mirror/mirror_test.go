package mirror

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"testing"
	"time"
)

// remote is a store that takes a while for each file.
type remote struct {
	delay time.Duration
	files map[string][]byte
}

func (r remote) Fetch(name string) ([]byte, error) {
	time.Sleep(r.delay)
	data, there := r.files[name]
	if !there {
		return nil, errors.New("no such file")
	}
	return bytes.Clone(data), nil
}

func fill(files, size int, delay time.Duration) (remote, []string) {
	random := rand.New(rand.NewSource(5))
	store := remote{delay: delay, files: map[string][]byte{}}
	names := make([]string, files)
	for i := range names {
		names[i] = fmt.Sprintf("file-%04d", i)
		data := make([]byte, size)
		random.Read(data)
		store.files[names[i]] = data
	}
	return store, names
}

func TestCopy(t *testing.T) {
	store := remote{files: map[string][]byte{"a": {1, 2}, "b": {3}}}
	got, err := Copy(store, []string{"a", "b", "a"}, t)
	if want := (Totals{Files: 3, Bytes: 5, Sum: 13}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestTally(t *testing.T) {
	counts := Tally([][]byte{{1, 2}, {2}, {}}, 2)
	if counts[1] != 1 || counts[2] != 2 || counts[0] != 0 {
		t.Errorf("got %v", counts[:3])
	}
}

func BenchmarkCopy(b *testing.B) {
	for _, size := range []int{4, 24} {
		store, names := fill(size, 2000, 400*time.Microsecond)
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for b.Loop() {
				totals, err := Copy(store, names, b)
				if err != nil || totals.Files != size {
					b.Fatal(totals, err)
				}
			}
		})
	}
}

func BenchmarkTally(b *testing.B) {
	for _, size := range []int{2, 16} {
		store, names := fill(size, 8000, 0)
		var blocks [][]byte
		for _, name := range names {
			blocks = append(blocks, bytes.Clone(store.files[name]))
		}
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for b.Loop() {
				Tally(blocks, 4)
			}
		})
	}
}
