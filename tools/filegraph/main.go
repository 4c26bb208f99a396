// Command filegraph reports how the files of a Go package depend on each other:
//
//   - pair: two files that depend on each other
//   - knot: a set of files in which every file reaches every other
//   - up: a dependency against the main direction, which is the order of the
//     files that leaves few of them
//
// Small numbers mean that a file can be read without the others.
//
//	go -C tools/filegraph run . ../.. ../../httpmw
//
// A file depends on another file if it uses a name that is declared there: a
// type, function, method, field, variable or constant. Tests do not count.
package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	folders := os.Args[1:]
	if len(folders) == 0 {
		folders = []string{"."}
	}
	for _, folder := range folders {
		graph, err := load(folder)
		if err != nil {
			fmt.Fprintln(os.Stderr, "filegraph:", err)
			os.Exit(1)
		}
		report(folder, graph)
	}
}

func report(folder string, g graph) {
	pairs, knots, upward := g.mutual(), g.knots(), g.upward()
	slices.SortFunc(knots, func(a, b []string) int { return cmp.Compare(len(b), len(a)) })
	largest := 1
	if len(knots) > 0 {
		largest = len(knots[0])
	}
	fmt.Printf("%s: %d files, %d mutual pairs, largest knot %d, %d arrows up\n",
		folder, len(g), len(pairs), largest, len(upward))
	for _, pair := range pairs {
		fmt.Printf("  pair  %s\n", strings.Join(pair, " <-> "))
	}
	for _, knot := range knots {
		fmt.Printf("  knot  %s\n", strings.Join(knot, " "))
	}
	for _, arrow := range upward {
		fmt.Printf("  up    %s -> %s (%s)\n", arrow.from, arrow.to, arrow.name)
	}
}
