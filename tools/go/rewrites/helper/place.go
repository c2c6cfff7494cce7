package main

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// place is a spot in a type-checked file, the nodes around it, and the edits made so far.
type place struct {
	fset    *token.FileSet
	file    *ast.File
	files   []*ast.File
	pkg     *types.Package
	info    *types.Info
	version string // such as go1.21: what the file may use, "" when that isn't known
	src     []byte
	path    []ast.Node // from the file down to the innermost node around the place
	names   map[string]bool
	edits   []edit
	needs   []string // imports
}

type edit struct {
	start, end int
	text       string
}

func load(asked request) (*place, error) {
	p := &place{fset: token.NewFileSet(), names: map[string]bool{}}
	for _, name := range asked.Files {
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		parsed, err := parser.ParseFile(p.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, parsed)
		if name == asked.File {
			p.file, p.src = parsed, src
		}
	}
	if p.file == nil {
		return nil, fmt.Errorf("%s is no file of the package", asked.File)
	}
	lookup := func(path string) (io.ReadCloser, error) {
		name, ok := asked.Exports[path]
		if !ok {
			return nil, fmt.Errorf("no export data for %s", path)
		}
		return os.Open(name)
	}
	p.info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Defs:  map[*ast.Ident]types.Object{},
		Uses:  map[*ast.Ident]types.Object{},

		FileVersions: map[*ast.File]string{},
	}
	config := types.Config{Importer: importer.ForCompiler(p.fset, "gc", lookup), GoVersion: asked.Version}
	pkg, err := config.Check(asked.Package, p.fset, p.files, p.info)
	if err != nil {
		return nil, err
	}
	p.pkg, p.version = pkg, p.fileVersion(asked.Version)
	for _, file := range p.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				p.names[id.Name] = true
			}
			return true
		})
	}
	ast.Inspect(p.file, func(n ast.Node) bool {
		if n == nil || p.offset(n.Pos()) > asked.Start || p.offset(n.End()) < asked.End {
			return false
		}
		p.path = append(p.path, n)
		return true
	})
	return p, nil
}

func (p *place) offset(pos token.Pos) int { return p.fset.Position(pos).Offset }

func (p *place) text(n ast.Node) string { return string(p.src[p.offset(n.Pos()):p.offset(n.End())]) }

func (p *place) replace(n ast.Node, text string) {
	p.edits = append(p.edits, edit{p.offset(n.Pos()), p.offset(n.End()), text})
}

func (p *place) insertBefore(n ast.Node, text string) {
	at := p.offset(n.Pos())
	p.edits = append(p.edits, edit{at, at, text})
}

// find gives the innermost node around the place that is a T.
func find[T ast.Node](p *place) (found T, ok bool) {
	for i := len(p.path) - 1; i >= 0; i-- {
		if n, is := p.path[i].(T); is {
			return n, true
		}
	}
	return found, false
}

// function is the declaration around the place.
func (p *place) function() *ast.FuncDecl {
	found, ok := find[*ast.FuncDecl](p)
	if !ok || found.Body == nil {
		refuse("it isn't inside a function")
	}
	return found
}

func (p *place) functions() []string {
	if found, ok := find[*ast.FuncDecl](p); ok {
		return []string{found.Name.Name}
	}
	return nil
}

// loopsAround gives the loops around the place within one function body, innermost first; `skip` is left out.
func (p *place) loopsAround(skip ast.Node) []ast.Stmt {
	var loops []ast.Stmt
	for i := len(p.path) - 1; i >= 0; i-- {
		switch n := p.path[i].(type) {
		case *ast.FuncLit, *ast.FuncDecl:
			return loops
		case *ast.ForStmt, *ast.RangeStmt:
			if n != skip {
				loops = append(loops, n.(ast.Stmt))
			}
		}
	}
	return loops
}

// isStatementOfBlock says whether inserting a statement before `stmt` is possible (no label, no if-else chain).
func (p *place) isStatementOfBlock(stmt ast.Stmt) bool {
	found := false
	ast.Inspect(p.file, func(n ast.Node) bool {
		var list []ast.Stmt
		switch b := n.(type) {
		case *ast.BlockStmt:
			list = b.List
		case *ast.CaseClause:
			list = b.Body
		case *ast.CommClause:
			list = b.Body
		}
		for _, s := range list {
			found = found || s == stmt
		}
		return !found
	})
	return found
}

// fresh gives a name that nothing in the package has.
func (p *place) fresh(wanted string) string {
	name := wanted
	for n := 2; p.names[name] || types.Universe.Lookup(name) != nil || token.IsKeyword(name); n++ {
		name = wanted + strconv.Itoa(n)
	}
	p.names[name] = true
	return name
}

// object is what an identifier stands for; nil for other expressions.
func (p *place) object(e ast.Expr) types.Object {
	if id, ok := ast.Unparen(e).(*ast.Ident); ok {
		if o := p.info.Uses[id]; o != nil {
			return o
		}
		return p.info.Defs[id]
	}
	return nil
}

// callee is the full name of the function a call calls, such as "regexp.MustCompile"; "" when it isn't static.
func (p *place) callee(call *ast.CallExpr) string {
	if f := p.calledFunc(call); f != nil {
		return f.FullName()
	}
	return ""
}

