package main

import (
	"go/ast"
	"go/types"
	"strings"
)

var compilers = map[string]string{
	"regexp.MustCompile":      "Pattern",
	"regexp.MustCompilePOSIX": "Pattern",
	"strings.NewReplacer":     "Replacer",
}

// hoistCompile moves a compilation with constant arguments out of its function into a package variable.
func hoistCompile(p *place) {
	call, ok := find[*ast.CallExpr](p)
	if !ok {
		refuse("it isn't a call")
	}
	suffix, known := compilers[p.callee(call)]
	if !known {
		refuse("what is called isn't regexp.MustCompile or strings.NewReplacer")
	}
	for _, argument := range call.Args {
		if p.info.Types[argument].Value == nil {
			refuse("the pattern isn't constant: it may be another one at every call")
		}
	}
	function := p.function()
	if function.Name.Name == "init" && function.Recv == nil {
		refuse("init runs once only")
	}
	ast.Inspect(function, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Longest" {
			refuse("the expression is changed by Longest after it was compiled")
		}
		return true
	})
	name := p.fresh(lowerFirst(function.Name.Name) + suffix)
	declaration := "var " + name + " = " + p.constantCall(call) + "\n\n"
	if function.Doc != nil {
		p.insertBefore(function.Doc, declaration)
	} else {
		p.insertBefore(function, declaration)
	}
	p.replace(call, name)
}

// constantCall writes the call so that it means the same at package level, where local constants aren't seen.
func (p *place) constantCall(call *ast.CallExpr) string {
	var arguments []string
	for _, argument := range call.Args {
		local := false
		ast.Inspect(argument, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				if o := p.info.Uses[id]; o != nil && o.Parent() != p.pkg.Scope() && o.Parent() != types.Universe {
					_, isPackage := o.(*types.PkgName)
					local = local || (!isPackage && o.Pkg() == p.pkg)
				}
			}
			return true
		})
		if local {
			arguments = append(arguments, p.info.Types[argument].Value.ExactString())
		} else {
			arguments = append(arguments, p.text(argument))
		}
	}
	return p.text(call.Fun) + "(" + strings.Join(arguments, ", ") + ")"
}

func lowerFirst(name string) string {
	upper := 0
	for upper < len(name) && name[upper] >= 'A' && name[upper] <= 'Z' {
		upper++
	}
	if upper > 1 && upper < len(name) {
		upper--
	}
	return strings.ToLower(name[:upper]) + name[upper:]
}

var pure = map[string]bool{
	"strings.ToLower": true, "strings.ToUpper": true, "strings.TrimSpace": true, "strings.Trim": true,
	"strings.TrimPrefix": true, "strings.TrimSuffix": true, "strings.ReplaceAll": true, "strings.Fields": false,
	"strconv.Itoa": true, "strconv.Quote": true, "math.Sqrt": true, "math.Log": true, "math.Exp": true,
	"math.Pow": true, "math.Sin": true, "math.Cos": true, "strings.Count": true, "strings.Contains": true,
	"strings.Index": true, "strings.HasPrefix": true, "strings.HasSuffix": true, "strings.EqualFold": true,
	"(time.Time).Format": true, "(time.Time).String": true, "fmt.Sprint": false,
}

// hoistInvariant computes a pure call whose arguments don't change in the loop once, before it.
func hoistInvariant(p *place) {
	call, ok := find[*ast.CallExpr](p)
	if !ok || !pure[p.callee(call)] {
		refuse("the call isn't known to be pure")
	}
	loops := p.loopsAround(nil)
	if len(loops) == 0 {
		refuse("it isn't inside a loop")
	}
	operands := append([]ast.Expr{}, call.Args...)
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		if _, isPackage := p.object(sel.X).(*types.PkgName); !isPackage {
			operands = append(operands, sel.X)
		}
	}
	var outermost ast.Stmt
	for _, loop := range loops {
		if !p.invariant(operands, loop) {
			break
		}
		outermost = loop
	}
	if outermost == nil {
		refuse("an argument changes in the loop")
	}
	if !p.isStatementOfBlock(outermost) {
		refuse("nothing can be put before the loop (it has a label)")
	}
	words := strings.Split(p.callee(call), ".")
	name := p.fresh(lowerFirst(words[len(words)-1]) + "Once")
	p.insertBefore(outermost, name+" := "+p.text(call)+"\n")
	p.replace(call, name)
}

// invariant: constants, and local variables that are declared outside the loop, not captured, not written in it.
func (p *place) invariant(operands []ast.Expr, loop ast.Stmt) bool {
	for _, operand := range operands {
		if p.info.Types[operand].Value != nil {
			continue
		}
		obj, ok := p.object(operand).(*types.Var)
		if !ok || obj.Parent() == p.pkg.Scope() || obj.IsField() {
			return false
		}
		if obj.Pos() >= loop.Pos() && obj.Pos() < loop.End() {
			return false
		}
		if len(p.writes(p.function(), obj)) > 1 || len(p.writes(loop, obj)) > 0 {
			return false
		}
		for _, write := range p.writes(p.function(), obj) {
			_, isAssignment := write.(*ast.AssignStmt)
			if !isAssignment || p.elsewhere(write, loop) {
				return false
			}
		}
	}
	return true
}
