package kinds

import "testing"

func TestOnlyFromTests(t *testing.T) {
	if OnlyFromTests(" magic:7f3a9c2e-11d0 ") != "magic:7f3a9c2e-11d0" {
		t.Fatal()
	}
}

func FuzzTitle(f *testing.F) {
	f.Add("ärger")
	f.Fuzz(func(t *testing.T, text string) { Title(text) })
}
