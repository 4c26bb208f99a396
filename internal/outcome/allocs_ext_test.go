//go:build !race

package outcome_test

import (
	"testing"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/oncewire/idempotency/internal/outcome"
)

func allocates(t *testing.T, what string, want float64, f func()) {
	t.Helper()
	equal(t, "allocations of "+what, testing.AllocsPerRun(100, f), want)
}

func TestWritingAllocatesOnce(t *testing.T) {
	answer := outcome.RPC{Message: wrapperspb.String("paid"), Headers: fields(), Trailers: fields()}
	allocates(t, "an RPC outcome", 1, func() { _, _ = answer.Marshal() })
	response := outcome.HTTP{Status: 201, Headers: set(fields()), Body: []byte("paid"), Trailers: set(fields())}
	allocates(t, "an HTTP outcome", 1, func() { _ = response.Marshal() })
}

// TestWritingWastesNothing: the buffer has exactly the size of the outcome.
func TestWritingWastesNothing(t *testing.T) {
	rpc, http := stored(t)
	rpcRoom, httpRoom := cap(rpc)-len(rpc), cap(http)-len(http)
	equal(t, "room left in an RPC outcome", rpcRoom, 0)
	equal(t, "room left in an HTTP outcome", httpRoom, 0)
}

func TestReadingAllocatesNothing(t *testing.T) {
	rpc, http := stored(t)
	allocates(t, "ReadRPC", 0, func() { _, _ = outcome.ReadRPC(rpc) })
	allocates(t, "ReadHTTP", 0, func() { _, _ = outcome.ReadHTTP(http) })
}

func TestCopyingAllocatesOnce(t *testing.T) {
	_, http := stored(t)
	read, err := outcome.ReadHTTP(http)
	ok(t, err)
	into := copied(read.Headers) // with room for every name
	allocates(t, "CopyTo", 1, func() { read.Headers.CopyTo(into) })
}
