package main

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// side is one version of the module: the packages that the change touches, and what they import of it.
type side struct {
	root      string
	module    string
	changed   map[string]bool
	fset      *token.FileSet
	packages  []*pkg // those that the change touches
	all       map[string][]*pkg
	functions map[*types.Func]*function
	byKey     map[string]*function
	methods   map[string][]*function // by bare name
	usedBy    map[*function][]*function
}

// pkg is a package as one folder's files of one package name have it, tests left out.
type pkg struct {
	side     *side
	folder   string
	name     string
	files    []*source
	types    *types.Package
	info     *types.Info
	broken   bool
	initials map[types.Object]ast.Expr
	declared map[types.Object]string
}

type source struct {
	pkg  *pkg
	name string // relative to the root
	file *ast.File
	dots []string // what is imported by a dot
}

// function is a function or method with a body; its key is the same in both versions.
type function struct {
	key      string
	decl     *ast.FuncDecl
	source   *source
	used     []*function
	text     string
	told     []word
	refused  []refusal
	bounded  []ast.Node
	asked    []string
	measured bool
}

func (f *function) name() string { return f.key[strings.LastIndex(f.key, "/")+1:] }

// largest is the size of a file that is read though it didn't change: larger ones are generated tables.
const largest = 256 << 10

var moduleLine = regexp.MustCompile(`(?m)^\s*module\s+"?([^\s"]+)`)

func load(root string, files []string) *side {
	s := &side{
		root: root, changed: map[string]bool{}, fset: token.NewFileSet(), all: map[string][]*pkg{},
		functions: map[*types.Func]*function{}, byKey: map[string]*function{}, methods: map[string][]*function{},
	}
	if text, err := os.ReadFile(filepath.Join(root, "go.mod")); err == nil {
		if found := moduleLine.FindSubmatch(text); found != nil {
			s.module = string(found[1])
		}
	}
	folders := map[string]bool{}
	for _, name := range files {
		folders[path.Dir(name)] = true
		s.changed[name] = true
	}
	for _, folder := range sorted(folders) {
		s.packages = append(s.packages, s.folder(folder)...)
	}
	return s
}

func sorted(set map[string]bool) (names []string) {
	for name := range set {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// folder reads a folder's packages once. What can't be parsed is read as far as it goes: it doesn't compile either.
func (s *side) folder(folder string) []*pkg {
	if found, is := s.all[folder]; is {
		return found
	}
	s.all[folder] = nil // a circle of imports ends here
	entries, _ := os.ReadDir(filepath.Join(s.root, filepath.FromSlash(folder)))
	byName := map[string]*pkg{}
	var found []*pkg
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || !entry.Type().IsRegular() {
			continue
		}
		if about, err := entry.Info(); err != nil || about.Size() > largest && !s.changed[path.Join(folder, name)] {
			continue
		}
		text, err := os.ReadFile(filepath.Join(s.root, filepath.FromSlash(folder), name))
		if err != nil {
			continue
		}
		file, _ := parser.ParseFile(s.fset, path.Join(folder, name), text, parser.ParseComments|parser.SkipObjectResolution)
		if file == nil || file.Name == nil {
			continue
		}
		p := byName[file.Name.Name]
		if p == nil {
			p = &pkg{side: s, folder: folder, name: file.Name.Name}
			byName[file.Name.Name] = p
			found = append(found, p)
		}
		p.files = append(p.files, &source{pkg: p, name: path.Join(folder, name), file: file, dots: dots(file)})
	}
	for _, p := range found {
		p.check()
	}
	s.all[folder] = found
	return found
}

func dots(file *ast.File) (paths []string) {
	for _, spec := range file.Imports {
		if spec.Name != nil && spec.Name.Name == "." {
			paths = append(paths, importPath(spec))
		}
	}
	return paths
}

func importPath(spec *ast.ImportSpec) string {
	found, _ := strconv.Unquote(spec.Path.Value)
	return found
}

// Import finds the module's own packages; others are known by their paths only.
func (s *side) Import(imported string) (*types.Package, error) {
	if imported == "unsafe" {
		return types.Unsafe, nil
	}
	if s.module != "" && (imported == s.module || strings.HasPrefix(imported, s.module+"/")) {
		folder := strings.TrimPrefix(strings.TrimPrefix(imported, s.module), "/")
		if folder == "" {
			folder = "."
		}
		for _, p := range s.folder(folder) {
			if p.types != nil && p.name != "main" {
				return p.types, nil
			}
		}
	}
	return nil, errors.New("not read")
}

func (p *pkg) check() {
	p.info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{},
		Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
		Implicits: map[ast.Node]types.Object{},
	}
	importPath := p.side.module
	if p.folder != "." {
		importPath += "/" + p.folder
	}
	var files []*ast.File
	for _, f := range p.files {
		files = append(files, f.file)
	}
	config := types.Config{Importer: p.side, Error: func(error) {}, FakeImportC: true}
	func() {
		defer func() { p.broken = recover() != nil }() // the checker isn't made for half a file
		p.types, _ = config.Check(importPath, p.side.fset, files, p.info)
	}()
	for _, f := range p.files {
		for _, decl := range f.file.Decls {
			if decl, is := decl.(*ast.FuncDecl); is {
				p.declare(f, decl)
			}
		}
	}
}

