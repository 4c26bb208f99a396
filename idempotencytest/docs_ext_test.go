package idempotencytest_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestRecipesOfTheDocsRun: every program in docs/testing.md is a test in
// recipes_ext_test.go, word for word, and every test there is in the page.
func TestRecipesOfTheDocsRun(t *testing.T) {
	page, err := os.ReadFile("../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	recipes, err := os.ReadFile("recipes_ext_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		if !strings.Contains(string(recipes), "\n"+block[1]) {
			t.Errorf("recipes_ext_test.go does not have, word for word:\n%s", block[1])
		}
	}
	for _, test := range regexp.MustCompile(`(?m)^func Test\w+`).FindAllString(string(recipes), -1) {
		if !strings.Contains(string(page), "\n"+test+"(") {
			t.Errorf("docs/testing.md does not have %s", test)
		}
	}
}
