package dependencies

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

const small = `
# who imports whom
api: model log
model: log
web: api
tool: log
`

func TestAffected(t *testing.T) {
	graph, err := Read(strings.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ changed, want []string }{
		{[]string{"web"}, []string{"web"}},
		{[]string{"model"}, []string{"model", "api", "web"}},
		{[]string{"log"}, []string{"log", "api", "model", "tool", "web"}},
		{nil, nil},
	} {
		if got := graph.Affected(test.changed); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%v affects %v, not %v", test.changed, got, test.want)
		}
	}
}

func TestPlan(t *testing.T) {
	got, err := Plan(strings.NewReader(small), []string{"api"})
	if err != nil || got != "1/2 build api\n2/2 build web\n" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := Plan(strings.NewReader("no colon"), nil); err == nil {
		t.Error("accepted a line without a colon")
	}
}

// layered makes packages that each import three of those before them.
func layered(size int) string {
	var text strings.Builder
	for i := 1; i < size; i++ {
		fmt.Fprintf(&text, "example.com/pkg%05d: example.com/pkg%05d example.com/pkg%05d example.com/pkg%05d\n",
			i, i/2, i/3, i*7/8)
	}
	return text.String()
}

func BenchmarkPlan(b *testing.B) {
	for _, size := range []int{100, 1000, 4000} {
		text := layered(size)
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Plan(strings.NewReader(text), []string{"example.com/pkg00000"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
