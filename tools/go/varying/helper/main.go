// Command numbers finds the whole numbers in benchmarks that are sizes or seeds of their inputs.
//
// It reads a request as JSON on standard input and writes a reply as JSON. It runs nothing of the target and touches
// no file.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

type request struct {
	Root       string   `json:"root"`
	Files      []string `json:"files"`      // a package's test files, relative to the root
	Benchmarks []string `json:"benchmarks"` // names of functions without Benchmark
}

type reply struct {
	Numbers []found `json:"numbers"`
}

// found is one number. Those of one list have its number in common, others 0.
type found struct {
	File   string `json:"file"`
	Start  int    `json:"start"` // byte offsets
	End    int    `json:"end"`
	Value  int64  `json:"value"`
	Role   string `json:"role"` // seed, size (of what is made for the benchmark), argument (of what is measured)
	List   int    `json:"list"`
	Inside string `json:"inside"` // the benchmark, function or variable it stands in
}

func main() {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, "numbers: bad request:", err)
		os.Exit(2)
	}
	t := &tests{fset: token.NewFileSet(), functions: map[string]*ast.FuncDecl{}, values: map[string]*value{},
		types: map[string]*ast.StructType{}, taken: map[*ast.BasicLit]bool{}, files: map[string]string{}}
	for _, name := range asked.Files {
		path := filepath.Join(asked.Root, filepath.FromSlash(name))
		file, err := parser.ParseFile(t.fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			fmt.Fprintln(os.Stderr, "numbers:", err)
			os.Exit(1)
		}
		t.files[path] = name
		t.declare(file)
	}
	t.reach(asked.Benchmarks)
	sort.Slice(t.found, func(i, j int) bool {
		a, b := t.found[i], t.found[j]
		return a.File < b.File || a.File == b.File && a.Start < b.Start
	})
	_ = json.NewEncoder(os.Stdout).Encode(reply{Numbers: append([]found{}, t.found...)})
}

// tests is what a package's test files declare.
type tests struct {
	fset      *token.FileSet
	files     map[string]string
	functions map[string]*ast.FuncDecl
	values    map[string]*value
	types     map[string]*ast.StructType
	taken     map[*ast.BasicLit]bool
	found     []found
	lists     int
}

// value is a constant or variable of the package.
type value struct {
	name   string
	expr   ast.Expr
	ranged bool
}

func (t *tests) declare(file *ast.File) {
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			t.functions[decl.Name.Name] = decl
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					for i, name := range spec.Names {
						if i < len(spec.Values) {
							t.values[name.Name] = &value{name: name.Name, expr: spec.Values[i]}
						}
					}
				case *ast.TypeSpec:
					if made, is := spec.Type.(*ast.StructType); is {
						t.types[spec.Name.Name] = made
					}
				}
			}
		}
	}
}

