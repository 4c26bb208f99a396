package idempotency_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var codeBlock = regexp.MustCompile("(?s)<!-- code: (\\S+) -->\n```go\n(.*?)```")

// TestCodeOfRecipesIsCompiled: each block is a part of the file that it names, apart
// from its indentation.
func TestCodeOfRecipesIsCompiled(t *testing.T) {
	text := document(t, "recipes.md")
	blocks := codeBlock.FindAllStringSubmatch(text, -1)
	if all := strings.Count(text, "```go"); len(blocks) != all || all == 0 {
		t.Errorf("%d of %d blocks name a file", len(blocks), all)
	}
	for _, block := range blocks {
		file, err := os.ReadFile(block[1])
		ok(t, err)
		if !strings.Contains(unindented(string(file)), unindented(block[2])) {
			t.Errorf("%s does not have\n%s", block[1], block[2])
		}
	}
}

func unindented(code string) string {
	return regexp.MustCompile(`(?m)^\t+`).ReplaceAllString(code, "")
}
