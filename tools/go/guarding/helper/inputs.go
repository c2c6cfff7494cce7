package main

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// known is what can be read of the inputs that tests and benchmarks use.
type known struct {
	sizes map[int64]bool  // numbers in benchmarks and what these call, from 1000 on or in lists
	small map[int64]bool  // those in lists, however small
	texts map[string]bool // texts in benchmarks, and long ones anywhere in tests
	old   map[string]bool // texts that the old code has, too
	data  []string        // files of test data
	read  []string        // their content, once it is asked for
}

const (
	shortest  = 8  // characters that a benchmark's text has at least that is no word of a language or format
	long      = 20 // the same for texts of tests
	dataBytes = 1 << 20
	tableSize = 4096
)

func readKnown(asked request, before *side) *known {
	k := &known{sizes: map[int64]bool{}, small: map[int64]bool{}, texts: map[string]bool{}, old: map[string]bool{}, data: asked.Data}
	for _, name := range asked.Tests {
		k.readTest(filepath.Join(asked.Before, filepath.FromSlash(name)))
	}
	before.each(func(f *source, _ string, decl ast.Decl) {
		ast.Inspect(decl, func(n ast.Node) bool {
			if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
				if value, err := strconv.Unquote(literal.Value); err == nil {
					k.old[value] = true
				}
			}
			return true
		})
	})
	return k
}

func (k *known) readTest(name string) {
	file, _ := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if file == nil {
		return
	}
	reached := reachedByBenchmarks(file)
	for _, decl := range file.Decls {
		function, is := decl.(*ast.FuncDecl)
		if gen, is := decl.(*ast.GenDecl); is && gen.Tok == token.IMPORT {
			continue
		}
		benchmarked := len(reached) > 0 && (!is || reached[function.Name.Name])
		listed := map[ast.Node]bool{}
		ast.Inspect(decl, func(n ast.Node) bool {
			if list, is := n.(*ast.CompositeLit); is && !isBytes(list.Type) {
				for _, element := range list.Elts {
					if pair, is := element.(*ast.KeyValueExpr); is {
						element = pair.Value
					}
					listed[element] = true
				}
			}
			literal, is := n.(*ast.BasicLit)
			if !is {
				return true
			}
			value := constant.MakeFromLiteral(literal.Value, literal.Kind, 0)
			switch literal.Kind {
			case token.INT:
				size, exact := constant.Int64Val(value)
				if !exact || !benchmarked {
					return true
				}
				if listed[n] {
					k.small[size] = true
					if size >= 10 && size < math.MaxInt32 {
						k.sizes[size*size] = true // sides of squares
					}
				}
				if listed[n] && size >= 100 || size >= 1000 {
					k.sizes[size] = true
				}
			case token.FLOAT: // 1e6
				if whole := constant.ToInt(value); whole.Kind() == constant.Int && benchmarked {
					if size, exact := constant.Int64Val(whole); exact {
						k.sizes[size] = true
					}
				}
			case token.STRING:
				text := constant.StringVal(value)
				if benchmarked && len(text) >= shortest || len(text) >= long {
					k.texts[text] = true
				}
			}
			return true
		})
	}
}

// isBytes says whether a list is of bytes, which are content and no sizes.
func isBytes(typed ast.Expr) bool {
	array, is := typed.(*ast.ArrayType)
	if !is {
		return false
	}
	element, is := array.Elt.(*ast.Ident)
	return is && (element.Name == "byte" || element.Name == "uint8")
}

