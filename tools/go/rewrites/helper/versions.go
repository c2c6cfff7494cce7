package main

import (
	"go/types"
	"go/version"
)

// fileVersion is the Go that a file is written for, "" when its module doesn't say: the older one of its language
// and of the standard library that it can rely on.
//
// The language is what the compiler takes for it. That is go1.21 at least for a file with a `//go:build go1.13`, also
// in a module of go1.11, though the Go that builds it may be as old as its line says.
func (p *place) fileVersion(module string) string {
	language := p.info.FileVersions[p.file]
	library := module
	if own := p.file.GoVersion; version.Compare(own, library) > 0 {
		library = own
	}
	if version.Compare(library, language) < 0 {
		return library
	}
	return language
}

// has says whether the file may use what came with that version of Go.
func (p *place) has(wanted string) bool {
	return p.version == "" || version.Compare(p.version, wanted) >= 0
}

// checkWritable refuses a type that has type arguments where the file's language knows none.
func (p *place) checkWritable(t types.Type) {
	wanted := ""
	switch named := t.(type) {
	case *types.Named:
		if named.TypeArgs().Len() > 0 {
			wanted = "go1.18"
		}
	case *types.Alias:
		if named.TypeArgs().Len() > 0 {
			wanted = "go1.24"
		}
	}
	if wanted != "" && !p.has(wanted) {
		refuse("the type %s needs %s to be written out, and this file is for %s", t, wanted, p.version)
	}
}

// grownSlice declares a slice, nil when size is 0, with room for as many elements.
func (p *place) grownSlice(name, typeText, size string) string {
	if p.has("go1.21") {
		return name + " := " + p.packageName("slices") + ".Grow(" + typeText + "(nil), " + size + ")"
	}
	return "var " + name + " " + typeText + "\n" +
		"if " + size + " > 0 {\n" + name + " = make(" + typeText + ", 0, " + size + ")\n}"
}

// textBuffer is the type that strings are put together in.
func (p *place) textBuffer() string {
	if p.has("go1.10") {
		return p.packageName("strings") + ".Builder"
	}
	return p.packageName("bytes") + ".Buffer"
}
