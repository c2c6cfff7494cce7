// Command dailyreports writes the report of one day.
package main

import (
	"flag"
	"fmt"
	"os"

	"example.com/dailyreports"
)

func main() {
	path := flag.String("trades", "", "the day's trades, as CSV")
	out := flag.String("out", "", "where the report goes (default: standard output)")
	day := flag.String("day", "today", "the day, for the title")
	flag.Parse()
	if err := run(*path, *out, *day); err != nil {
		fmt.Fprintln(os.Stderr, "dailyreports:", err)
		os.Exit(1)
	}
}

func run(path, out, day string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	target := os.Stdout
	if out != "" {
		if target, err = os.Create(out); err != nil {
			return err
		}
		defer target.Close()
	}
	return dailyreports.Generate(day, in, target)
}
