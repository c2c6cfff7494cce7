// Package routes finds the quickest ways through a network of roads.
package routes

import (
	"fmt"
	"math"
)

// Road leads to another junction in so many seconds.
type Road struct {
	To      int
	Seconds uint16
}

// Network holds for each junction the roads that begin there.
type Network [][]Road

// Unreachable is the time to a junction that no way leads to.
const Unreachable = math.MaxInt

// check says whether the network's roads and the junction `from` exist.
func check(network Network, from int) error {
	if from < 0 || from >= len(network) {
		return fmt.Errorf("there is no junction %d", from)
	}
	for junction, roads := range network {
		for _, road := range roads {
			if road.To < 0 || road.To >= len(network) {
				return fmt.Errorf("a road leads from junction %d to %d, which isn't there", junction, road.To)
			}
		}
	}
	return nil
}

// Times gives the shortest time in seconds from one junction to each.
func Times(network Network, from int) ([]int, error) {
	if err := check(network, from); err != nil {
		return nil, err
	}
	times := make([]int, len(network))
	for i := range times {
		times[i] = Unreachable
	}
	times[from] = 0
	done := make([]bool, len(network))
	for {
		nearest := -1
		for i, seconds := range times {
			if !done[i] && seconds != Unreachable && (nearest < 0 || seconds < times[nearest]) {
				nearest = i
			}
		}
		if nearest < 0 {
			return times, nil
		}
		done[nearest] = true
		for _, road := range network[nearest] {
			if next := times[nearest] + int(road.Seconds); next < times[road.To] {
				times[road.To] = next
			}
		}
	}
}

// Busiest counts how many roads end at each junction and gives the junctions where most do, in their order; roads
// that appear twice between the same junctions count once.
func Busiest(network Network) []int {
	ends := make([]int, len(network))
	for _, roads := range network {
		for i, road := range roads {
			if road.To < 0 || road.To >= len(network) || contains(roads[:i], road.To) {
				continue
			}
			ends[road.To]++
		}
	}
	most, busiest := 0, []int{}
	for junction, count := range ends {
		if count > most {
			most, busiest = count, busiest[:0]
		}
		if count == most {
			busiest = append(busiest, junction)
		}
	}
	return busiest
}

func contains(roads []Road, to int) bool {
	for _, road := range roads {
		if road.To == to {
			return true
		}
	}
	return false
}
