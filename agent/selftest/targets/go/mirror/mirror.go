// Package mirror copies files from a store that answers slowly, and adds up what it copied.
package mirror

import (
	"fmt"
	"sync"
)

// Store is where files come from.
type Store interface {
	Fetch(name string) ([]byte, error)
}

// Log is told what happens.
type Log interface {
	Logf(format string, values ...any)
}

// Totals says what was copied. `Sum` adds up the bytes' values, so that two mirrors can be compared.
type Totals struct {
	Files int
	Bytes int
	Sum   uint64
}

// Copy fetches all files and tells the log what it begins. The first file that can't be fetched, in the order of
// the names, ends it with an error.
func Copy(store Store, names []string, log Log) (Totals, error) {
	var totals Totals
	log.Logf("copying %d files", len(names))
	for _, name := range names {
		data, err := store.Fetch(name)
		if err != nil {
			return Totals{}, fmt.Errorf("copying %s: %w", name, err)
		}
		totals.Files++
		totals.Bytes += len(data)
		totals.Sum += sum(data)
	}
	return totals, nil
}

func sum(data []byte) uint64 {
	var total uint64
	for i, value := range data {
		total += uint64(value) * uint64(i%251+1)
	}
	return total
}

// Tally counts how often each byte value occurs in the blocks, working on several blocks at a time.
func Tally(blocks [][]byte, workers int) [256]int {
	var counts [256]int
	var mutex sync.Mutex
	var waiting sync.WaitGroup
	next := make(chan []byte, len(blocks))
	for _, block := range blocks {
		next <- block
	}
	close(next)
	for range max(workers, 1) {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			for block := range next {
				for _, value := range block {
					mutex.Lock()
					counts[value]++
					mutex.Unlock()
				}
			}
		}()
	}
	waiting.Wait()
	return counts
}
