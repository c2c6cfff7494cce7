package textindex

import (
	"bytes"
	"compress/flate"
	"hash/crc32"
	"sort"
)

// Pack compresses each text by itself, so that each can be unpacked alone.
func Pack(texts []string) ([][]byte, error) {
	packed := make([][]byte, 0, len(texts))
	for _, text := range texts {
		data, err := deflate(text)
		if err != nil {
			return nil, err
		}
		packed = append(packed, data)
	}
	return packed, nil
}

func deflate(text string) ([]byte, error) {
	var out bytes.Buffer
	writer, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := writer.Write([]byte(text)); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Checksums gives the CRC-32 of each text.
func Checksums(texts []string) []uint32 {
	sums := make([]uint32, 0, len(texts))
	for _, text := range texts {
		sums = append(sums, crc32.ChecksumIEEE([]byte(text)))
	}
	return sums
}

// Median is the middle one of the lengths, the lower of the two middle ones where their number is even; 0 of none.
func Median(lengths []int) int {
	if len(lengths) == 0 {
		return 0
	}
	sorted := make([]int, 0)
	for _, length := range lengths {
		at := sort.SearchInts(sorted, length)
		sorted = append(sorted, 0)
		copy(sorted[at+1:], sorted[at:])
		sorted[at] = length
	}
	return sorted[(len(sorted)-1)/2]
}
