package outcome_test

import (
	"bytes"
	"testing"

	"github.com/oncewire/idempotency/internal/outcome"
)

// TestAppendNeverReachesTheNextField: the values share one allocation.
func TestAppendNeverReachesTheNextField(t *testing.T) {
	for range 20 { // the order of a map changes
		response := outcome.HTTP{Status: 200, Headers: set(fields())}
		stored, err := outcome.ReadHTTP(response.Marshal())
		ok(t, err)
		into := copied(stored.Headers)
		for name, values := range into {
			equal(t, "room left in "+name, cap(values), len(values))
			_ = append(values, "reaches over")
		}
		sameFields(t, "headers", into, fields())
		sameFields(t, "headers copied again", copied(stored.Headers), fields())
	}
}

func TestCopiesAreIndependent(t *testing.T) {
	response := outcome.HTTP{Status: 200, Headers: set(fields())}
	stored, err := outcome.ReadHTTP(response.Marshal())
	ok(t, err)
	one, two := copied(stored.Headers), copied(stored.Headers)
	for _, values := range one {
		for i := range values {
			values[i] = "changed"
		}
	}
	sameFields(t, "the other copy", two, fields())
}

func TestCopyKeepsOtherFields(t *testing.T) {
	response := outcome.HTTP{Status: 200, Headers: set(map[string][]string{"A": {"stored"}})}
	stored, err := outcome.ReadHTTP(response.Marshal())
	ok(t, err)
	into := map[string][]string{"A": {"old", "old"}, "B": {"old"}}
	stored.Headers.CopyTo(into)
	sameFields(t, "headers", into, map[string][]string{"A": {"stored"}, "B": {"old"}})
}

func TestNoFieldsNeedNoMap(t *testing.T) {
	response := outcome.HTTP{Status: 200}
	stored, err := outcome.ReadHTTP(response.Marshal())
	ok(t, err)
	stored.Headers.CopyTo(nil) // a write would panic
	equal(t, "headers", stored.Headers.Len(), 0)
	(&outcome.Fields{}).CopyTo(nil)
}

// TestReadingChangesNothing: all replays share one record.
func TestReadingChangesNothing(t *testing.T) {
	rpc, http := stored(t)
	before := bytes.Clone(append(bytes.Clone(rpc), http...))
	readRPC, err := outcome.ReadRPC(rpc)
	ok(t, err)
	readHTTP, err := outcome.ReadHTTP(http)
	ok(t, err)
	copied(readRPC.Headers)
	copied(readHTTP.Trailers)
	equal(t, "bytes are the same", bytes.Equal(append(bytes.Clone(rpc), http...), before), true)
}