// reach looks through the benchmarks and what they name in the test files.
func (t *tests) reach(benchmarks []string) {
	var left []string
	for _, name := range benchmarks {
		left = append(left, "Benchmark"+name)
	}
	seen := map[string]bool{}
	for len(left) > 0 {
		name := left[0]
		left = left[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		var body ast.Node
		if function := t.functions[name]; function != nil && function.Body != nil {
			t.function(name, function)
			body = function.Body
		} else if v := t.values[name]; v != nil {
			body = v.expr
		} else {
			continue
		}
		ast.Inspect(body, func(n ast.Node) bool {
			if id, is := n.(*ast.Ident); is {
				left = append(left, id.Name)
			}
			return true
		})
	}
	// Variables last: only then it is known which of them are gone through.
	for _, name := range sortedNames(seen) {
		if v := t.values[name]; v != nil {
			t.value(v)
		}
	}
}

func sortedNames(set map[string]bool) (names []string) {
	for name := range set {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (t *tests) value(v *value) {
	switch expr := v.expr.(type) {
	case *ast.BasicLit:
		role := "size"
		if isSeed(v.name) {
			role = "seed"
		}
		t.note(expr, role, v.name, 0)
	case *ast.CompositeLit:
		if v.ranged {
			t.list(expr, v.name)
		}
	default:
		t.calls(v.expr, v.name)
	}
}

func (t *tests) function(name string, function *ast.FuncDecl) {
	inside := strings.TrimPrefix(name, "Benchmark")
	locals := map[string]ast.Expr{}
	ast.Inspect(function.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if id, is := left.(*ast.Ident); is && n.Tok == token.DEFINE && len(n.Lhs) == len(n.Rhs) {
					locals[id.Name] = n.Rhs[i]
					t.local(id.Name, n.Rhs[i], inside)
				}
			}
		case *ast.ValueSpec:
			for i, id := range n.Names {
				if i < len(n.Values) {
					locals[id.Name] = n.Values[i]
					t.local(id.Name, n.Values[i], inside)
				}
			}
		case *ast.RangeStmt:
			over := n.X
			if id, is := over.(*ast.Ident); is {
				if expr := locals[id.Name]; expr != nil {
					over = expr
				} else if v := t.values[id.Name]; v != nil {
					v.ranged = true
				}
			}
			switch over := over.(type) {
			case *ast.CompositeLit:
				t.list(over, inside)
			case *ast.BasicLit:
				t.note(over, "size", inside, 0)
			}
		case *ast.ForStmt:
			t.loop(n, inside)
		}
		return true
	})
	t.calls(function.Body, inside)
}

// local takes n := 1000 for a size, unless it is what is counted from.
func (t *tests) local(name string, expr ast.Expr, inside string) {
	if literal, is := expr.(*ast.BasicLit); is {
		switch {
		case isSeed(name):
			t.note(literal, "seed", inside, 0)
		case !isExpected(name):
			t.note(literal, "size", inside, 0)
		}
	}
}

// loop takes the bound of a loop that counts up for a size.
func (t *tests) loop(n *ast.ForStmt, inside string) {
	condition, is := n.Cond.(*ast.BinaryExpr)
	if !is || condition.Op != token.LSS && condition.Op != token.LEQ {
		return
	}
	if _, counts := n.Post.(*ast.IncDecStmt); !counts {
		return
	}
	if literal, is := condition.Y.(*ast.BasicLit); is {
		t.note(literal, "size", inside, 0)
	}
}

// list takes the numbers of a list that is gone through for sizes, in tables but for what is expected.
func (t *tests) list(list *ast.CompositeLit, inside string) {
	array, is := list.Type.(*ast.ArrayType)
	if !is {
		return
	}
	t.lists++
	number := t.lists
	fields := t.fields(array.Elt)
	for _, element := range list.Elts {
		if pair, is := element.(*ast.KeyValueExpr); is {
			element = pair.Value
		}
		switch element := element.(type) {
		case *ast.BasicLit:
			t.note(element, "size", inside, number)
		case *ast.CompositeLit:
			t.row(element, fields, inside, number)
		}
	}
}

