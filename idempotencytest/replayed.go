package idempotencytest

import (
	"slices"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
)

// RequireReplayed ends the test unless an answer is marked as a replay, by
// Idempotent-Replayed: true in one of its headers. A header is an http.Header, also
// that of a Connect response, or a metadata.MD of gRPC. Case of names does not
// matter.
func RequireReplayed(tb testing.TB, headers ...map[string][]string) {
	tb.Helper()
	if !isReplayed(idempotency.DefaultReplayedField, headers...) {
		tb.Fatalf("the answer is not marked as a replay by %s: true: %v", idempotency.DefaultReplayedField, headers)
	}
}

// RequireNotReplayed ends the test if an answer is marked as a replay, in any of
// its headers; see [RequireReplayed].
func RequireNotReplayed(tb testing.TB, headers ...map[string][]string) {
	tb.Helper()
	if isReplayed(idempotency.DefaultReplayedField, headers...) {
		tb.Fatalf("the answer is marked as a replay by %s: true: %v", idempotency.DefaultReplayedField, headers)
	}
}

func isReplayed[H ~map[string][]string](field string, headers ...H) bool {
	for _, header := range headers {
		for name, values := range header {
			if strings.EqualFold(name, field) && slices.Equal(values, []string{"true"}) {
				return true
			}
		}
	}
	return false
}