// reachedByBenchmarks gives the names of a file's benchmarks and of what these name in the file.
func reachedByBenchmarks(file *ast.File) map[string]bool {
	bodies := map[string]*ast.FuncDecl{}
	var left []string
	for _, decl := range file.Decls {
		if function, is := decl.(*ast.FuncDecl); is && function.Body != nil {
			bodies[function.Name.Name] = function
			if strings.HasPrefix(function.Name.Name, "Benchmark") {
				left = append(left, function.Name.Name)
			}
		}
	}
	reached := map[string]bool{}
	for len(left) > 0 {
		name := left[0]
		left = left[1:]
		if reached[name] {
			continue
		}
		reached[name] = true
		ast.Inspect(bodies[name].Body, func(n ast.Node) bool {
			if id, is := n.(*ast.Ident); is && bodies[id.Name] != nil {
				left = append(left, id.Name)
			}
			return true
		})
	}
	return reached
}

// hasText says whether a text is one of the inputs, and of nothing else that the code knew before.
func (k *known) hasText(text string) bool {
	if len(text) < shortest || k.old[text] {
		return false
	}
	if k.texts[text] {
		return true
	}
	if len(text) < shortest+4 {
		return false
	}
	if k.read == nil {
		k.read = []string{""}
		for _, name := range k.data {
			if content, err := os.ReadFile(name); err == nil && len(content) <= dataBytes {
				k.read = append(k.read, string(content))
			}
		}
	}
	for _, content := range k.read {
		if strings.Contains(content, text) {
			return true
		}
	}
	return false
}

// matches collects comparisons with what tests and benchmarks use, and answers that were prepared.
func matches(s *side, k *known) (found []fact) {
	s.each(func(f *source, inside string, decl ast.Decl) {
		note := func(at ast.Node, key, why string) {
			found = append(found, f.fact(matched, key, inside, at, why+": "+short(at)))
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				switch n.Op {
				case token.EQL, token.NEQ:
					f.equal(k, n, n.X, n.Y, note)
					f.equal(k, n, n.Y, n.X, note)
				case token.LAND, token.LOR:
					f.between(k, n, note)
				}
			case *ast.SwitchStmt:
				if n.Tag == nil {
					return true
				}
				for _, clause := range n.Body.List {
					for _, value := range clause.(*ast.CaseClause).List {
						f.equal(k, value, n.Tag, value, note)
					}
				}
			case *ast.CallExpr:
				f.equalCall(k, n, note)
			case *ast.IndexExpr: // answers["the question"]
				if value := f.constant(n.Index); value != nil && value.Kind() == constant.String &&
					k.hasText(constant.StringVal(value)) {
					note(n, "text "+value.ExactString(), "asks for a text that tests or benchmarks use")
				}
			case *ast.CompositeLit:
				f.table(k, n, note)
			}
			return true
		})
	})
	return found
}

type noteMatch func(at ast.Node, key, why string)

// equal looks at a comparison of something with a constant.
func (f *source) equal(k *known, at ast.Node, other, fixed ast.Expr, note noteMatch) {
	if f.constant(other) != nil {
		return
	}
	if f.isHash(other, 3) {
		if literal, is := unparen(fixed).(*ast.CompositeLit); is && len(literal.Elts) > 3 {
			note(at, "hash "+text(fixed), "compares a checksum of the input with a fixed one")
			return
		}
	}
	value := f.constant(fixed)
	if value == nil {
		return
	}
	switch value.Kind() {
	case constant.String:
		text := constant.StringVal(value)
		switch {
		case f.isHash(other, 3) && len(text) >= shortest:
			note(at, "hash "+text, "compares a checksum of the input with a fixed one")
		case k.hasText(text):
			note(at, "text "+text, "compares with a text that tests or benchmarks use")
		}
	case constant.Int, constant.Float:
		whole := constant.ToInt(value)
		if whole.Kind() != constant.Int {
			return
		}
		size, exact := constant.Int64Val(whole)
		if !exact {
			if f.isHash(other, 3) {
				note(at, "hash "+whole.ExactString(), "compares a checksum of the input with a fixed one")
			}
			return
		}
		f.equalNumber(k, at, other, fixed, size, note)
	}
}

