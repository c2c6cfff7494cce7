package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// withImports adds the imports that are needed and drops those that no longer are.
func withImports(src string, needs []string) (string, error) {
	for _, path := range needs {
		var err error
		if src, err = withImport(src, path); err != nil {
			return "", err
		}
	}
	return withoutUnused(src)
}

func withImport(src, path string) (string, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.ImportsOnly)
	if err != nil {
		return "", err
	}
	for _, spec := range file.Imports {
		if found, _ := strconv.Unquote(spec.Path.Value); found == path {
			return src, nil
		}
	}
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.IMPORT || len(decl.Specs) == 0 {
			continue
		}
		if decl.Lparen.IsValid() {
			at := fset.Position(decl.Lparen).Offset + 1
			return src[:at] + "\n\t" + strconv.Quote(path) + src[at:], nil
		}
		at := fset.Position(decl.Pos()).Offset
		end := fset.Position(decl.End()).Offset
		spec := strings.TrimSpace(strings.TrimPrefix(src[at:end], "import"))
		return src[:at] + "import (\n\t" + strconv.Quote(path) + "\n\t" + spec + "\n)" + src[end:], nil
	}
	at := fset.Position(file.Name.End()).Offset
	return src[:at] + "\n\nimport " + strconv.Quote(path) + "\n" + src[at:], nil
}

func withoutUnused(src string) (string, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.ParseComments)
	if err != nil {
		return "", err
	}
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok {
				used[id.Name] = true
			}
		}
		return true
	})
	// Only what rewrites can make superfluous is dropped: the name of another import can't be told from its path.
	for _, path := range []string{"fmt", "slices", "regexp"} {
		for _, spec := range file.Imports {
			if spec.Path.Value != strconv.Quote(path) || spec.Name != nil || used[path] {
				continue
			}
			start, end := fset.Position(spec.Pos()).Offset, fset.Position(spec.End()).Offset
			for _, d := range file.Decls {
				if decl, ok := d.(*ast.GenDecl); ok && len(decl.Specs) == 1 && decl.Specs[0] == ast.Spec(spec) {
					start, end = fset.Position(decl.Pos()).Offset, fset.Position(decl.End()).Offset
				}
			}
			for end < len(src) && src[end] != '\n' {
				end++
			}
			return withoutUnused(src[:start] + src[min(end+1, len(src)):])
		}
	}
	return src, nil
}
