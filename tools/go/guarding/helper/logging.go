package main

import (
	"go/ast"
	"go/types"
	"regexp"
	"strings"
)

// word is a call that tells somebody what happens: a logger, a metric, a callback, a writer.
type word struct {
	function *function
	at       ast.Node
	kind     string // words of the same kind stand in for each other
	says     string
}

var (
	logPackage   = regexp.MustCompile(`(^|[/_.-])(log|slog|zap|zerolog|logrus|klog|glog|logr|prometheus|metrics?|statsd|expvar|otel|opentelemetry|trace|audit)([/_.-]|$)`)
	logReceiver  = regexp.MustCompile(`(?i)^(l|lg|\w*log(ger)?|\w*audit\w*|\w*metrics?|\w*tracer|span|\w*stats|\w*counter|\w*histogram|\w*observer|\w*monitor|\w*reporter|\w*telemetry)$`)
	logMethod    = regexp.MustCompile(`^(Log|Trace|Debug|Info|Notice|Warn|Warning|Error|Print|Audit)(f|ln|w|Context|s)?$|^(Observe|Inc|Emit|Publish|Notify|Report|Record|RecordError|AddEvent|Event|Audit|Send|Msg|Msgf|Progress)$`)
	printing     = regexp.MustCompile(`^fmt\.(Print|Printf|Println)$`)
	printingTo   = regexp.MustCompile(`^(fmt\.(Fprint|Fprintf|Fprintln)|io\.WriteString)$`)
	logsByMethod = regexp.MustCompile(`^(Logf|Debugf|Infof|Warnf|Warningf|Errorf|Tracef|Printf|Println|Logln)$`)
)

// lostWords objects to words that the old version says on some way to it and that the new one on the same way doesn't.
func lostWords(before, after *side) (found []objection) {
	reported := map[ast.Node]bool{}
	for _, w := range ways(before, after) {
		count, said := map[string]int{}, map[string]bool{}
		for _, f := range w.after {
			for _, now := range f.words() {
				count[now.kind]++
				said[now.kind+now.says] = true
			}
		}
		old := map[string]int{}
		for _, f := range w.before {
			for _, word := range f.words() {
				old[word.kind]++
			}
		}
		for _, f := range w.before {
			if after.has(f) {
				continue
			}
			for _, word := range f.words() {
				if reported[word.at] || said[word.kind+word.says] || count[word.kind] >= old[word.kind] {
					continue
				}
				reported[word.at] = true
				found = append(found, objection{
					Rule: logged, File: f.source.name, Line: f.source.line(word.at),
					Detail: "no longer tells what " + f.name() + " told before: " + short(word.at),
				})
			}
		}
	}
	return found
}

// words gives what the function itself tells. What is written to a writer counts as told as long as the function has
// any use for that writer.
func (f *function) words() (found []word) {
	if f.decl.Body == nil {
		return nil
	}
	if f.told != nil {
		return f.told
	}
	parameters := f.parameters()
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ExprStmt:
			if call, is := n.X.(*ast.CallExpr); is {
				if kind, says := f.word(call, parameters); kind != "" {
					found = append(found, word{function: f, at: n, kind: kind, says: says})
				}
			}
		case *ast.AssignStmt: // _, _ = fmt.Fprintln(os.Stderr, …)
			if len(n.Rhs) == 1 {
				if call, is := unparen(n.Rhs[0]).(*ast.CallExpr); is && blank(n.Lhs) {
					if kind, says := f.word(call, parameters); kind != "" {
						found = append(found, word{function: f, at: n, kind: kind, says: says})
					}
				}
			}
		case *ast.DeferStmt:
			if kind, says := f.word(n.Call, parameters); kind != "" {
				found = append(found, word{function: f, at: n, kind: kind, says: says})
			}
		}
		return true
	})
	f.told = append([]word{}, found...)
	return f.told
}

func blank(names []ast.Expr) bool {
	for _, name := range names {
		if id, is := name.(*ast.Ident); !is || id.Name != "_" {
			return false
		}
	}
	return true
}

