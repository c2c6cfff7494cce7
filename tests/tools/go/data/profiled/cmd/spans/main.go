// Command spans does two requests, each with a part of its own and one on another goroutine, and collects garbage once.
package main

import (
	"context"
	"runtime"
	"runtime/trace"
	"time"
)

const part = 10 * time.Millisecond

func request(ctx context.Context, name string) {
	ctx, task := trace.NewTask(ctx, name)
	defer task.End()
	done := make(chan struct{})
	go func() {
		defer close(done)
		trace.WithRegion(ctx, "fetch", func() { time.Sleep(part) })
	}()
	trace.WithRegion(ctx, "render", func() {
		trace.WithRegion(ctx, "inner \"quoted\"\n", func() { time.Sleep(part) })
	})
	<-done
}

func main() {
	for _, name := range []string{"first", "second"} {
		request(context.Background(), name)
	}
	runtime.GC()
}
