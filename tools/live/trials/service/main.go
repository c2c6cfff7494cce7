// Orders is a service that fills a cache and grows a pool of workers, as healthy services do, and has one fault
// where it is told to. It ends by itself.
package main

import (
	"expvar"
	"flag"
	"fmt"
	"log"
	"math/rand"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"sync"
	"time"
)

var (
	fault     = flag.String("fault", "none", "none, blocked, retrying, kept or locked")
	keys      = flag.Int("keys", 2000, "how many different answers there are to keep")
	workers   = flag.Int("workers", 32, "how many workers there will be in the end")
	perWorker = flag.Int64("per-worker", 50, "after how many requests one more worker is started")
	lifetime  = flag.Duration("lifetime", time.Minute, "when it ends by itself")
	portFile  = flag.String("port-file", "", "where it writes its port")
	requests  = expvar.NewInt("requests")
)

type service struct {
	lock    sync.Mutex
	cache   map[int][]byte
	kept    [][]byte
	started int
	jobs    chan int
}

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	requests.Add(1)
	answer := s.answer(rand.Intn(*keys))
	s.growPool()
	switch *fault {
	case "blocked":
		s.ask()
	case "retrying":
		go retry()
	case "kept":
		s.remember(answer)
	case "locked":
		s.report()
	}
	fmt.Fprintln(w, len(answer))
}

// answer fills the cache: the more is in it, the less often something is added.
func (s *service) answer(key int) []byte {
	s.lock.Lock()
	defer s.lock.Unlock()
	found, ok := s.cache[key]
	if !ok {
		found = make([]byte, 4096)
		s.cache[key] = found
	}
	return found
}

// growPool starts workers one by one, up to a number.
func (s *service) growPool() {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.started < *workers && requests.Value() >= int64(s.started)**perWorker {
		s.started++
		go work(s.jobs)
	}
}

func work(jobs chan int) {
	for range jobs {
		time.Sleep(time.Millisecond)
	}
}

// ask gives up waiting for a result, and with it the goroutine that wants to send it.
func (s *service) ask() {
	results := make(chan int)
	go send(results)
	select {
	case <-results:
	case <-time.After(time.Microsecond):
	}
}

func send(results chan int) {
	time.Sleep(5 * time.Millisecond)
	results <- 1
}

// retry never gives up, and nobody waits for it any more.
func retry() {
	for {
		time.Sleep(time.Second)
	}
}

// remember keeps 1 KB of each request for ever.
func (s *service) remember(answer []byte) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.kept = append(s.kept, append([]byte(nil), answer[:1024]...))
}

// report holds the lock while it formats.
func (s *service) report() {
	s.lock.Lock()
	defer s.lock.Unlock()
	text := ""
	for n := 0; n < 400; n++ {
		text += fmt.Sprintf("%d,", n)
	}
	_ = text
}

func main() {
	flag.Parse()
	if *fault == "locked" {
		runtime.SetMutexProfileFraction(1)
	}
	s := &service{cache: map[int][]byte{}, jobs: make(chan int)}
	http.HandleFunc("/orders", s.serve)
	http.HandleFunc("/quit", func(http.ResponseWriter, *http.Request) { os.Exit(0) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := os.WriteFile(*portFile+".half", []byte(fmt.Sprint(port)), 0o600); err != nil {
		log.Fatal(err)
	}
	if err := os.Rename(*portFile+".half", *portFile); err != nil {
		log.Fatal(err)
	}
	time.AfterFunc(*lifetime, func() { os.Exit(0) })
	log.Fatal(http.Serve(listener, nil))
}
