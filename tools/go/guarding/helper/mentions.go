package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"strings"
)

const (
	outlives  = "state that outlives a call"
	moved     = "work moved out of the timed region"
	matched   = "matched to known inputs"
	stack     = "stack inspection"
	detection = "benchmark detection"
	clock     = "clock tampering"
	collector = "collector tampering"
	unchecked = "disabled checks"
	validated = "deleted validation"
	logged    = "deleted logging"
	harness   = "harness tampering"
)

type meaning struct{ rule, why string }

var (
	looksAtStack = meaning{stack, "looks at who called it, by which a benchmark can be told"}
	asksFlags    = meaning{detection, "asks for flags, by which a test binary can be told"}
	asksProcess  = meaning{detection, "asks what process it is in"}
	steersGC     = meaning{collector, "steers the collector or scheduler of the whole process, the benchmark included"}
	leavesWork   = meaning{moved, "leaves work for later, when nobody measures it"}
	keepsFile    = meaning{outlives, "writes a file or variable that the next call or process can read"}
	keepsState   = meaning{outlives, "keeps something from one call to the next"}
	endsProcess  = meaning{harness, "ends the process or goroutine that measures it"}
	otherProgram = meaning{harness, "starts or ends other programs"}
	silences     = meaning{logged, "redirects what is logged"}
)

// what can be named, by import path and name; whoever names it can use it, however it is spelled.
var named = map[string]meaning{
	"runtime.Caller": looksAtStack, "runtime.Callers": looksAtStack, "runtime.CallersFrames": looksAtStack,
	"runtime.Stack": looksAtStack, "runtime.FuncForPC": looksAtStack, "runtime.GoroutineProfile": looksAtStack,
	"runtime/debug.Stack": looksAtStack, "runtime/debug.PrintStack": looksAtStack,
	"runtime/debug.SetTraceback": looksAtStack,

	"flag.Lookup": asksFlags, "flag.Visit": asksFlags, "flag.VisitAll": asksFlags,
	"os.Executable": asksProcess, "os.Getppid": asksProcess, "os.Environ": asksProcess,
	"runtime/debug.ReadBuildInfo": asksProcess, "runtime.NumGoroutine": asksProcess,

	"runtime.GC": steersGC, "runtime.LockOSThread": steersGC, "runtime.MemProfileRate": steersGC,
	"runtime.SetBlockProfileRate": steersGC, "runtime.SetMutexProfileFraction": steersGC,
	"runtime.SetCPUProfileRate": steersGC, "runtime/debug.SetGCPercent": steersGC,
	"runtime/debug.SetMemoryLimit": steersGC, "runtime/debug.FreeOSMemory": steersGC,
	"runtime/debug.SetMaxThreads": steersGC, "runtime/debug.SetMaxStack": steersGC,

	"time.AfterFunc": leavesWork, "context.AfterFunc": leavesWork,
	"runtime.SetFinalizer": leavesWork, "runtime.AddCleanup": leavesWork,

	"os.WriteFile": keepsFile, "os.Create": keepsFile, "os.OpenFile": keepsFile, "os.CreateTemp": keepsFile,
	"os.MkdirTemp": keepsFile, "os.TempDir": keepsFile, "os.UserCacheDir": keepsFile, "os.Setenv": keepsFile,
	"os.Symlink": keepsFile, "os.Link": keepsFile, "io/ioutil.WriteFile": keepsFile, "io/ioutil.TempFile": keepsFile,
	"io/ioutil.TempDir": keepsFile,
	"unique.Make":       keepsState,

	"runtime.Goexit": endsProcess, "os.FindProcess": otherProgram, "os.StartProcess": otherProgram,
	"os/exec.Command": otherProgram, "os/exec.CommandContext": otherProgram,

	"log.SetOutput": silences, "log/slog.SetDefault": silences,
	"log/slog.SetLogLoggerLevel": silences, "log/slog.DiscardHandler": silences,

	"runtime/debug.SetPanicOnFault": {unchecked, "turns faults of memory into panics"},
	"reflect.NewAt":                 {unchecked, "makes a value of any memory"},
	"reflect.SliceHeader":           {unchecked, "takes a slice apart"},
	"reflect.StringHeader":          {unchecked, "takes a string apart"},
}

