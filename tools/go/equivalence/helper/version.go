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
	"strings"
)

// version is one version of a package, checked as far as can be without its imports.
type version struct {
	fset         *token.FileSet
	files        []*ast.File // without tests
	paths        map[*ast.File]string
	frozen       map[*ast.FuncDecl]bool // can't bear another statement
	texts        map[*ast.File][]byte
	pkg          *types.Package
	info         *types.Info
	functions    map[string]*function
	order        []string // of functions, as they stand in the source
	declarations map[string]string
}

// function is a function or method with a body. Its key is such as `F`, `T.M` or `(*T).M`.
type function struct {
	key      string
	decl     *ast.FuncDecl
	file     *ast.File
	object   *types.Func
	receiver string // the type's name, "" for a function
	pointer  bool
	takes    string // its type, without names
	text     string
}

func (f *function) signature() *types.Signature { return f.object.Type().(*types.Signature) }

// noImports lets the checker make do without what is imported, but for the package itself.
type noImports struct{ self *types.Package }

func (n noImports) Import(path string) (*types.Package, error) {
	if n.self != nil && n.self.Path() == path {
		return n.self, nil
	}
	return nil, errors.New("not read")
}

func load(path string, from sources) (*version, error) {
	v := &version{
		fset: token.NewFileSet(), paths: map[*ast.File]string{}, texts: map[*ast.File][]byte{},
		frozen: map[*ast.FuncDecl]bool{}, functions: map[string]*function{}, declarations: map[string]string{},
		info: &types.Info{
			Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{},
			Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
			Instances: map[*ast.Ident]types.Instance{},
		},
	}
	var err error
	if v.files, err = v.parse(from.Files); err != nil {
		return nil, err
	}
	tests, err := v.parse(from.Tests)
	if err != nil {
		return nil, err
	}
	var inside, outside []*ast.File
	for _, file := range tests {
		if len(v.files) > 0 && file.Name.Name != v.files[0].Name.Name {
			outside = append(outside, file)
		} else {
			inside = append(inside, file)
		}
	}
	v.pkg = v.check(path, append(append([]*ast.File{}, v.files...), inside...), nil)
	v.check(path+"_test", outside, v.pkg)
	for _, file := range v.files {
		for _, decl := range file.Decls {
			v.declare(file, decl)
		}
	}
	return v, nil
}

func (v *version) parse(names []string) (files []*ast.File, err error) {
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(v.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		v.paths[file], v.texts[file] = name, text
		v.withoutComments(file)
		files = append(files, file)
	}
	return files, nil
}

func (v *version) check(path string, files []*ast.File, self *types.Package) *types.Package {
	config := types.Config{Importer: noImports{self}, Error: func(error) {}}
	pkg, _ := config.Check(path, v.fset, files, v.info)
	return pkg
}

func (v *version) declare(file *ast.File, decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		f := &function{decl: decl, file: file, takes: v.takes(decl), text: v.print(decl)}
		f.key = decl.Name.Name
		if decl.Recv != nil && len(decl.Recv.List) == 1 {
			f.receiver, f.pointer = receiver(decl.Recv.List[0].Type)
			f.key = methodKey(f.receiver, f.pointer, decl.Name.Name)
		}
		f.object, _ = v.info.Defs[decl.Name].(*types.Func)
		if decl.Name.Name != "_" && f.key != "init" && f.object != nil {
			v.functions[f.key] = f
			v.order = append(v.order, f.key)
		}
	case *ast.GenDecl:
		v.declareAll(decl)
	}
}

func methodKey(receiver string, pointer bool, name string) string {
	if pointer {
		return "(*" + receiver + ")." + name
	}
	return receiver + "." + name
}

// declareAll notes the text of each package-level name; a constant's may depend on its whole group.
func (v *version) declareAll(decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			v.declarations[spec.Name.Name] = v.print(spec)
		case *ast.ValueSpec:
			text := v.print(spec)
			if decl.Tok == token.CONST && len(decl.Specs) > 1 {
				text = v.print(decl)
			}
			for _, name := range spec.Names {
				v.declarations[name.Name] = text
			}
		}
	}
}

// print gives a node's text, laid out the same way whatever its lines were.
func (v *version) print(node ast.Node) string {
	var out bytes.Buffer
	_ = (&printer.Config{Mode: printer.RawFormat}).Fprint(&out, token.NewFileSet(), node)
	return out.String()
}

// withoutComments drops the comments that belong to declarations and fields, but for what is told to the compiler.
func (v *version) withoutComments(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			for _, line := range commentLines(n.Doc) {
				v.frozen[n] = v.frozen[n] || strings.HasPrefix(line, "//go:nosplit") ||
					strings.HasPrefix(line, "//go:linkname")
			}
			n.Doc = nil
		case *ast.GenDecl:
			n.Doc = nil
		case *ast.TypeSpec:
			n.Doc, n.Comment = nil, nil
		case *ast.ValueSpec:
			n.Doc, n.Comment = nil, nil
		case *ast.Field:
			n.Doc, n.Comment = nil, nil
		}
		return true
	})
}

func commentLines(group *ast.CommentGroup) (lines []string) {
	if group != nil {
		for _, comment := range group.List {
			lines = append(lines, comment.Text)
		}
	}
	return lines
}

// takes gives a function's type without the names of parameters and results.
func (v *version) takes(decl *ast.FuncDecl) string {
	var b strings.Builder
	for _, list := range []*ast.FieldList{decl.Type.TypeParams, decl.Type.Params, decl.Type.Results} {
		b.WriteString("(")
		if list != nil {
			for _, field := range list.List {
				for n := max(len(field.Names), 1); n > 0; n-- {
					b.WriteString(v.print(field.Type) + ",")
				}
			}
		}
		b.WriteString(")")
	}
	return b.String()
}

// receiver gives the name of a receiver's type, and whether it is a pointer.
func receiver(expr ast.Expr) (name string, pointer bool) {
	for {
		switch e := expr.(type) {
		case *ast.ParenExpr:
			expr = e.X
		case *ast.StarExpr:
			expr, pointer = e.X, true
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.Name, pointer
		default:
			return "", pointer
		}
	}
}

// uses gives the package-level objects that a node mentions, methods included.
func (v *version) uses(node ast.Node) map[types.Object]bool {
	found := map[types.Object]bool{}
	ast.Inspect(node, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		object := v.info.Uses[id]
		if f, is := object.(*types.Func); is {
			object = f.Origin()
		}
		if object != nil && object.Pkg() == v.pkg {
			if _, is := object.(*types.Func); is || object.Parent() == v.pkg.Scope() {
				found[object] = true
			}
		}
		return true
	})
	return found
}

// callers gives the functions that mention f.
func (v *version) callers(f *function) (found []*function) {
	for _, key := range v.order {
		other := v.functions[key]
		if other != f && other.decl.Body != nil && v.uses(other.decl.Body)[f.object] {
			found = append(found, other)
		}
	}
	return found
}
