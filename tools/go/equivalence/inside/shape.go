//go:build go1.21

package askprofilercalls

import (
	"fmt"
	"reflect"
	"strings"
)

// shape describes a function's type down to the fields of the module's own types: where it differs between the two
// builds, values can't be carried from one to the other.
func shape(t reflect.Type) string {
	var b strings.Builder
	writeShape(&b, t, map[reflect.Type]bool{})
	return b.String()
}

func writeShape(b *strings.Builder, t reflect.Type, seen map[reflect.Type]bool) {
	if t.Name() != "" {
		b.WriteString(t.String())
		if made := structs[t]; seen[t] || !ours(t) || made != nil && made.Opaque {
			return
		}
		seen[t] = true
	}
	b.WriteString(" " + t.Kind().String())
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Chan:
		writeShape(b, t.Elem(), seen)
	case reflect.Array:
		fmt.Fprintf(b, "[%d]", t.Len())
		writeShape(b, t.Elem(), seen)
	case reflect.Map:
		writeShape(b, t.Key(), seen)
		writeShape(b, t.Elem(), seen)
	case reflect.Struct:
		for _, i := range fields(t) {
			fmt.Fprintf(b, "{%s ", t.Field(i).Name)
			writeShape(b, t.Field(i).Type, seen)
			b.WriteString("}")
		}
	case reflect.Func:
		for i := 0; i < t.NumIn(); i++ {
			writeShape(b, t.In(i), seen)
			b.WriteString(",")
		}
		b.WriteString(")")
		for i := 0; i < t.NumOut(); i++ {
			writeShape(b, t.Out(i), seen)
			b.WriteString(",")
		}
	case reflect.Interface:
		for i := 0; i < t.NumMethod(); i++ {
			b.WriteString(t.Method(i).Name + ";")
		}
	}
}
