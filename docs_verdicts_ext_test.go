package idempotency_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// TestVerdictsAreDocumentedAsTheyAre compares the tables of the README and of
// docs/verdicts.md with the default classifiers.
func TestVerdictsAreDocumentedAsTheyAre(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	ok(t, err)
	for name, rows := range map[string][][]string{
		"README":           tableAfter(t, string(readme), "After the handler answered, the verdict decides about the claim:"),
		"docs/verdicts.md": tableAfter(t, "\n"+document(t, "verdicts.md"), "# Verdicts, and where the guard goes"),
	} {
		for _, row := range rows {
			verdict, is := map[string]idempotency.Verdict{"release": idempotency.Release, "abandon": idempotency.Abandon}[row[0]]
			if !is {
				continue // record: every other answer
			}
			byStatus, _, _ := strings.Cut(row[2], "404 of") // not decided by the status alone
			equal(t, name+": codes of "+row[0], listed(`[A-Z][A-Za-z]+`, row[1]), codesOf(verdict))
			equal(t, name+": statuses of "+row[0], listed(`\d\d\d`, byStatus), statusesOf(verdict))
		}
	}
}

func listed(pattern, text string) string {
	return sorted(regexp.MustCompile(pattern).FindAllString(text, -1))
}

func codesOf(verdict idempotency.Verdict) string {
	var names []string
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		if idemgrpc.DefaultClassifier(status.New(code, "")) == verdict {
			names = append(names, code.String())
		}
	}
	return sorted(names)
}

func statusesOf(verdict idempotency.Verdict) string {
	var names []string
	for status := 100; status < 600; status++ {
		if httpmw.DefaultClassifier(status, nil) == verdict {
			names = append(names, strconv.Itoa(status))
		}
	}
	return sorted(names)
}

func sorted(names []string) string {
	slices.Sort(names)
	return strings.Join(names, " ")
}
