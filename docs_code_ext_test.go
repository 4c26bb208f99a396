package idempotency_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var codeBlock = regexp.MustCompile("(?s)<!-- code: (\\S+) -->\n```go\n(.*?)```")

// TestCodeOfPagesIsCompiled: each block that names a file is a part of it, apart from
// its indentation.
func TestCodeOfPagesIsCompiled(t *testing.T) {
	for path, text := range pages(t) {
		for _, block := range codeBlock.FindAllStringSubmatch(text, -1) {
			file, err := os.ReadFile(block[1])
			ok(t, err)
			if !strings.Contains(unindented(string(file)), unindented(block[2])) {
				t.Errorf("%s: %s does not have\n%s", path, block[1], block[2])
			}
		}
	}
}

func TestEveryRecipeNamesTheFileOfItsCode(t *testing.T) {
	text := document(t, "recipes.md")
	if named, all := len(codeBlock.FindAllString(text, -1)), strings.Count(text, "```go"); named != all || all == 0 {
		t.Errorf("%d of %d blocks name a file", named, all)
	}
}

func unindented(code string) string {
	return regexp.MustCompile(`(?m)^\t+`).ReplaceAllString(code, "")
}
