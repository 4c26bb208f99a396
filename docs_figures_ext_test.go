package idempotency_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFiguresAreDrawnFromTheirTexts: `make figures` changes nothing.
func TestFiguresAreDrawnFromTheirTexts(t *testing.T) {
	texts, err := filepath.Glob("docs/figures/*.txt")
	ok(t, err)
	if len(texts) == 0 {
		t.Fatal("docs/figures has no text")
	}
	program := filepath.Join(t.TempDir(), "figure")
	if output, err := exec.Command("go", "-C", "tools/figure", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	for _, text := range texts {
		drawn, err := exec.Command(program, text).Output()
		ok(t, err)
		figure := strings.TrimSuffix(text, ".txt") + ".svg"
		stored, err := os.ReadFile(figure)
		ok(t, err)
		if string(stored) != string(drawn) {
			t.Errorf("%s is out of date: run 'make figures' and commit the result", figure)
		}
	}
}
