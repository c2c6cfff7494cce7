package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"strings"
)

const (
	cheap   = 1 << 16 // steps that a program's start may take more: a table for all bytes is well below
	endless = math.MaxInt64 >> 24
	ballast = 4 << 20 // elements
)

// starting collects what happens when the program starts, before anybody looks at the clock.
func starting(s *side) (found []fact) {
	s.each(func(f *source, inside string, decl ast.Decl) {
		c := newCosts(s)
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if inside != "init" || decl.Body == nil {
				return
			}
			if c.of(f, decl.Body) > cheap || c.reads {
				found = append(found, f.fact(moved, "init "+text(decl.Body), inside, decl,
					"works when the program starts, before the clock does: "+short(decl.Body)))
			}
			found = append(found, f.ballast(decl.Body, inside)...)
		case *ast.GenDecl:
			if decl.Tok != token.VAR {
				return
			}
			for _, spec := range decl.Specs {
				for _, value := range spec.(*ast.ValueSpec).Values {
					c := newCosts(s)
					if c.of(f, value) > cheap || c.reads {
						found = append(found, f.fact(moved, "variable "+text(value), "", value,
							"works when the program starts, before the clock does: "+short(value)))
					}
					found = append(found, f.ballast(value, "")...)
				}
			}
		}
	})
	return found
}

// ballast finds large memory that is held from the start: it makes the collector run less often.
func (f *source) ballast(within ast.Node, inside string) (found []fact) {
	ast.Inspect(within, func(n ast.Node) bool {
		call, is := n.(*ast.CallExpr)
		if !is || !isBuiltin(f, call.Fun, "make") || len(call.Args) < 2 {
			return true
		}
		for _, arg := range call.Args[1:] {
			if value := f.constant(arg); value != nil && value.Kind() == constant.Int {
				if size, exact := constant.Int64Val(value); !exact || size >= ballast {
					found = append(found, f.fact(collector, "ballast "+text(call), inside, call,
						"holds much memory from the start, so that the collector runs less often: "+short(call)))
				}
			}
		}
		return true
	})
	return found
}

// costs estimates how many steps code takes that runs once: loops by their bounds, calls by what they call.
type costs struct {
	side    *side
	running map[*function]bool
	given   map[types.Object]int64 // what parameters hold: numbers, or the length of texts and lists
	deep    int
	reads   bool // something from outside of the program
}

func newCosts(s *side) *costs {
	return &costs{side: s, running: map[*function]bool{}, given: map[types.Object]int64{}}
}

var outside = map[string]bool{
	"os.ReadFile": true, "os.Open": true, "os.OpenFile": true, "io/ioutil.ReadFile": true, "net.Dial": true,
	"net/http.Get": true, "os/exec.Command": true,
}

func (c *costs) of(f *source, within ast.Node) (steps int64) {
	if within == nil {
		return 0
	}
	ast.Inspect(within, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // costs when it is called
		case *ast.ForStmt:
			steps = plus(steps, times(c.bound(f, n), c.of(f, n.Body)+1))
			return false
		case *ast.RangeStmt:
			steps = plus(steps, times(c.length(f, n.X), c.of(f, n.Body)+1))
			return false
		case *ast.GoStmt:
			steps = endless
			return false
		case *ast.CallExpr:
			steps = plus(steps, c.call(f, n))
		}
		return true
	})
	return steps
}

func (c *costs) call(f *source, call *ast.CallExpr) (steps int64) {
	for _, name := range f.names(call.Fun) {
		c.reads = c.reads || outside[name]
	}
	steps = 1
	if made, is := unparen(call.Fun).(*ast.FuncLit); is {
		steps = plus(steps, c.of(f, made.Body))
	}
	for _, arg := range call.Args {
		if given, is := unparen(arg).(*ast.FuncLit); is {
			steps = plus(steps, times(64, c.of(f, given.Body)))
		}
	}
	if called := f.called(call.Fun); called != nil {
		if c.running[called] {
			return endless // how deep it goes can't be told
		}
		c.running[called] = true
		position := 0
		for _, field := range called.decl.Type.Params.List {
			for _, name := range field.Names {
				if object := called.source.pkg.info.Defs[name]; object != nil && position < len(call.Args) {
					c.given[object] = c.length(f, call.Args[position])
				}
				position++
			}
		}
		steps = plus(steps, c.of(called.source, called.decl.Body))
		delete(c.running, called)
	}
	return steps
}

