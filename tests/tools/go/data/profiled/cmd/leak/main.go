// Command leak ends with goroutines left over: seven that nobody will ever receive from, three that try again and again.
package main

import (
	"os"
	"time"
)

const (
	senders  = 7
	retriers = 3
)

func send() {
	make(chan int) <- 1
}

func retry() {
	for {
		time.Sleep(time.Second)
	}
}

func main() {
	for i := 0; i < senders; i++ {
		go send()
	}
	for i := 0; i < retriers; i++ {
		go retry()
	}
	time.Sleep(50 * time.Millisecond)
	os.Exit(0)
}
