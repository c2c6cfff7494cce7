//go:build go1.21 && unix && !linux

package askprofilercalls

import "syscall"

func duplicate(from, to int) error { return syscall.Dup2(from, to) }
