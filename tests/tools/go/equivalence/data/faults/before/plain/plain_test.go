package plain

import "testing"

func TestSome(t *testing.T) {
	if OffByOne(1) != 1 || HardCoded("banana") != 3 || HardCoded("hat") != 1 || WrongWhenLong([]int{1, 2}) != 3 {
		t.Fatal()
	}
	if Generic([]string{"a", "b"}, "b") != 1 || unexported([]string{"x"}, 0) != "x" {
		t.Fatal()
	}
	account := NewAccount("Zoë")
	if account.Deposit(3) != nil || account.balance != 3 {
		t.Fatal()
	}
}

func BenchmarkOffByOne(b *testing.B) {
	for i := 0; i < b.N; i++ {
		OffByOne(50)
	}
}

func BenchmarkOwner(b *testing.B) {
	account := NewAccount("Zoë")
	for i := 0; i < b.N; i++ {
		account.Owner()
	}
}