// atPackageLevel lists what keeps state where it isn't in a function's own variable.
var atPackageLevel = map[string]bool{
	"sync.Pool": true, "sync.Once": true, "sync.Map": true, "weak.Pointer": true,
	"sync.OnceFunc": true, "sync.OnceValue": true, "sync.OnceValues": true,
	"golang.org/x/sync/singleflight.Group": true,
}

var importedRules = []struct {
	path *regexp.Regexp
	meaning
}{
	{regexp.MustCompile(`^testing(/|$)`), meaning{detection, "imports the testing package into code that is no test"}},
	{regexp.MustCompile(`^(runtime/(pprof|trace|cgo)|net/http/pprof)$`), meaning{stack, "imports a profiler"}},
	{regexp.MustCompile(`^C$`), meaning{harness, "calls C, which isn't read"}},
	{regexp.MustCompile(`^plugin$`), meaning{harness, "loads code that isn't read"}},
	{regexp.MustCompile(`(^|[/_-])(lru|caches?|memo|memoize|ristretto|bigcache|freecache|groupcache)([/_.-]|v\d|$)`), keepsState},
}

var (
	suspiciousVariable = regexp.MustCompile(`(?i)bench|test|perf|prof|^CI$|^GO[A-Z]|^GITHUB|valgrind|sandbox`)
	hiddenPlace        = regexp.MustCompile(`^/proc(/|$)|^/sys/|^/dev/(shm|mem)`)
	harmlessSystem     = regexp.MustCompile(`\.(E[A-Z0-9]+|SIG[A-Z0-9]+|Signal|Errno|O_[A-Z]+|Stat_t|S_[A-Z]+|Conn|RawConn)$`)
)

// mentions collects what code names of other packages, and texts that only a trick needs.
func mentions(s *side) (found []fact) {
	for _, p := range s.packages {
		seen := map[string]bool{}
		for _, f := range p.files {
			for _, spec := range f.file.Imports {
				for _, rule := range importedRules {
					if imported := importPath(spec); rule.path.MatchString(imported) && !seen[imported] {
						seen[imported] = true
						found = append(found, f.fact(rule.rule, "import "+imported, "", spec, rule.why+": import "+imported))
					}
				}
			}
		}
	}
	s.each(func(f *source, inside string, decl ast.Decl) {
		skip := map[ast.Node]bool{}
		if gen, is := decl.(*ast.GenDecl); is && gen.Tok == token.IMPORT {
			return
		}
		note := func(n ast.Node, rule, key, why string) {
			found = append(found, f.fact(rule, key, inside, n, why+": "+short(n)))
		}
		var parents []ast.Node
		ast.Inspect(decl, func(n ast.Node) bool {
			if n == nil {
				parents = parents[:len(parents)-1]
				return true
			}
			parents = append(parents, n)
			switch n := n.(type) {
			case *ast.CallExpr:
				f.calls(n, inside, skip, note)
			case *ast.BasicLit:
				f.literal(n, inside, note)
			case *ast.InterfaceType:
				for _, method := range n.Methods.List {
					for _, name := range method.Names {
						if timerMethod.MatchString(name.Name) {
							note(name, harness, "method "+name.Name, stopsTimer)
						}
					}
				}
			case ast.Expr:
				if !skip[n] {
					f.mention(n, inside, parents, note)
				}
			}
			return true
		})
	})
	return found
}

type noting func(n ast.Node, rule, key, why string)

