package schema

import (
	"regexp"
	"strings"
	"testing"
)

var number = regexp.MustCompile(`(?m)^  \w+Options (?:method|field) = (\d+);`)

// TestExtensionNumberIsInOnePlace: only options.proto, and what is generated from it, names the number,
// so that it can be changed there.
func TestExtensionNumberIsInOnePlace(t *testing.T) {
	const place = "proto/idempotency/v1/options.proto"
	found := number.FindAllStringSubmatch(read(t, "../../"+place), -1)
	if len(found) != 2 || found[0][1] != found[1][1] {
		t.Fatalf("%s does not give both options one number: %q", place, found)
	}
	files := output(t, "../..", nil, "git", "grep", "--untracked", "-I", "-l", "-w", "-e", found[0][1], "--",
		".", ":!gen", ":!*.sum", ":!*_pb.*", ":!*-lock.json")
	if got := strings.Fields(files); len(got) != 1 || got[0] != place {
		t.Errorf("the number is in %q", got)
	}
}
