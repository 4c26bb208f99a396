// Command figure draws the sequence diagrams of the documentation: from a text, an
// SVG that needs no script and no font of its own, and adapts to a dark page.
//
//	go -C tools/figure run . ../../docs/figures/retry.txt >docs/figures/retry.svg
//
// A text has one statement a line; lines that start with # are comments:
//
//	title TEXT              the title, which screen readers read
//	actors NAME, NAME, ...  the columns, from left to right
//	NAME -> NAME: TEXT      a message
//	NAME -x NAME: TEXT      a message that gets lost
//	NAME: TEXT              what an actor does
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fail("usage: figure FILE")
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fail(err)
	}
	figure, err := parse(string(text))
	if err != nil {
		fail(fmt.Errorf("%s: %w", os.Args[1], err))
	}
	if _, err := os.Stdout.WriteString(figure.draw()); err != nil {
		fail(err)
	}
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, "figure:", reason)
	os.Exit(1)
}
