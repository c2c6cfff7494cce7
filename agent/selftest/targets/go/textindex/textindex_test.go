package textindex

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand"
	"reflect"
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	got := Count("One fish, two fish; FISH 22!")
	if want := map[string]int{"one": 1, "fish": 3, "two": 1, "22": 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTop(t *testing.T) {
	got := Top(map[string]int{"a": 1, "b": 5, "c": 5, "d": 2}, 3)
	if want := []Entry{{"b", 5}, {"c", 5}, {"d", 2}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Top(map[string]int{"a": 1}, 3); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestSlug(t *testing.T) {
	for text, want := range map[string]string{"": "", "  Hello,  World! ": "hello-world", "A1--b2": "a1-b2"} {
		if got := Slug(text); got != want {
			t.Errorf("Slug(%q) is %q, want %q", text, got, want)
		}
	}
}

func TestPack(t *testing.T) {
	texts := []string{"first text", "", "a third text, a longer one"}
	packed, err := Pack(texts)
	if err != nil || len(packed) != len(texts) {
		t.Fatalf("%d packed, %v", len(packed), err)
	}
	for i, data := range packed {
		text, err := io.ReadAll(flate.NewReader(bytes.NewReader(data)))
		if err != nil || string(text) != texts[i] {
			t.Errorf("got %q, %v, want %q", text, err, texts[i])
		}
	}
}

func TestMedian(t *testing.T) {
	if Median([]int{9, 1, 5}) != 5 || Median([]int{4, 1, 3, 2}) != 2 || Median(nil) != 0 {
		t.Error("not the middle one")
	}
}

// text generates so many words; the same seed gives the same text.
func text(words int, seed int64) string {
	random := rand.New(rand.NewSource(seed))
	var out strings.Builder
	for i := 0; i < words; i++ {
		letter := byte('a' + random.Intn(26))
		fmt.Fprintf(&out, "%c%s%d%s", letter-32, strings.Repeat(string(letter), random.Intn(4)),
			random.Intn(words), []string{" ", ", ", ". ", " - "}[random.Intn(4)])
	}
	return out.String()
}

func BenchmarkCount(b *testing.B) {
	for _, size := range []int{100, 2000} {
		given := text(size, 3)
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for b.Loop() {
				Count(given)
			}
		})
	}
}

func BenchmarkTop(b *testing.B) {
	for _, size := range []int{100, 2000} {
		counts := Count(text(size, 3))
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for b.Loop() {
				Top(counts, size/4)
			}
		})
	}
}

func BenchmarkSlug(b *testing.B) {
	for _, size := range []int{20, 500} {
		given := text(size, 3)
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for b.Loop() {
				Slug(given)
			}
		})
	}
}

func BenchmarkPack(b *testing.B) {
	for _, size := range []int{2, 20} {
		texts := make([]string, size)
		for i := range texts {
			texts[i] = text(60, int64(i))
		}
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for b.Loop() {
				if _, err := Pack(texts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMedian(b *testing.B) {
	for _, size := range []int{100, 3000} {
		random := rand.New(rand.NewSource(3))
		lengths := make([]int, size)
		for i := range lengths {
			lengths[i] = random.Intn(1 << 20)
		}
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for b.Loop() {
				Median(lengths)
			}
		})
	}
}