func (p *place) calledFunc(call *ast.CallExpr) *types.Func {
	var id *ast.Ident
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	case *ast.IndexExpr:
		if sel, ok := f.X.(*ast.SelectorExpr); ok {
			id = sel.Sel
		} else if name, ok := f.X.(*ast.Ident); ok {
			id = name
		}
	}
	if id == nil {
		return nil
	}
	f, _ := p.info.Uses[id].(*types.Func)
	if f != nil {
		f = f.Origin()
	}
	return f
}

// declaration is the source of a function of this package, nil for others.
func (p *place) declaration(f *types.Func) *ast.FuncDecl {
	for _, file := range p.files {
		for _, d := range file.Decls {
			if decl, ok := d.(*ast.FuncDecl); ok && p.info.Defs[decl.Name] == f {
				return decl
			}
		}
	}
	return nil
}

// writes gives the places in n where obj is assigned, incremented, or has its address taken (by & or a method).
func (p *place) writes(n ast.Node, obj types.Object) []ast.Node {
	var found []ast.Node
	note := func(at ast.Node, e ast.Expr) {
		if e != nil && p.object(e) == obj {
			found = append(found, at)
		}
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch s := n.(type) {
		case *ast.AssignStmt:
			for _, left := range s.Lhs {
				note(s, left)
			}
		case *ast.IncDecStmt:
			note(s, s.X)
		case *ast.RangeStmt:
			if s.Tok == token.ASSIGN {
				note(s, s.Key)
				note(s, s.Value)
			}
		case *ast.UnaryExpr:
			if s.Op == token.AND {
				note(s, s.X)
			}
		case *ast.SelectorExpr:
			if f, ok := p.info.Uses[s.Sel].(*types.Func); ok && takesPointer(f) && !isPointer(obj.Type()) {
				note(s, s.X)
			}
		}
		return true
	})
	return found
}

// takesPointer says whether a function is a method of a pointer: calling it on a variable takes its address.
func takesPointer(f *types.Func) bool {
	recv := f.Type().(*types.Signature).Recv()
	return recv != nil && isPointer(recv.Type())
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// elsewhere says whether a node is in a function literal that isn't around the place and may run in the loop:
// one that is written before the loop's end.
func (p *place) elsewhere(n ast.Node, loop ast.Stmt) bool {
	if n.Pos() > loop.End() {
		return false
	}
	found := false
	ast.Inspect(p.function(), func(m ast.Node) bool {
		if lit, ok := m.(*ast.FuncLit); ok && lit.Pos() <= n.Pos() && n.End() <= lit.End() {
			found = found || !slices.Contains(p.path, ast.Node(lit))
		}
		return true
	})
	return found
}

func (p *place) uses(n ast.Node, obj types.Object) []*ast.Ident {
	var found []*ast.Ident
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && p.info.Uses[id] == obj {
			found = append(found, id)
		}
		return true
	})
	return found
}

// isPlain says whether an expression has no side effect and can't change by itself: names, fields, constants.
func (p *place) isPlain(e ast.Expr) bool {
	switch x := ast.Unparen(e).(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return true
	case *ast.SelectorExpr:
		return p.isPlain(x.X)
	}
	return false
}

// typeText writes a type as this file can; refuses when its package isn't imported here, or its language is too old.
func (p *place) typeText(t types.Type) string {
	p.checkWritable(t)
	return types.TypeString(t, func(other *types.Package) string {
		if other == p.pkg {
			return ""
		}
		for _, spec := range p.file.Imports {
			if path, _ := strconv.Unquote(spec.Path.Value); path == other.Path() {
				if spec.Name != nil {
					return spec.Name.Name
				}
				return other.Name()
			}
		}
		refuse("the type %s isn't imported in this file", t)
		return ""
	})
}

// isKey says whether equality of the type is what a map does: strings, integers, booleans; no floats, no interfaces.
func isKey(t types.Type) bool {
	basic, ok := t.Underlying().(*types.Basic)
	return ok && basic.Info()&(types.IsString|types.IsInteger|types.IsBoolean) != 0
}

func (p *place) need(path string) { p.needs = append(p.needs, path) }

// packageName is how this file calls an imported package; refuses when the name is taken by something else.
func (p *place) packageName(path string) string {
	base := path[strings.LastIndex(path, "/")+1:]
	for _, spec := range p.file.Imports {
		if found, _ := strconv.Unquote(spec.Path.Value); found == path {
			if spec.Name == nil {
				return base
			}
			if spec.Name.Name != "_" && spec.Name.Name != "." {
				return spec.Name.Name
			}
		}
	}
	for _, file := range p.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name == base && (p.info.Defs[id] != nil) {
				refuse("the name %s is used for something else in this package", base)
			}
			return true
		})
	}
	p.need(path)
	return base
}

// finish applies the edits, adds and drops imports, and formats.
func (p *place) finish() (string, error) {
	sort.SliceStable(p.edits, func(i, j int) bool { return p.edits[i].start < p.edits[j].start })
	var out strings.Builder
	at := 0
	for _, e := range p.edits {
		if e.start < at {
			return "", fmt.Errorf("edits overlap at offset %d", e.start)
		}
		out.Write(p.src[at:e.start])
		out.WriteString(e.text)
		at = e.end
	}
	out.Write(p.src[at:])
	text, err := withImports(out.String(), p.needs)
	if err != nil {
		return "", err
	}
	formatted, err := format.Source([]byte(text))
	return string(formatted), err
}