func (t *tests) fields(element ast.Expr) (names []string) {
	made, is := element.(*ast.StructType)
	if id, named := element.(*ast.Ident); named {
		made, is = t.types[id.Name], t.types[id.Name] != nil
	}
	if !is {
		return nil
	}
	for _, field := range made.Fields.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

func (t *tests) row(row *ast.CompositeLit, fields []string, inside string, list int) {
	for i, cell := range row.Elts {
		name := ""
		if i < len(fields) {
			name = fields[i]
		}
		if pair, is := cell.(*ast.KeyValueExpr); is {
			if id, is := pair.Key.(*ast.Ident); is {
				name = id.Name
			}
			cell = pair.Value
		}
		literal, is := cell.(*ast.BasicLit)
		switch {
		case !is || name == "" || isExpected(name):
		case isSeed(name):
			t.note(literal, "seed", inside, 0)
		default:
			t.note(literal, "size", inside, list)
		}
	}
}

// calls takes arguments: of what makes random numbers for seeds, of what the test files declare and of what repeats or
// makes room for sizes.
func (t *tests) calls(within ast.Node, inside string) {
	ast.Inspect(within, func(n ast.Node) bool {
		call, is := n.(*ast.CallExpr)
		if !is {
			return true
		}
		name, of := called(call)
		function := t.functions[name]
		for i, arg := range call.Args {
			literal, is := arg.(*ast.BasicLit)
			if !is {
				continue
			}
			switch {
			case isSource(name, of):
				t.note(literal, "seed", inside, 0)
			case of == "" && name == "make", name == "Repeat" && (of == "strings" || of == "bytes"):
				t.note(literal, "size", inside, 0)
			case of == "" && function != nil:
				parameter, small := parameterOf(function, i)
				switch {
				case small || isExpected(parameter):
				case isSeed(parameter):
					t.note(literal, "seed", inside, 0)
				default:
					t.note(literal, "size", inside, 0)
				}
			case !isStandard(of):
				t.note(literal, "argument", inside, 0)
			}
		}
		return true
	})
}

func called(call *ast.CallExpr) (name, of string) {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return fun.Name, ""
	case *ast.SelectorExpr:
		if id, is := fun.X.(*ast.Ident); is {
			return fun.Sel.Name, id.Name
		}
		return fun.Sel.Name, "?"
	}
	return "", "?"
}

// isSource says whether a function makes random numbers from what it is given.
func isSource(name, of string) bool {
	switch name {
	case "NewSource", "NewPCG":
		return true
	case "Seed":
		return of == "rand" || of == "r" || of == "rng" || of == "random"
	}
	return false
}

// isStandard says whether a name is most likely that of a package or value that has nothing to do with the target.
func isStandard(of string) bool {
	switch of {
	case "b", "t", "tb", "rand", "r", "rng", "random", "strconv", "time", "os", "fmt", "math", "sort", "slices", "sync",
		"atomic", "wg", "bits", "utf8", "unicode", "context", "io", "bufio", "testing", "runtime", "debug", "?":
		return true
	}
	return false
}

// parameterOf gives the name of a function's parameter, and whether its type holds small numbers only.
func parameterOf(function *ast.FuncDecl, index int) (name string, small bool) {
	for _, field := range function.Type.Params.List {
		id, _ := field.Type.(*ast.Ident)
		small := id != nil && (id.Name == "byte" || id.Name == "uint8" || id.Name == "int8")
		duration, _ := field.Type.(*ast.SelectorExpr)
		for _, name := range field.Names {
			if index == 0 {
				return name.Name, small || duration != nil
			}
			index--
		}
	}
	return "", true
}

func isSeed(name string) bool { return strings.Contains(strings.ToLower(name), "seed") }

func isExpected(name string) bool {
	lower := strings.ToLower(name)
	for _, word := range []string{"want", "expect", "result", "answer", "timeout", "limit", "port", "perm", "mode", "base"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}

// note keeps a number, unless its spelling says that it is bits or permissions, or that it is too small to vary.
func (t *tests) note(literal *ast.BasicLit, role, inside string, list int) {
	if literal.Kind != token.INT || t.taken[literal] {
		return
	}
	spelled := strings.ReplaceAll(literal.Value, "_", "")
	if len(spelled) > 1 && spelled[0] == '0' {
		return
	}
	var number int64
	if _, err := fmt.Sscan(spelled, &number); err != nil {
		return
	}
	least := int64(10)
	if list > 0 {
		least = 2
	}
	if role == "seed" {
		least = 0
	}
	if number < least || number > 1<<31 {
		return
	}
	t.taken[literal] = true
	at := t.fset.Position(literal.Pos())
	t.found = append(t.found, found{
		File: t.files[at.Filename], Start: at.Offset, End: at.Offset + len(literal.Value),
		Value: number, Role: role, List: list, Inside: inside,
	})
}