// called gives the function with a body that an expression names, nil when it isn't the module's or can't be told.
func (f *source) called(fun ast.Expr) *function {
	switch fun := unparen(fun).(type) {
	case *ast.Ident:
		return f.pkg.function(fun)
	case *ast.SelectorExpr:
		return f.pkg.function(fun.Sel)
	case *ast.IndexExpr:
		return f.called(fun.X)
	case *ast.IndexListExpr:
		return f.called(fun.X)
	}
	return nil
}

func (p *pkg) function(id *ast.Ident) *function {
	object, is := p.info.Uses[id].(*types.Func)
	if !is {
		return nil
	}
	if found := p.side.functions[object.Origin()]; found != nil && found.decl.Body != nil {
		return found
	}
	return nil
}

// bound gives how often a for statement's body runs, as far as constants say it.
func (c *costs) bound(f *source, loop *ast.ForStmt) int64 {
	if set, is := loop.Post.(*ast.AssignStmt); is {
		switch set.Tok {
		case token.MUL_ASSIGN, token.QUO_ASSIGN, token.SHL_ASSIGN, token.SHR_ASSIGN:
			return 64
		}
	}
	condition, is := loop.Cond.(*ast.BinaryExpr)
	if !is {
		return endless
	}
	steps := int64(endless)
	for _, side := range []ast.Expr{condition.X, condition.Y} {
		if call, is := unparen(side).(*ast.CallExpr); is && isBuiltin(f, call.Fun, "len") && len(call.Args) == 1 {
			steps = min(steps, c.length(f, call.Args[0]))
		} else if id, is := unparen(side).(*ast.Ident); !is || !f.isCounter(loop, id) {
			steps = min(steps, c.length(f, side))
		}
	}
	if set, is := loop.Init.(*ast.AssignStmt); is && len(set.Rhs) == 1 {
		if start := c.length(f, set.Rhs[0]); start < endless {
			steps = max(steps, start) // i := 1000; i > 0
		}
	}
	return plus(steps, 1)
}

// isCounter says whether a variable is what a loop counts with.
func (f *source) isCounter(loop *ast.ForStmt, id *ast.Ident) bool {
	var counted *ast.Ident
	switch post := loop.Post.(type) {
	case *ast.IncDecStmt:
		counted = root(post.X)
	case *ast.AssignStmt:
		counted = root(post.Lhs[0])
	}
	return counted == nil || counted.Name == id.Name
}

// number gives a whole number that isn't negative, and -1 for anything else.
func (f *source) number(expr ast.Expr) int64 {
	value := f.constant(expr)
	if value == nil {
		return -1
	}
	value = constant.ToInt(value)
	if value.Kind() != constant.Int {
		return -1
	}
	found, exact := constant.Int64Val(value)
	if !exact || found < 0 {
		return -1
	}
	return min(found, endless)
}

// length gives a number, or how many elements something has, at most and as far as the source says it.
func (c *costs) length(f *source, expr ast.Expr) int64 {
	expr = unparen(expr)
	if value := f.constant(expr); value != nil {
		if value.Kind() == constant.String {
			return int64(len(constant.StringVal(value)))
		}
		if steps := f.number(expr); steps >= 0 {
			return steps
		}
	}
	if typed := f.pkg.info.TypeOf(expr); typed != nil {
		if pointer, is := typed.Underlying().(*types.Pointer); is {
			typed = pointer.Elem()
		}
		if array, is := typed.Underlying().(*types.Array); is {
			return array.Len()
		}
	}
	switch e := expr.(type) {
	case *ast.CompositeLit:
		return int64(len(e.Elts))
	case *ast.SliceExpr:
		return c.length(f, e.X)
	case *ast.IndexExpr: // a part of a text, such as strings.Split gives
		if from := c.length(f, e.X); from < endless {
			return from
		}
	case *ast.Ident:
		object := f.pkg.info.Uses[e]
		if given, is := c.given[object]; is {
			return given
		}
		if variable, is := object.(*types.Var); is && c.deep < 8 {
			if value := f.pkg.initial(variable); value != nil {
				c.deep++
				defer func() { c.deep-- }()
				return c.length(f, value)
			}
		}
	case *ast.CallExpr:
		switch name := f.nameOf(e.Fun); {
		case len(e.Args) > 1 && isBuiltin(f, e.Fun, "make"):
			return c.length(f, e.Args[1])
		case len(e.Args) == 1 && isBuiltin(f, e.Fun, "len"), len(e.Args) > 0 && strings.HasPrefix(name, "strings."),
			len(e.Args) == 1 && isConversion(e.Fun):
			return c.length(f, e.Args[0])
		}
	}
	return endless
}

