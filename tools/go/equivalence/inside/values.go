//go:build go1.21

package askprofilercalls

import (
	"bufio"
	"bytes"
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"time"
	"unsafe"
)

var (
	errorType    = reflect.TypeOf((*error)(nil)).Elem()
	contextType  = reflect.TypeOf((*context.Context)(nil)).Elem()
	timeType     = reflect.TypeOf(time.Time{})
	locationType = reflect.TypeOf((*time.Location)(nil))
	regexpType   = reflect.TypeOf((*regexp.Regexp)(nil))
	bigIntType   = reflect.TypeOf(big.Int{})
)

// forgotten are types whose state isn't part of a value: they start as zero.
var forgotten = map[reflect.Type]bool{
	reflect.TypeOf(sync.Mutex{}):     true,
	reflect.TypeOf(sync.RWMutex{}):   true,
	reflect.TypeOf(sync.WaitGroup{}): true,
	reflect.TypeOf(sync.Once{}):      true,
}

// startsAtZero are types from elsewhere whose zero value is ready to use.
var startsAtZero = map[reflect.Type]bool{
	reflect.TypeOf(bytes.Buffer{}):    true,
	reflect.TypeOf(strings.Builder{}): true,
	reflect.TypeOf(list.List{}):       true,
	reflect.TypeOf(big.Float{}):       true,
	reflect.TypeOf(big.Rat{}):         true,
	bigIntType:                        true,
}

func init() {
	for _, v := range []any{
		errors.New(""), fmt.Errorf("%w", io.EOF), fmt.Errorf("%w%w", io.EOF, io.EOF), errors.Join(io.EOF),
		&strings.Reader{}, &bytes.Reader{}, &bytes.Buffer{}, &strings.Builder{}, &bufio.Reader{}, &bufio.Writer{},
		&bufio.Scanner{}, &io.LimitedReader{}, &list.List{}, &big.Int{}, &big.Rat{}, &os.PathError{}, time.Time{},
		time.Duration(0), &Chunks{}, &Sink{}, Text(""), rand.NewSource(1), &rand.Rand{}, io.NopCloser(&bytes.Reader{}),
	} {
		know(reflect.TypeOf(v))
	}
	for name, pointer := range map[string]any{
		"io.EOF": &io.EOF, "io.ErrUnexpectedEOF": &io.ErrUnexpectedEOF, "io.ErrShortWrite": &io.ErrShortWrite,
		"io.ErrNoProgress": &io.ErrNoProgress, "io.ErrClosedPipe": &io.ErrClosedPipe, "io.Discard": &io.Discard,
		"os.Stdout": &os.Stdout, "os.Stderr": &os.Stderr, "os.ErrNotExist": &os.ErrNotExist,
		"os.ErrInvalid": &os.ErrInvalid, "os.ErrExist": &os.ErrExist, "bufio.ErrTooLong": &bufio.ErrTooLong,
		"context.Canceled": &context.Canceled, "context.DeadlineExceeded": &context.DeadlineExceeded,
	} {
		globals = append(globals, Global{name, pointer})
	}
}

// reachable gives v so that it may be read, set and called, also where it comes from an unexported field.
func reachable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
	}
	slot := reflect.New(v.Type()).Elem()
	slot.Set(v)
	return slot
}

// Chunks is a reader that gives a few bytes at a time and can end in an error.
type Chunks struct {
	Data []byte
	Step int
	Fail bool
}

func (c *Chunks) Read(p []byte) (int, error) {
	if len(c.Data) == 0 {
		if c.Fail {
			return 0, io.ErrUnexpectedEOF
		}
		return 0, io.EOF
	}
	n := min(len(p), len(c.Data), max(c.Step, 1))
	copy(p, c.Data[:n])
	c.Data = c.Data[n:]
	return n, nil
}

// Sink is a writer that keeps what it gets; with a limit above zero it fails beyond it.
type Sink struct {
	Content []byte
	Limit   int
}

func (s *Sink) Write(p []byte) (int, error) {
	if s.Limit > 0 && len(s.Content)+len(p) > s.Limit {
		n := s.Limit - len(s.Content)
		s.Content = append(s.Content, p[:n]...)
		return n, io.ErrShortWrite
	}
	s.Content = append(s.Content, p...)
	return len(p), nil
}

// Text is a fmt.Stringer.
type Text string

func (t Text) String() string { return string(t) }

// cannot is the panic value of whatever can't make or keep a value; its text is for the report.
type cannot string

func giveUp(format string, words ...any) { panic(cannot(fmt.Sprintf(format, words...))) }

// gaveUp turns a cannot back into an error; other panics go on.
func gaveUp(err *error) {
	switch reason := recover().(type) {
	case nil:
	case cannot:
		*err = errors.New(string(reason))
	default:
		panic(reason)
	}
}