func (f *source) equalNumber(k *known, at ast.Node, other, fixed ast.Expr, size int64, note noteMatch) {
	counts := f.isLength(other, 3)
	if size == 0 { // len(x) - 1000 == 0
		if binary, is := unparen(other).(*ast.BinaryExpr); is &&
			(binary.Op == token.SUB || binary.Op == token.XOR || binary.Op == token.ADD) {
			for _, side := range []ast.Expr{binary.X, binary.Y} {
				if value := f.number(side); value > 0 {
					size = value
					fixed = side
				}
			}
		}
	}
	key := "number " + strconv.FormatInt(size, 10)
	switch {
	case f.isHash(other, 3) && size != 0 && size != -1 && size > 255:
		note(at, "hash "+key, "compares a checksum of the input with a fixed one")
	case counts && size > 8 && (k.sizes[size] || k.small[size]):
		note(at, key, "is meant for a size that benchmarks use")
	case counts && size > 64 && !isRound(size):
		note(at, key, "is meant for one size of the input")
	case k.sizes[size] && !isRound(size):
		note(at, key, "is meant for a number that benchmarks use")
	case size >= 1<<20 && !isRound(size) && !isHexadecimal(fixed) && !f.isNamed(fixed):
		note(at, key, "is meant for one number that says nothing by itself")
	}
}

// isRound says whether a size is one that programs choose by themselves: a power of two or about, or ends in zeros.
func isRound(size int64) bool { return isBinary(size) || isBinary(size+1) || isBinary(size-1) }

func isBinary(size int64) bool { return size > 0 && bits.OnesCount64(uint64(size)) == 1 }

func isHexadecimal(expr ast.Expr) bool {
	literal, is := unparen(expr).(*ast.BasicLit)
	return is && (literal.Kind == token.CHAR || strings.HasPrefix(strings.ToLower(literal.Value), "0x"))
}

// isNamed says whether a constant has a name outside of the code that uses it.
func (f *source) isNamed(expr ast.Expr) bool {
	_, is := unparen(expr).(*ast.SelectorExpr)
	return is
}

// between looks at a narrow range: n > 999 && n < 1001.
func (f *source) between(k *known, both *ast.BinaryExpr, note noteMatch) {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	subject := ""
	var counted ast.Expr
	for _, side := range []ast.Expr{both.X, both.Y} {
		compared, is := unparen(side).(*ast.BinaryExpr)
		if !is {
			return
		}
		op, expr, value := compared.Op, compared.X, f.number(compared.Y)
		if value < 0 {
			expr, value = compared.Y, f.number(compared.X)
			op = map[token.Token]token.Token{
				token.LSS: token.GTR, token.GTR: token.LSS, token.LEQ: token.GEQ, token.GEQ: token.LEQ,
			}[op]
		}
		if value < 0 || subject != "" && subject != text(expr) {
			return
		}
		subject, counted = text(expr), expr
		if both.Op == token.LOR { // n < 1000 || n > 1000 leaves out what the other catches
			op = map[token.Token]token.Token{
				token.LSS: token.GEQ, token.GTR: token.LEQ, token.LEQ: token.GTR, token.GEQ: token.LSS,
			}[op]
		}
		switch op {
		case token.LSS:
			high = min(high, value-1)
		case token.LEQ:
			high = min(high, value)
		case token.GTR:
			low = max(low, value+1)
		case token.GEQ:
			low = max(low, value)
		default:
			return
		}
	}
	if low < 64 || high == math.MaxInt64 || high < low || high-low > max(low/8, 2) {
		return
	}
	known := false
	for size := range k.sizes {
		known = known || low <= size && size <= high
	}
	for size := range k.small {
		known = known || low <= size && size <= high
	}
	if known || f.isLength(counted, 3) && high-low <= 2 {
		note(both, "between "+text(both), "is meant for a narrow range of sizes")
	}
}

var comparing = regexp.MustCompile(`^(Equal\w*|DeepEqual|HasPrefix|HasSuffix|Contains|Compare|Index|MatchString|Match)$`)

