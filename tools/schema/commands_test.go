package schema

import (
	"regexp"
	"strings"
	"testing"
)

// commands returns the block of docs/schema.md that follows the comment `<!-- test: NAME -->`, so that
// the tests run what the page says.
func commands(t *testing.T, name string) string {
	t.Helper()
	_, rest, found := strings.Cut(read(t, "../../docs/schema.md"), "<!-- test: "+name+" -->\n")
	block := fence.FindStringSubmatch(rest)
	if !found || block == nil {
		t.Fatalf("docs/schema.md has no block %q", name)
	}
	return block[1]
}

var fence = regexp.MustCompile("(?s)^```[a-z]*\n(.*?)```\n")

// want is what the program prints: the options of its schema have an effect.
const want = `no key: InvalidArgument
key, trace a: 1 OK
key, trace b: 1 OK
other article: InvalidArgument
get: OK
REST, key "": 400 ""
REST, key "k": 200 "true"
`

// runProgram builds and runs the program of the module with the code that was generated.
func (u user) runProgram(t *testing.T) {
	t.Helper()
	if got := u.shell(t, "go run ."); got != want {
		t.Errorf("the program printed\n%s", got)
	}
}
