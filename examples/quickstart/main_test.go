package main

import (
	"io"
	"os"
	"strings"
	"testing"
)

// TestReadmeShowsTheProgramAndItsOutput: the first two code blocks of README.md are
// the whole of main.go after its comment, and what it prints.
func TestReadmeShowsTheProgramAndItsOutput(t *testing.T) {
	program, output := firstBlocks(t, read(t, "../../README.md"))
	_, want, _ := strings.Cut(read(t, "main.go"), "\npackage main\n")
	if want = "package main\n" + want; program != want {
		t.Errorf("README.md should show examples/quickstart/main.go, which is\n%s", want)
	}
	if got := printed(t, main); output != got {
		t.Errorf("README.md says that the program prints\n%s\nand not\n%s", output, got)
	}
	if !strings.HasSuffix(output, "ran 1 time, answered 4 times\n") {
		t.Errorf("the program printed\n%s", output)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// firstBlocks returns the first block of a page that is marked as Go, and the next
// block that is marked as text.
func firstBlocks(t *testing.T, page string) (program, output string) {
	t.Helper()
	_, page, isGo := strings.Cut(page, "\n```go\n")
	program, page, _ = strings.Cut(page, "```\n")
	_, page, isText := strings.Cut(page, "\n```text\n")
	output, _, _ = strings.Cut(page, "```\n")
	if !isGo || !isText {
		t.Fatal("README.md should have a block marked as go, and one marked as text after it")
	}
	return program, output
}

// printed returns what a function writes to the standard output.
func printed(t *testing.T, run func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = stdout }()
	run()
	w.Close()
	output, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(output)
}
