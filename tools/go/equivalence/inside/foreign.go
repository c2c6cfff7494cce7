//go:build go1.21

package askprofilercalls

import (
	"bufio"
	"bytes"
	"container/list"
	"context"
	"encoding"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
)

// foreign shows values of types from elsewhere whose fields aren't for others to see by what they offer to be seen.
func (d *dumper) foreign(v reflect.Value, t reflect.Type) bool {
	named := t
	if t.Kind() == reflect.Pointer {
		named = t.Elem()
	}
	if named.Kind() != reflect.Struct || named.PkgPath() == "" || ours(named) || !hides(named) {
		return false
	}
	if v.Kind() == reflect.Struct {
		v = v.Addr() // for methods that want a pointer
	}
	switch held := v.Interface().(type) {
	case *strings.Reader:
		d.unread(held.Size(), held.Len(), held.ReadAt)
	case *bytes.Reader:
		d.unread(held.Size(), held.Len(), held.ReadAt)
	case *bytes.Buffer:
		d.put("buffer ")
		d.quoted(held.String())
	case *strings.Builder:
		d.put("builder ")
		d.quoted(held.String())
	case *bufio.Writer:
		d.put("%d bytes to flush to ", held.Buffered())
		d.value(reachable(reflect.ValueOf(held).Elem().FieldByName("wr")))
	case *bufio.Reader:
		ahead, _ := held.Peek(held.Buffered())
		d.put("read ahead ")
		d.quoted(string(ahead))
	case *list.List:
		d.put("list{")
		for e := held.Front(); e != nil; e = e.Next() {
			d.dynamic(reflect.ValueOf(&e.Value).Elem())
			d.put(", ")
		}
		d.put("}")
	case *os.File:
		d.put("file %s", d.known.name(v))
	case *sync.Pool, *sync.Cond:
		d.put("_")
	case *sync.Map:
		content := map[any]any{}
		held.Range(func(key, value any) bool { content[key] = value; return true })
		d.value(reachable(reflect.ValueOf(content)))
	case context.Context:
		d.put("context")
	default:
		return d.described(v, named)
	}
	return true
}

// described shows what a type says of its value itself.
func (d *dumper) described(v reflect.Value, named reflect.Type) (done bool) {
	if named.PkgPath() == "sync/atomic" {
		if load := v.MethodByName("Load"); load.IsValid() {
			d.value(reachable(load.Call(nil)[0]))
			return true
		}
	}
	text, there := func() (text string, there bool) {
		defer func() {
			if recover() != nil {
				there = false
			}
		}()
		if marshaler, is := v.Interface().(encoding.TextMarshaler); is {
			if content, err := marshaler.MarshalText(); err == nil {
				return string(content), true
			}
		}
		if stringer, is := v.Interface().(fmt.Stringer); is {
			return stringer.String(), true
		}
		return "", false
	}()
	if there {
		d.put("%s ", named)
		d.quoted(text)
	}
	return there
}

func (d *dumper) unread(size int64, left int, readAt func([]byte, int64) (int, error)) {
	content := make([]byte, left)
	_, _ = readAt(content, size-int64(left))
	d.put("unread ")
	d.quoted(string(content))
}

// hides tells whether a struct type has unexported fields.
func hides(t reflect.Type) bool {
	for i := 0; i < t.NumField(); i++ {
		if !t.Field(i).IsExported() {
			return true
		}
	}
	return false
}
