package trades

import (
	"strings"
	"testing"
	"time"
)

func TestParseLine(t *testing.T) {
	got, err := ParseLine("T-00000042,2026-03-02T09:30:07Z,ACME,BUY,101.2500,300")
	if err != nil {
		t.Fatal(err)
	}
	want := Trade{
		ID:       "T-00000042",
		Time:     time.Date(2026, 3, 2, 9, 30, 7, 0, time.UTC),
		Symbol:   "ACME",
		Side:     Buy,
		Price:    101.25,
		Quantity: 300,
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Value() != 30375 {
		t.Errorf("value %v", got.Value())
	}
}

func TestParseLineRejects(t *testing.T) {
	for _, line := range []string{
		"",
		"T-,2026-03-02T09:30:07Z,ACME,BUY,1,1",
		"X-00000042,2026-03-02T09:30:07Z,ACME,BUY,1,1",
		"T-00000042,yesterday,ACME,BUY,1,1",
		"T-00000042,2026-03-02T09:30:07Z,ACME,BUY,much,1",
		"T-00000042,2026-03-02T09:30:07Z,ACME,BUY,1,some",
		"T-00000042,2026-03-02T09:30:07Z,ACME,BUY,1",
	} {
		if _, err := ParseLine(line); err == nil {
			t.Errorf("accepted %q", line)
		}
	}
}

func TestParseCountsRejectedLines(t *testing.T) {
	input := "# trades\n\nT-00000001,2026-03-02T09:30:07Z,ACME,BUY,1,1\nnonsense\n"
	all, rejected, err := Parse(strings.NewReader(input))
	if err != nil || len(all) != 1 || rejected != 1 {
		t.Errorf("got %d trades, %d rejected, %v", len(all), rejected, err)
	}
}

func TestParseOfNothing(t *testing.T) {
	all, rejected, err := Parse(strings.NewReader(""))
	if all != nil || rejected != 0 || err != nil {
		t.Errorf("got %v, %d, %v", all, rejected, err)
	}
}