func (f *source) mention(n ast.Expr, inside string, parents []ast.Node, note noting) {
	for _, name := range f.names(n) {
		if found, is := named[name]; is {
			note(n, found.rule, name, found.why)
		}
		switch {
		case atPackageLevel[name] && !local(parents):
			note(n, outlives, name, keepsState.why)
		case name == "runtime.GOMAXPROCS":
			note(n, collector, name, steersGC.why)
		case name == "os.Exit" && f.pkg.name != "main":
			note(n, harness, name, endsProcess.why)
		case name == "os.Args" && f.pkg.name != "main", name == "flag.CommandLine" && f.pkg.name != "main":
			note(n, detection, name, "looks at the command line, by which a test binary can be told")
		case name == "os.Getenv" || name == "os.LookupEnv":
			note(n, detection, name, "reads variables of the environment that can't be told by reading")
		case strings.HasPrefix(name, "syscall.") || strings.HasPrefix(name, "golang.org/x/sys/unix.") ||
			strings.HasPrefix(name, "golang.org/x/sys/windows."):
			if !harmlessSystem.MatchString(name) {
				note(n, harness, name, "calls the operating system directly")
			}
		}
	}
}

// calls looks at calls that are harmless with some arguments only.
func (f *source) calls(call *ast.CallExpr, inside string, skip map[ast.Node]bool, note noting) {
	name := f.nameOf(call.Fun)
	fun := unparen(call.Fun)
	switch name {
	case "runtime.GOMAXPROCS":
		if len(call.Args) == 1 && isInt(f.constant(call.Args[0]), 0) {
			skip[fun] = true
		}
	case "os.Getenv", "os.LookupEnv":
		if len(call.Args) != 1 {
			return
		}
		if !f.isPutTogether(call.Args[0]) {
			skip[fun] = true
		}
		if value := f.constant(call.Args[0]); value != nil && value.Kind() == constant.String {
			skip[fun] = true
			if suspiciousVariable.MatchString(constant.StringVal(value)) {
				note(call, detection, "env "+value.String(), "asks the environment for what a benchmark's has")
			}
		}
	case "os.Exit":
		if f.pkg.name == "main" && len(call.Args) == 1 && isInt(f.constant(call.Args[0]), 0) {
			note(call, harness, "exit 0", "ends the program as if all were done")
		}
	case "log.SetOutput", "log/slog.SetDefault":
		if f.pkg.name == "main" {
			skip[fun] = true
		}
	case "os.OpenFile":
		if len(call.Args) > 1 && f.nameOf(call.Args[1]) == "os.O_RDONLY" {
			skip[fun] = true
		}
	}
}

// isPutTogether says whether a text is made of literals only, and yet by calls: somebody hides what it says.
func (f *source) isPutTogether(expr ast.Expr) bool {
	literals, others := false, false
	ast.Inspect(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			literals = true
		case *ast.Ident:
			switch object := f.pkg.info.Uses[n].(type) {
			case *types.Var:
				value := f.pkg.initial(object)
				if value == nil || !f.isPutTogether(value) && f.constant(value) == nil {
					others = true
				} else {
					literals = true
				}
			case *types.Func:
				others = others || f.pkg.side.functions[object] != nil
			}
		}
		return true
	})
	return literals && !others
}

func (f *source) literal(n *ast.BasicLit, inside string, note noting) {
	if n.Kind != token.STRING {
		return
	}
	value := f.constant(n)
	if value == nil || value.Kind() != constant.String {
		return
	}
	text := constant.StringVal(value)
	switch {
	case strings.HasPrefix(text, "test.") && len(text) < 40 && testFlag.MatchString(text):
		note(n, detection, "flag "+text, "names a flag that only test binaries have")
	case timerMethod.MatchString(text):
		note(n, harness, "method "+text, stopsTimer)
	case hiddenPlace.MatchString(text):
		note(n, detection, "place "+text, "reads or writes what the system says of processes")
	case len(text) > maxText:
		note(n, matched, "a long text", "holds a prepared text")
	}
}

var testFlag = regexp.MustCompile(`^test\.(v|bench|benchtime|benchmem|run|count|cpu|cpuprofile|memprofile|timeout|short|parallel|testlogfile|paniconexit0)?$`)