func (p *pkg) declare(from *source, decl *ast.FuncDecl) {
	key := p.folder + "/" + p.name + "."
	if decl.Recv != nil && len(decl.Recv.List) == 1 {
		key += receiverName(decl.Recv.List[0].Type) + "."
	}
	f := &function{key: key + decl.Name.Name, decl: decl, source: from}
	if object, is := p.info.Defs[decl.Name].(*types.Func); is {
		p.side.functions[object] = f
	}
	p.side.byKey[f.key] = f
	if decl.Recv != nil {
		p.side.methods[decl.Name.Name] = append(p.side.methods[decl.Name.Name], f)
	}
}

func receiverName(expr ast.Expr) string {
	if name := root(expr); name != nil {
		return name.Name
	}
	return ""
}

// each calls visit for every declaration of the touched packages; the function is "" for what isn't in one.
func (s *side) each(visit func(from *source, inside string, decl ast.Decl)) {
	for _, p := range s.packages {
		for _, f := range p.files {
			for _, decl := range f.file.Decls {
				inside := ""
				if decl, is := decl.(*ast.FuncDecl); is {
					inside = decl.Name.Name
					if decl.Recv != nil && len(decl.Recv.List) == 1 {
						inside = receiverName(decl.Recv.List[0].Type) + "." + inside
					}
				}
				visit(f, inside, decl)
			}
		}
	}
}

// touched gives the functions of the touched packages, in the order of the source.
func (s *side) touched() (found []*function) {
	s.each(func(from *source, inside string, decl ast.Decl) {
		if decl, is := decl.(*ast.FuncDecl); is && decl.Body != nil {
			key := from.pkg.folder + "/" + from.pkg.name + "."
			if f := s.byKey[key+inside]; f != nil && f.decl == decl {
				found = append(found, f)
			}
		}
	})
	return found
}

func (f *source) line(node ast.Node) int { return f.pkg.side.fset.Position(node.Pos()).Line }

func (f *source) fact(rule, key, inside string, at ast.Node, detail string) fact {
	return fact{rule: rule, key: key, inside: inside, file: f.name, line: f.line(at), detail: detail}
}

// names gives what an expression that names something of an imported package may mean, such as `runtime.GC`. By a dot
// import there may be several.
func (f *source) names(expr ast.Expr) (found []string) {
	switch e := expr.(type) {
	case *ast.ParenExpr:
		return f.names(e.X)
	case *ast.SelectorExpr:
		id, is := e.X.(*ast.Ident)
		if !is {
			return nil
		}
		if imported := f.imported(id); imported != "" {
			return []string{imported + "." + e.Sel.Name}
		}
	case *ast.Ident:
		if len(f.dots) > 0 && f.pkg.info.Uses[e] == nil && f.pkg.info.Defs[e] == nil {
			for _, path := range f.dots {
				found = append(found, path+"."+e.Name)
			}
		}
	}
	return found
}

// imported gives the path of the package that an identifier names, "" for anything else.
func (f *source) imported(id *ast.Ident) string {
	if object, is := f.pkg.info.Uses[id].(*types.PkgName); is {
		return object.Imported().Path()
	}
	if f.pkg.broken {
		for _, spec := range f.file.Imports {
			name := path.Base(importPath(spec))
			if spec.Name != nil {
				name = spec.Name.Name
			}
			if name == id.Name {
				return importPath(spec)
			}
		}
	}
	return ""
}

// name is the first of names.
func (f *source) nameOf(expr ast.Expr) string {
	if found := f.names(expr); len(found) > 0 {
		return found[0]
	}
	return ""
}

// text gives a node's source, laid out the same way whatever its lines were.
func text(node ast.Node) string {
	if comment, is := node.(*ast.Comment); is {
		return comment.Text
	}
	var out bytes.Buffer
	_ = (&printer.Config{Mode: printer.RawFormat}).Fprint(&out, token.NewFileSet(), node)
	return out.String()
}

// short gives a node's source on one line, cut to what a sentence bears.
func short(node ast.Node) string {
	line := strings.Join(strings.Fields(text(node)), " ")
	if runes := []rune(line); len(runes) > 90 {
		line = string(runes[:90]) + " …"
	}
	return line
}

// root gives the identifier that an expression begins with: of `a.b[i].c` that is a.
func root(expr ast.Expr) *ast.Ident {
	for {
		switch e := expr.(type) {
		case *ast.ParenExpr:
			expr = e.X
		case *ast.StarExpr:
			expr = e.X
		case *ast.SelectorExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.SliceExpr:
			expr = e.X
		case *ast.TypeAssertExpr:
			expr = e.X
		case *ast.UnaryExpr:
			expr = e.X
		case *ast.Ident:
			return e
		default:
			return nil
		}
	}
}

func unparen(expr ast.Expr) ast.Expr {
	for {
		inner, is := expr.(*ast.ParenExpr)
		if !is {
			return expr
		}
		expr = inner.X
	}
}
