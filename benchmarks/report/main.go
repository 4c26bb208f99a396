// Command report writes the figures of a run of the benchmarks into a page: the part
// between its two marks, and the pictures beside it.
//
//	report -page docs/performance.md -pictures docs/figures <run.txt
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const (
	begin = "<!-- begin of the figures: `make compare` writes them -->\n"
	end   = "<!-- end of the figures -->\n"
)

func main() {
	page := flag.String("page", "docs/performance.md", "the page to change")
	pictures := flag.String("pictures", "docs/figures", "the folder of the pictures")
	flag.Parse()
	if err := write(os.Stdin, *page, *pictures); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func write(results io.Reader, page, pictures string) error {
	run, err := read(results)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, found := bytes.Cut(text, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !found || !closed {
		return errors.New("the page has no marks around its figures")
	}
	figures := run.figures()
	if err := os.WriteFile(page, bytes.Join([][]byte{before, []byte(begin + figures + end), after}, nil), 0o600); err != nil {
		return err
	}
	for name, draw := range drawings {
		if err := draw(run, filepath.Join(pictures, name)); err != nil {
			return err
		}
	}
	return nil
}
