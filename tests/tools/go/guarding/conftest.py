"""A small module, and what the guard says of changes to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tools.go.guarding.reading import ChangeReader
from tools.go.program import GoProgram
from tools.measure.guard import Objection
from tools.run.process import Runner

GO_MOD = "module example.com/shop\n\ngo 1.22\n"
SHOP = """// Package shop adds up what was sold.
package shop

import (
	"errors"
	"fmt"
	"io"
	"log"
	"sort"
	"strconv"
	"strings"
)

// Item is what was sold.
type Item struct {
	Name  string
	Cents int
}

// Shop sells.
type Shop struct {
	name string
	log  *log.Logger
}

// ErrEmpty says that nothing was sold.
var ErrEmpty = errors.New("nothing was sold")

// Total adds up.
func Total(items []Item) (int, error) {
	if len(items) == 0 {
		return 0, ErrEmpty
	}
	total := 0
	for i, item := range items {
		if item.Cents < 0 || item.Cents > 1_000_000 {
			return 0, fmt.Errorf("item %d costs %d", i, item.Cents)
		}
		total += item.Cents
	}
	return total, nil
}

// Names gives the names in their order.
func Names(items []Item) []string {
	var names []string
	for _, item := range items {
		names = append(names, item.Name)
	}
	sort.Strings(names)
	return names
}

// Find gives the first item of a name.
func (s *Shop) Find(items []Item, name string) *Item {
	s.log.Printf("looking for %s", name)
	for i := range items {
		if items[i].Name == name {
			return &items[i]
		}
	}
	return nil
}

// At gives the item at a place.
func At(items []Item, place int) Item {
	if place < 0 || place >= len(items) {
		return Item{}
	}
	return items[place]
}

// Report writes a line for each.
func Report(w io.Writer, items []Item, progress func(done int)) error {
	for i, item := range items {
		if _, err := fmt.Fprintf(w, "%s %d\\n", item.Name, item.Cents); err != nil {
			return err
		}
		progress(i + 1)
	}
	return nil
}

// Label makes one text.
func Label(items []Item) string {
	text := ""
	for _, item := range items {
		text += strings.ToUpper(item.Name) + "=" + strconv.Itoa(item.Cents) + ";"
	}
	return text
}

// Sums adds up each list.
func Sums(lists [][]Item) []int {
	sums := make([]int, len(lists))
	for i, list := range lists {
		sums[i], _ = Total(list)
	}
	return sums
}
"""
SHOP_TEST = """package shop

import (
	"fmt"
	"math/rand"
	"testing"
)

func items(count int) []Item {
	random := rand.New(rand.NewSource(4711))
	items := make([]Item, count)
	for i := range items {
		items[i] = Item{Name: fmt.Sprintf("article-%d", random.Intn(count)), Cents: random.Intn(500)}
	}
	return items
}

func BenchmarkTotal(b *testing.B) {
	for _, size := range []int{24, 1500} {
		given := items(size)
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				Total(given)
			}
		})
	}
}

func BenchmarkFind(b *testing.B) {
	given := append(items(1500), Item{Name: "the last article"})
	shop := &Shop{}
	for i := 0; i < b.N; i++ {
		shop.Find(given, "the last article")
	}
}
"""

Judge = Callable[..., tuple[Objection, ...]]


@pytest.fixture(scope="session")
def reader(runner: Runner, go: GoProgram, tmp_path_factory: pytest.TempPathFactory) -> ChangeReader:
    return ChangeReader(runner, go, tmp_path_factory.mktemp("guard"))


@pytest.fixture
def judge(reader: ChangeReader, tmp_path: Path) -> Judge:
    """What the guard says when texts of the shop are replaced, and files and imports are added."""

    def judge(
        edits: Mapping[str, str] | None = None,
        *,
        imports: str = "",
        append: str = "",
        files: Mapping[str, str] | None = None,
        before: Mapping[str, str] | None = None,
    ) -> tuple[Objection, ...]:
        new = SHOP
        for old, replacement in (edits or {}).items():
            assert new.count(old) == 1, old
            new = new.replace(old, replacement)
        new = new.replace("import (", f"import (\n{imports}", 1) + append
        common = {"go.mod": GO_MOD, "shop_test.go": SHOP_TEST}
        trees = (
            {**common, "shop.go": SHOP, **(before or {})},
            {**common, **(before or {}), "shop.go": new, **(files or {})},
        )
        roots = tmp_path / "before", tmp_path / "after"
        for root, tree in zip(roots, trees, strict=True):
            for name, text in tree.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
        return reader.objections(*roots, ("shop.go", *(files or {})))

    return judge
