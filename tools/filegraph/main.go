// Command filegraph reports how the files of a Go package depend on each other:
// the pairs that need each other, and the largest set of files in which every
// one reaches every other. Small numbers mean that a file can be read on its
// own.
//
//	go -C tools/filegraph run . ../..  ../../httpmw
//
// A file depends on another one when it uses a name that is declared there:
// a type, function, method, field, variable or constant. Tests do not count.
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
	pairs, knots := g.mutual(), g.knots()
	slices.SortFunc(knots, func(a, b []string) int { return cmp.Compare(len(b), len(a)) })
	largest := 1
	if len(knots) > 0 {
		largest = len(knots[0])
	}
	fmt.Printf("%s: %d files, %d mutual pairs, largest knot %d\n", folder, len(g), len(pairs), largest)
	for _, pair := range pairs {
		fmt.Printf("  pair  %s\n", strings.Join(pair, " <-> "))
	}
	for _, knot := range knots {
		fmt.Printf("  knot  %s\n", strings.Join(knot, " "))
	}
}