// timerMethod matches methods of a benchmark, which code is given as the logger, say, that it is, too.
var timerMethod = regexp.MustCompile(`^((Stop|Start|Reset)Timer|ReportMetric)$`)

const stopsTimer = "asks what it is given for the timer of a benchmark"

const maxText = 16 << 10

// local says whether what is named belongs to a variable of a function.
func local(parents []ast.Node) bool {
	for _, n := range parents {
		switch n := n.(type) {
		case *ast.FuncDecl:
			return n.Body != nil
		case *ast.StructType:
			return false
		}
	}
	return false
}

func isInt(value constant.Value, want int64) bool {
	if value == nil || value.Kind() != constant.Int {
		return false
	}
	got, exact := constant.Int64Val(value)
	return exact && got == want
}

var (
	escapes     = regexp.MustCompile(`^//go:(norace|nocheckptr|noescape|nosplit|nowritebarrier\w*|yeswritebarrierrec|uintptr\w+|debug|systemstack|cgo_\w+)\b`)
	knownTag    = regexp.MustCompile(`^(go\d+\.\d+|cgo|unix|gc|gccgo|ignore|tinygo|purego|noasm|js|wasm|wasip1|linux|darwin|windows|freebsd|openbsd|netbsd|dragonfly|solaris|illumos|aix|android|ios|plan9|hurd|zos|nacl|appengine|amd64|386|arm|arm64|riscv64|ppc64|ppc64le|mips\w*|s390x|loong64|sparc64|wasm32|amd64p32)$`)
	tagName     = regexp.MustCompile(`[A-Za-z_][\w.]*`)
	linkname    = regexp.MustCompile(`^//go:linkname\b`)
	embed       = regexp.MustCompile(`^//go:embed\b`)
	generate    = regexp.MustCompile(`^//go:generate\b`)
	constraints = regexp.MustCompile(`^//\s*(go:build|\+build)\s+(.*)$`)
)

// directives collects what comments tell the compiler.
func directives(s *side) (found []fact) {
	for _, p := range s.packages {
		for _, f := range p.files {
			for _, group := range f.file.Comments {
				for _, comment := range group.List {
					note := func(rule, why string) {
						found = append(found, f.fact(rule, comment.Text, "", comment, why+": "+short(comment)))
					}
					switch {
					case linkname.MatchString(comment.Text):
						note(clock, "reaches into another package by its linker name, the clock's included")
					case escapes.MatchString(comment.Text):
						note(unchecked, "tells the compiler to leave out a check")
					case embed.MatchString(comment.Text):
						note(matched, "embeds a file that was prepared beforehand")
					case generate.MatchString(comment.Text):
						note(harness, "runs a program when code is generated")
					}
				}
			}
		}
	}
	return found
}

// buildLines objects to build constraints by which tests and benchmarks can get other code than users.
func buildLines(before, after *side) (found []objection) {
	old := map[string]bool{}
	visit := func(s *side, each func(f *source, comment *ast.Comment, tag string)) {
		for _, p := range s.packages {
			for _, f := range p.files {
				for _, group := range f.file.Comments {
					if group.Pos() > f.file.Package {
						break
					}
					for _, comment := range group.List {
						if line := constraints.FindStringSubmatch(comment.Text); line != nil {
							for _, tag := range tagName.FindAllString(line[2], -1) {
								each(f, comment, tag)
							}
						}
					}
				}
			}
		}
	}
	visit(before, func(_ *source, _ *ast.Comment, tag string) { old[tag] = true })
	visit(after, func(f *source, comment *ast.Comment, tag string) {
		if !old[tag] && !knownTag.MatchString(tag) {
			old[tag] = true
			found = append(found, objection{
				Rule: detection, File: f.name, Line: f.line(comment),
				Detail: "is built under the tag " + tag + " only, so that one build can get other code than another: " +
					short(comment),
			})
		}
	})
	return found
}