// word gives the kind of what a call tells, and its text; "" when it tells nothing.
func (f *function) word(call *ast.CallExpr, parameters map[types.Object]bool) (kind, says string) {
	says = firstText(call)
	name := f.source.nameOf(call.Fun)
	if printing.MatchString(name) || isBuiltin(f.source, call.Fun, "println") || isBuiltin(f.source, call.Fun, "print") {
		return "print", says
	}
	if printingTo.MatchString(name) && len(call.Args) > 1 {
		to := f.source.nameOf(call.Args[0])
		if to == "os.Stderr" || to == "os.Stdout" {
			return "print", says
		}
		return "", ""
	}
	if dot := strings.LastIndex(name, "."); dot > 0 {
		if logPackage.MatchString(name[:dot]) && (logMethod.MatchString(name[dot+1:]) || strings.HasPrefix(name, "log.")) {
			return "log", says
		}
		return "", ""
	}
	switch fun := unparen(call.Fun).(type) {
	case *ast.SelectorExpr:
		receiver := lastName(fun.X)
		switch {
		case logsByMethod.MatchString(fun.Sel.Name), logReceiver.MatchString(receiver) && logMethod.MatchString(fun.Sel.Name):
			return "log", says
		case logMethod.MatchString(fun.Sel.Name) && f.source.called(fun) == nil && chainsFromLogger(fun.X):
			return "log", says // log.Info().Str(…).Msg(…)
		}
		if object, is := f.source.pkg.info.Uses[fun.Sel].(*types.Var); is && object.IsField() && isFunction(object.Type()) {
			return "callback " + fun.Sel.Name, ""
		}
	case *ast.Ident:
		object := f.source.pkg.info.Uses[fun]
		if object != nil && parameters[object] && isFunction(object.Type()) && withoutResult(object.Type()) {
			return "callback " + fun.Name, ""
		}
	}
	return "", ""
}

func chainsFromLogger(expr ast.Expr) bool {
	for {
		switch e := unparen(expr).(type) {
		case *ast.CallExpr:
			expr = e.Fun
		case *ast.SelectorExpr:
			if logReceiver.MatchString(e.Sel.Name) {
				return true
			}
			expr = e.X
		case *ast.Ident:
			return logReceiver.MatchString(e.Name)
		default:
			return false
		}
	}
}

func isFunction(typed types.Type) bool {
	_, is := typed.Underlying().(*types.Signature)
	return is
}

func withoutResult(typed types.Type) bool {
	signature, is := typed.Underlying().(*types.Signature)
	return is && signature.Results().Len() == 0
}

func (f *function) parameters() map[types.Object]bool {
	found := map[types.Object]bool{}
	for _, field := range f.decl.Type.Params.List {
		for _, name := range field.Names {
			found[f.source.pkg.info.Defs[name]] = true
		}
	}
	return found
}

func firstText(call *ast.CallExpr) (found string) {
	ast.Inspect(call, func(n ast.Node) bool {
		if literal, is := n.(*ast.BasicLit); is && found == "" {
			found = literal.Value
		}
		return found == ""
	})
	return found
}

// unusedWriters objects to functions that wrote to a parameter and no longer have any use for it.
func unusedWriters(before, after *side) (found []objection) {
	for _, f := range before.touched() {
		now := after.byKey[f.key]
		if now == nil || now.decl.Body == nil || after.has(f) {
			continue
		}
		used := now.usedParameters()
		names := f.positions()
		ast.Inspect(f.decl.Body, func(n ast.Node) bool {
			call, is := n.(*ast.CallExpr)
			if !is || len(call.Args) < 2 || !printingTo.MatchString(f.source.nameOf(call.Fun)) {
				return true
			}
			id, is := unparen(call.Args[0]).(*ast.Ident)
			if !is {
				return true
			}
			if position, is := names[f.source.pkg.info.Uses[id]]; is && position < len(used) && !used[position] {
				used[position] = true
				found = append(found, objection{
					Rule: logged, File: f.source.name, Line: f.source.line(call),
					Detail: "no longer writes to " + id.Name + ", which " + f.name() + " did before: " + short(call),
				})
			}
			return true
		})
	}
	return found
}

func (f *function) positions() map[types.Object]int {
	found := map[types.Object]int{}
	for _, field := range f.decl.Type.Params.List {
		for _, name := range field.Names {
			found[f.source.pkg.info.Defs[name]] = len(found)
		}
	}
	return found
}

func (f *function) usedParameters() []bool {
	names := f.positions()
	used := make([]bool, len(names))
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		if id, is := n.(*ast.Ident); is {
			if position, is := names[f.source.pkg.info.Uses[id]]; is {
				used[position] = true
			}
		}
		return true
	})
	return used
}
