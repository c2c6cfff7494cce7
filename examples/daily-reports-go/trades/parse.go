package trades

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Parse reads all trades of r; rejected counts the lines that are not well formed.
func Parse(r io.Reader) (all []Trade, rejected int, err error) {
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		trade, err := ParseLine(line)
		if err != nil {
			rejected++
			continue
		}
		all = append(all, trade)
	}
	return all, rejected, scanner.Err()
}

// ParseLine reads one line of the file.
func ParseLine(line string) (Trade, error) {
	fields := strings.Split(line, ",")
	if len(fields) != 6 {
		return Trade{}, fmt.Errorf("%d fields instead of 6", len(fields))
	}
	if !validID(fields[0]) {
		return Trade{}, fmt.Errorf("bad trade id %q", fields[0])
	}
	when, err := time.Parse(time.RFC3339, fields[1])
	if err != nil {
		return Trade{}, err
	}
	price, err := strconv.ParseFloat(fields[4], 64)
	if err != nil {
		return Trade{}, err
	}
	quantity, err := strconv.Atoi(fields[5])
	if err != nil {
		return Trade{}, err
	}
	return Trade{
		ID:       fields[0],
		Time:     when,
		Symbol:   fields[2],
		Side:     Side(fields[3]),
		Price:    price,
		Quantity: quantity,
	}, nil
}

func validID(id string) bool {
	pattern := regexp.MustCompile(`^T-[0-9]+$`)
	return pattern.MatchString(id)
}
