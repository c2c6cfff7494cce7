// Package lock makes one goroutine wait for another, always for as long.
package lock

import (
	"sync"
	"time"
)

// HeldFor is how long the lock is held while somebody waits for it.
const HeldFor = 10 * time.Millisecond

// Shared is a counter behind a lock.
type Shared struct {
	mutex sync.Mutex
	count int
}

// hold takes the lock, says so, and keeps it for a while.
func (s *Shared) hold(held chan<- struct{}) {
	s.mutex.Lock()
	close(held)
	time.Sleep(HeldFor)
	s.count++
	s.mutex.Unlock()
}

// Wait lets one goroutine hold the lock and another one wait for it.
func (s *Shared) Wait() {
	held, done := make(chan struct{}), make(chan struct{})
	go func() {
		s.hold(held)
		close(done)
	}()
	<-held
	s.mutex.Lock()
	s.count++
	s.mutex.Unlock()
	<-done
}
