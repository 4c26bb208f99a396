package idempotency_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestVersionsOfTheReadmeAreThoseOfGoMod: of Go and of every module in backticks.
func TestVersionsOfTheReadmeAreThoseOfGoMod(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	ok(t, err)
	module, err := os.ReadFile("go.mod")
	ok(t, err)
	for _, row := range tableAfter(t, string(readme), "## Versions") {
		requirement := regexp.MustCompile(`(?m)^\t` + regexp.QuoteMeta(strings.Trim(row[0], "`")) + ` v(\S+)`)
		switch {
		case row[0] == "Go":
			requirement = regexp.MustCompile(`(?m)^go (\S+)`)
		case !strings.HasPrefix(row[0], "`"):
			continue // a server
		}
		found := requirement.FindStringSubmatch(string(module))
		if found == nil || found[1] != row[1] {
			t.Errorf("README.md names %s %s, and go.mod has %v", row[0], row[1], found)
		}
	}
}