// equalCall looks at functions that compare: strings.HasPrefix(x, "…"), bytes.Equal(x, []byte("…")).
func (f *source) equalCall(k *known, call *ast.CallExpr, note noteMatch) {
	if !comparing.MatchString(calledName(call)) {
		return
	}
	for _, arg := range call.Args {
		if value := f.constant(arg); value != nil && value.Kind() == constant.String {
			for i, other := range call.Args {
				if call.Args[i] != arg && f.isHash(other, 3) {
					note(call, "hash "+value.ExactString(), "compares a checksum of the input with a fixed one")
				}
			}
			if k.hasText(constant.StringVal(value)) {
				note(call, "text "+value.ExactString(), "compares with a text that tests or benchmarks use")
			}
		}
	}
}

// table looks at literals that hold answers to the known questions.
func (f *source) table(k *known, literal *ast.CompositeLit, note noteMatch) {
	if len(literal.Elts) > tableSize {
		note(literal.Type, "table "+strconv.Itoa(len(literal.Elts)), "holds a table of "+
			strconv.Itoa(len(literal.Elts))+" prepared values")
		return
	}
	_, isMap := literal.Type.(*ast.MapType)
	all := len(literal.Elts) > 0 && !isMap
	for _, element := range literal.Elts {
		pair, is := element.(*ast.KeyValueExpr)
		if !is {
			all = all && k.sizes[f.number(element)] && !isRound(f.number(element))
			continue
		}
		all = false
		if !isMap {
			continue
		}
		if value := f.constant(pair.Key); value != nil && value.Kind() == constant.String && k.hasText(constant.StringVal(value)) {
			note(pair, "key "+value.ExactString(), "holds an answer for a text that tests or benchmarks use")
		}
		if size := f.number(pair.Key); k.sizes[size] && !isRound(size) {
			note(pair, "key "+strconv.FormatInt(size, 10), "holds an answer for a number that benchmarks use")
		}
	}
	if _, is := literal.Type.(*ast.ArrayType); is && all {
		note(literal, "list "+text(literal), "lists numbers that benchmarks use")
	}
}

var (
	hashing  = regexp.MustCompile(`(?i)(hash|checksum|crc|fnv|adler|murmur|xxh|digest|fingerprint)|^(md5|sha\d*)|^Sum(32|64|128|160|224|256|384|512|_\d+)?\w?$`)
	counting = regexp.MustCompile(`^(Len|Size|Count|Length|NumField|RuneCount\w*|Cap|Buffered)$`)
)

// isHash says whether an expression calls a hash function, or is a variable that holds what one gave.
func (f *source) isHash(expr ast.Expr, deep int) (found bool) {
	ast.Inspect(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name := calledName(n)
			full := f.nameOf(n.Fun)
			found = found || hashing.MatchString(name) || strings.HasPrefix(full, "hash/") || strings.HasPrefix(full, "crypto/")
		case *ast.Ident:
			if deep > 0 && !found {
				if value := f.given(n); value != nil {
					found = f.isHash(value, deep-1)
				}
			}
		}
		return !found
	})
	return found
}

// isLength says whether an expression has the length of something in it.
func (f *source) isLength(expr ast.Expr, deep int) (found bool) {
	ast.Inspect(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			found = found || isBuiltin(f, n.Fun, "len") || isBuiltin(f, n.Fun, "cap") ||
				len(n.Args) <= 1 && counting.MatchString(calledName(n))
		case *ast.IndexExpr:
			return false // an element of something, wherever it stands
		case *ast.Ident:
			if deep > 0 && !found {
				if value := f.given(n); value != nil {
					found = f.isLength(value, deep-1)
				}
			}
		}
		return !found
	})
	return found
}

// given gives the value that a variable is declared with.
func (f *source) given(id *ast.Ident) ast.Expr {
	object, is := f.pkg.info.Uses[id].(*types.Var)
	if !is || object.IsField() {
		return nil
	}
	return f.pkg.initial(object)
}
