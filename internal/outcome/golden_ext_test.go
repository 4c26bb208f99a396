package outcome_test

import (
	"encoding/hex"
	"testing"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/oncewire/idempotency/internal/outcome"
)

// TestStoredFormNeverChanges: another version reads these bytes during an upgrade.
func TestStoredFormNeverChanges(t *testing.T) {
	answer := outcome.RPC{
		Message:  wrapperspb.String("paid"),
		Headers:  map[string][]string{"x-cost": {"3", ""}},
		Trailers: map[string][]string{"sum-bin": {"\x00\xff"}},
	}
	rpc, err := answer.Marshal()
	ok(t, err)
	equal(t, "RPC outcome", hex.EncodeToString(rpc), "080112450a00121b676f6f676c652e70726f746f6275662e537472696e6756616c75651a060a0470616964220d0a06782d636f737412013312002a0d0a0773756d2d62696e120200ff")
	failure := outcome.RPC{Status: []byte("\x08\x0a\x12\x07aborted")}
	failed, err := failure.Marshal()
	ok(t, err)
	equal(t, "outcome of a failed RPC", hex.EncodeToString(failed), "080112110a0b080a120761626f7274656412001a00")
	response := outcome.HTTP{
		Status: 201, Body: []byte("paid"), Trailers: []outcome.Change{{Name: "X-Sum", Values: []string{"1"}}},
		Headers: []outcome.Change{
			{Name: "Location", Values: []string{"/payments/1"}},
			{Name: "Vary", Kind: outcome.Appended, Values: []string{"Accept"}},
			{Name: "Server", Kind: outcome.Removed},
		},
	}
	equal(t, "HTTP outcome", hex.EncodeToString(response.Marshal()), "08011a4c08c90112170a084c6f636174696f6e120b2f7061796d656e74732f3112100a045661727912064163636570741801120a0a0653657276657218021a0470616964220a0a05582d53756d120131")
}