func isConversion(fun ast.Expr) bool {
	switch fun := unparen(fun).(type) {
	case *ast.ArrayType:
		return true
	case *ast.Ident:
		return fun.Name == "string" || number.MatchString(fun.Name)
	}
	return false
}

func plus(a, b int64) int64 { return min(a+b, endless) }

func times(a, b int64) int64 {
	if a > 0 && b > endless/a {
		return endless
	}
	return a * b
}

// goroutines objects to those that are started and not waited for, as many as the new version has more of, and to those
// in functions that waited for more before.
func goroutines(before, after *side) (found []objection) {
	there, left := map[string]int{}, 0
	for _, f := range before.touched() {
		f.starts(func(call *ast.CallExpr, _ ast.Node) {
			there[text(call)]++
			if !f.isWaitedFor(call) {
				left--
			}
		})
	}
	var more []objection
	for _, f := range after.touched() {
		old := before.byKey[f.key]
		f.starts(func(call *ast.CallExpr, at ast.Node) {
			there[text(call)]--
			if f.isWaitedFor(call) {
				return
			}
			left++
			o := objection{
				Rule: moved, File: f.source.name, Line: f.source.line(at),
				Detail: f.name() + " starts a goroutine and doesn't wait for it: " + short(at),
			}
			if old != nil && len(old.waitedNames()) > len(f.waitedNames()) {
				found = append(found, o)
			} else if there[text(call)] < 0 {
				more = append(more, o)
			}
		})
	}
	return append(found, more[:max(0, min(left-len(found), len(more)))]...)
}

// starts visits what the function starts goroutines with.
func (f *function) starts(visit func(call *ast.CallExpr, at ast.Node)) {
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			visit(n.Call, n)
		case *ast.CallExpr:
			if selector, is := unparen(n.Fun).(*ast.SelectorExpr); is && selector.Sel.Name == "Go" && len(n.Args) == 1 {
				visit(n, n)
			}
		}
		return true
	})
}

// isWaitedFor says whether the function, what it calls, or a function that calls it waits for anything; or whether what
// the goroutine signals is waited for anywhere but where something is closed.
func (f *function) isWaitedFor(call *ast.CallExpr) bool {
	seen := map[*function]bool{}
	if f.waits(seen, 4) {
		return true
	}
	callers := f.source.pkg.side.callers(f)
	for _, caller := range callers {
		if caller.waits(map[*function]bool{f: true}, 1) {
			return true
		}
	}
	signals := f.signals(call)
	for _, other := range f.source.pkg.side.touched() {
		if other == f || other.source.pkg != f.source.pkg || closes(other.decl.Name.Name) {
			continue
		}
		waited := other.waitedNames()
		if len(waited) > 0 && ast.IsExported(other.decl.Name.Name) && other.receiver() != "" && other.receiver() == f.receiver() {
			return true // another method of the same type, which users call
		}
		for name := range waited {
			if signals[name] {
				return true
			}
		}
	}
	return false
}

func (f *function) receiver() string {
	if f.decl.Recv == nil || len(f.decl.Recv.List) == 0 {
		return ""
	}
	return receiverName(f.decl.Recv.List[0].Type)
}

func closes(name string) bool {
	for _, word := range []string{"Close", "Stop", "Shutdown", "Finish", "Quit", "Drain"} {
		if strings.EqualFold(name, word) || strings.HasPrefix(name, word) {
			return true
		}
	}
	return false
}

