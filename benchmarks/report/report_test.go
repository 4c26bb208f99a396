package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sample has three subjects in six rounds, of which two differ clearly.
func sample() string {
	var text strings.Builder
	text.WriteString("goos: linux\ngoarch: amd64\ncpu: a processor\n")
	for _, tenth := range []string{"1", "2", "3", "4", "5", "6"} {
		text.WriteString("BenchmarkHTTP/size=200B/work=first/subject=bare-2 10 100." + tenth + " ns/op 0 allocs/op\n")
		text.WriteString("BenchmarkHTTP/size=200B/work=first/subject=ours-2 10 3000." + tenth + " ns/op 6 allocs/op\n")
		text.WriteString("BenchmarkHTTP/size=200B/work=first/subject=fiber-2 10 1500." + tenth + " ns/op 7 allocs/op\n")
	}
	return text.String()
}

func TestFiguresAreWrittenBetweenTheMarks(t *testing.T) {
	folder := t.TempDir()
	page, input := filepath.Join(folder, "page.md"), filepath.Join(folder, "run.txt")
	for path, text := range map[string]string{page: "before\n" + begin + "old\n" + end + "after\n", input: sample()} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stdin, err := os.Open(input)
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := write(stdin, page, folder); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(written)
	row := "| 200B, first | 100.4ns ±0 %; 0 | 3.000µs ±0 %; 6 | - | 1.500µs ±0 %; 7 | 2.00 |\n"
	for _, want := range []string{"before\n" + begin, end + "after\n", "6 interleaved rounds", row} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "old") {
		t.Error("the old figures are still there")
	}
	for name := range drawings {
		picture, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || !strings.Contains(string(picture), "</svg>") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPageWithoutMarksIsRefused(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("text\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(strings.NewReader(sample()), page, t.TempDir()); err == nil {
		t.Error("a page without marks was accepted")
	}
}
