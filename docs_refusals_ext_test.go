package idempotency_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/internal/refusal"
)

// refusalsByName has the refusals by the names that the documentation uses.
var refusalsByName = map[string]*idempotency.Error{
	"ErrInProgress":        idempotency.ErrInProgress,
	"ErrOutcomeUnknown":    idempotency.ErrOutcomeUnknown,
	"ErrOutcomeNotKept":    idempotency.ErrOutcomeNotKept,
	"ErrOutcomeUnreadable": idempotency.ErrOutcomeUnreadable,
	"ErrKeyReused":         idempotency.ErrKeyReused,
	"ErrKeyInvalid":        idempotency.ErrKeyInvalid,
	"ErrKeyMissing":        idempotency.ErrKeyMissing,
	"ErrStore":             idempotency.ErrStore,
	"ErrScopeUnknown":      idempotency.ErrScopeUnknown,
	"ErrRequestTooLarge":   idempotency.ErrRequestTooLarge,
	"ErrRequestUnreadable": idempotency.ErrRequestUnreadable,
	"ErrReplayDenied":      idempotency.ErrReplayDenied,
	"ErrNotSupported":      idempotency.ErrNotSupported,
	"ErrRolledBack":        idempotency.ErrRolledBack,
	"ErrCommitUnknown":     idempotency.ErrCommitUnknown,
}

func httpStatus(e *idempotency.Error) string { return fmt.Sprint(httpmw.Status(e.Reason)) }

func grpcCode(e *idempotency.Error) string {
	return codes.Code(uint32(refusal.Encode(e, "").GetCode())).String()
}

// TestRefusalsAreDocumentedAsTheyAreSent compares the first line of each section
// of docs/errors.md with the code.
func TestRefusalsAreDocumentedAsTheyAreSent(t *testing.T) {
	text := document(t, "errors.md")
	for name, e := range refusalsByName {
		heading := "\n## " + anchorOf(string(e.Reason)) + "\n\n"
		sent := fmt.Sprintf("%s, `%s`, `%s`.", httpStatus(e), grpcCode(e), e.Next())
		if !strings.Contains(text, heading+sent) {
			t.Errorf("docs/errors.md should say that %s is %s", name, sent)
		}
	}
}

var errorName = regexp.MustCompile(`Err[A-Z]\w+`)

// stateTable returns the rows of the README's table: what a call gets for each
// record. The rows in parentheses are for calls that reach no record.
func stateTable(t *testing.T) [][]string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	ok(t, err)
	return tableAfter(t, string(text), "## What a call gets")
}

func TestStateTableHasTheStatusAndCodeOfEachRefusal(t *testing.T) {
	for _, row := range stateTable(t) {
		for _, name := range errorName.FindAllString(row[1], -1) {
			if e := refusalsByName[name]; !strings.Contains(row[2], httpStatus(e)) || !strings.Contains(row[3], "`"+grpcCode(e)+"`") {
				t.Errorf("README: %s is sent as %s and %s, not as %s and %s", name, httpStatus(e), grpcCode(e), row[2], row[3])
			}
		}
	}
}