func (f *function) waits(seen map[*function]bool, deep int) (found bool) {
	if seen[f] || deep == 0 || f.decl.Body == nil {
		return false
	}
	seen[f] = true
	if len(f.waitedNames()) > 0 {
		return true
	}
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			return false
		case *ast.CallExpr:
			if called := f.source.called(n.Fun); called != nil && called != f {
				found = found || called.waits(seen, deep-1)
			}
		}
		return !found
	})
	return found
}

// waitedNames gives the last names of what the function itself waits for: channels it receives from, groups.
func (f *function) waitedNames() map[string]bool {
	found := map[string]bool{}
	if f.decl.Body == nil {
		return found
	}
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			return false
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				found[lastName(n.X)] = true
			}
		case *ast.RangeStmt:
			if typed := f.source.pkg.info.TypeOf(n.X); typed != nil {
				if _, is := typed.Underlying().(*types.Chan); is {
					found[lastName(n.X)] = true
				}
			}
		case *ast.CallExpr:
			if selector, is := unparen(n.Fun).(*ast.SelectorExpr); is && strings.HasPrefix(selector.Sel.Name, "Wait") {
				found[lastName(selector.X)] = true
			}
		}
		return true
	})
	return found
}

// signals gives the last names of what a goroutine sends to, closes, or says Done to.
func (f *function) signals(call *ast.CallExpr) map[string]bool {
	found := map[string]bool{}
	bodies := []ast.Node{call}
	if called := f.source.called(call.Fun); called != nil {
		bodies = append(bodies, called.decl.Body)
	}
	for _, body := range bodies {
		ast.Inspect(body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SendStmt:
				found[lastName(n.Chan)] = true
			case *ast.CallExpr:
				if isBuiltin(f.source, n.Fun, "close") && len(n.Args) == 1 {
					found[lastName(n.Args[0])] = true
				}
				if selector, is := unparen(n.Fun).(*ast.SelectorExpr); is && selector.Sel.Name == "Done" {
					found[lastName(selector.X)] = true
				}
			}
			return true
		})
	}
	delete(found, "")
	return found
}

func lastName(expr ast.Expr) string {
	switch expr := unparen(expr).(type) {
	case *ast.Ident:
		return expr.Name
	case *ast.SelectorExpr:
		return expr.Sel.Name
	case *ast.IndexExpr:
		return lastName(expr.X)
	case *ast.CallExpr:
		return lastName(expr.Fun)
	case *ast.StarExpr:
		return lastName(expr.X)
	}
	return "?"
}

// deferredWork objects to results that are functions in disguise: a field that types had not before and that is given a
// function without parameters, to be called when nobody measures.
func deferredWork(before, after *side) (found []objection) {
	old := fieldNames(before)
	there := before.typeNames()
	isNew := map[string]bool{}
	for name := range fieldNames(after) {
		owner, field, _ := strings.Cut(name, ".")
		if !old[name] && there[owner] {
			isNew[field] = true
		}
	}
	after.each(func(f *source, _ string, decl ast.Decl) {
		note := func(field ast.Expr, value ast.Expr) {
			made, is := unparen(value).(*ast.FuncLit)
			if is && made.Type.Params.NumFields() == 0 && isNew[lastName(field)] {
				found = append(found, objection{
					Rule: moved, File: f.name, Line: f.line(value),
					Detail: "leaves work to whoever looks at the result: " + short(field) + " = " + short(value),
				})
			}
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				note(n.Key, n.Value)
			case *ast.AssignStmt:
				for i := range n.Lhs {
					if _, is := n.Lhs[i].(*ast.SelectorExpr); is && len(n.Lhs) == len(n.Rhs) {
						note(n.Lhs[i], n.Rhs[i])
					}
				}
			}
			return true
		})
	})
	return found
}

func fieldNames(s *side) map[string]bool {
	found := map[string]bool{}
	s.each(func(_ *source, _ string, decl ast.Decl) {
		ast.Inspect(decl, func(n ast.Node) bool {
			spec, is := n.(*ast.TypeSpec)
			if !is {
				return true
			}
			if made, is := spec.Type.(*ast.StructType); is {
				for _, field := range made.Fields.List {
					for _, name := range field.Names {
						found[spec.Name.Name+"."+name.Name] = true
					}
				}
			}
			return true
		})
	})
	return found
}
