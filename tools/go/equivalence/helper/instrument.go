package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"sort"
	"strings"
)

// edit is text that goes in at an offset, in place of what is there up to the end.
type edit struct {
	start, end int
	text       string
}

// instrument writes the package's files with a counter at each block and, for functions that have an id, with what
// records their calls. All of it goes into lines that are there already. It gives the number of counters.
func (v *version) instrument(ids map[string]int, out map[string]string) (hits int) {
	records := map[*ast.FuncDecl]int{}
	for key, id := range ids {
		records[v.functions[key].decl] = id
	}
	for _, file := range v.files {
		var edits []edit
		at := func(pos token.Pos) int { return v.fset.PositionFor(pos, false).Offset }
		put := func(pos token.Pos, text string) { edits = append(edits, edit{at(pos), at(pos), text}) }
		count := func(pos token.Pos) {
			put(pos, fmt.Sprintf(" askProfilerHits[%d]++;", hits))
			hits++
		}
		for _, decl := range file.Decls {
			f, is := decl.(*ast.FuncDecl)
			if !is || f.Body == nil || v.frozen[f] {
				continue
			}
			if id, recorded := records[f]; recorded {
				names := nameParameters(f, func(start, end token.Pos, text string) {
					edits = append(edits, edit{at(start), at(end), text})
				})
				put(f.Body.Lbrace+1, fmt.Sprintf(" if askProfilerDue(%d) { askProfilerRecord(%s) };",
					id, strings.Join(append([]string{fmt.Sprint(id)}, names...), ", ")))
			}
			countBlocks(f.Body, count)
		}
		if len(edits) > 0 {
			out[v.paths[file]] = applied(string(v.texts[file]), edits)
		}
	}
	return hits
}

// nameParameters gives names to parameters that have none, and the names of all.
func nameParameters(f *ast.FuncDecl, put func(start, end token.Pos, text string)) (names []string) {
	for _, list := range []*ast.FieldList{f.Recv, f.Type.Params} {
		if list == nil {
			continue
		}
		for _, field := range list.List {
			if len(field.Names) == 0 {
				names = append(names, fmt.Sprintf("askProfiler%d", len(names)))
				put(field.Type.Pos(), field.Type.Pos(), names[len(names)-1]+" ")
			}
			for _, id := range field.Names {
				name := id.Name
				if name == "_" {
					name = fmt.Sprintf("askProfiler%d", len(names))
					put(id.Pos(), id.End(), name)
				}
				names = append(names, name)
			}
		}
	}
	return names
}

// countBlocks counts each block; of a switch or select the clauses, as its own braces can't hold a statement.
func countBlocks(body *ast.BlockStmt, count func(token.Pos)) {
	clauses := map[*ast.BlockStmt]bool{}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SwitchStmt:
			clauses[n.Body] = true
		case *ast.TypeSwitchStmt:
			clauses[n.Body] = true
		case *ast.SelectStmt:
			clauses[n.Body] = true
		case *ast.CaseClause:
			count(n.Colon + 1)
		case *ast.CommClause:
			count(n.Colon + 1)
		case *ast.BlockStmt:
			if !clauses[n] {
				count(n.Lbrace + 1)
			}
		}
		return true
	})
}

func applied(text string, edits []edit) string {
	sort.SliceStable(edits, func(i, j int) bool { return edits[i].start < edits[j].start })
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(text[at:e.start] + e.text)
		at = e.end
	}
	return b.String() + text[at:]
}
