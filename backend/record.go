package backend

import (
	"encoding/hex"
	"time"
)

// Key addresses a record. It is a digest of namespace, scope, operation and
// the client's key, so that no client text and no tenant's name stands in a
// store's keyspace.
type Key [32]byte

// String returns the key in lower-case hexadecimal.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Token tells one claim from every other. The zero Token names no claim.
type Token [16]byte

// String returns the token in lower-case hexadecimal.
func (t Token) String() string { return hex.EncodeToString(t[:]) }

// Fingerprint is a digest of a request, led by one byte that names the
// algorithm which made it. Stores keep it and never compare it.
type Fingerprint [33]byte

// State says how far a record has come. The values are part of what stores
// persist and never change their meaning.
type State uint8

const (
	// Running is the state of a record that is claimed and has no outcome.
	Running State = 1
	// Done is the state of a finished record that holds its outcome.
	Done State = 2
	// NotKept is the state of a finished record whose outcome could not be
	// kept: the operation ran, and there is nothing to replay.
	NotKept State = 3
)

// Claim is a wish to run the operation behind a key.
type Claim struct {
	// Token is new for every claim, and the same when a claim is sent again.
	Token Token
	// Replaces names the lapsed claim to take over; zero for none.
	Replaces Token
	// Attempt is 1, or one more than that of the claim it replaces.
	Attempt uint32
	// Fingerprint of the request that claims.
	Fingerprint Fingerprint
	// Lease is how long the claim lives without a heartbeat.
	Lease time.Duration
	// Retention is how long the claim stays visible after its lease lapsed.
	// It may be Forever.
	Retention time.Duration
}

// Outcome is what a finished record holds.
type Outcome struct {
	// NotKept says that the operation ran but left nothing to replay.
	NotKept bool
	// Bytes is opaque to the store. It is empty when NotKept is set.
	Bytes []byte
	// Retention is how long the record stays. It may be Forever.
	Retention time.Duration
}

// State returns the state of a record that holds the outcome.
func (o Outcome) State() State {
	if o.NotKept {
		return NotKept
	}
	return Done
}

// Record is what stands under a key.
type Record struct {
	State       State
	Token       Token
	Attempt     uint32
	Fingerprint Fingerprint
	// LeaseLeft is how long a running record's lease lives on by the store's
	// clock; zero or less when it has lapsed.
	LeaseLeft time.Duration
	// Outcome holds the bytes of a Done record. They must not be changed.
	Outcome []byte
}

// Lapsed reports whether the record is running on a lease that has run out.
func (r *Record) Lapsed() bool { return r.State == Running && r.LeaseLeft <= 0 }
