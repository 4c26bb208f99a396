package backend

import (
	"encoding/hex"
	"time"
)

// Key identifies a record. It is a digest of namespace, scope, operation and
// the client's key, so that a store holds no client text and no tenant name in
// its keyspace.
type Key [32]byte

// String returns the key in lower-case hexadecimal.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Token identifies a claim. The zero Token identifies none.
type Token [16]byte

// String returns the token in lower-case hexadecimal.
func (t Token) String() string { return hex.EncodeToString(t[:]) }

// Fingerprint is a digest of a request. Its first byte identifies the
// algorithm. Stores hold fingerprints and never compare them.
type Fingerprint [33]byte

// State is the state of a record. Stores persist the values, so their meaning
// never changes.
type State uint8

const (
	// Running is the state of a record that is claimed and has no outcome.
	Running State = 1
	// Done is the state of a finished record that holds its outcome.
	Done State = 2
	// NotKept is the state of a finished record whose outcome could not be
	// stored: the operation ran, and no outcome can be replayed.
	NotKept State = 3
	// Marked is the state of a record whose operation certainly had its effect, and
	// which has no outcome yet. While its lease lives, it is like a running one.
	// After that, nothing takes it over, and its reference can lead to the answer.
	Marked State = 4
)

// Finished reports whether a record has got its outcome, or had one that was not kept.
func (s State) Finished() bool { return s == Done || s == NotKept }

// Claim is a request for the exclusive right to run the operation for a key.
type Claim struct {
	// Token is new for every claim. A claim that is sent again has the same
	// token.
	Token Token
	// Replaces is the token of the expired claim to take over; zero for none.
	Replaces Token
	// Attempt is 1 for a first claim. For a takeover it is one more than the
	// attempt of the claim that is replaced.
	Attempt uint32
	// Fingerprint is the digest of the request.
	Fingerprint Fingerprint
	// Lease is how long the claim lives without a heartbeat.
	Lease time.Duration
	// Retention is how long the record is stored after the lease has expired.
	// It may be Forever.
	Retention time.Duration
}

// Outcome is the content of a finished record.
type Outcome struct {
	// NotKept is set if the operation ran but its outcome cannot be replayed.
	NotKept bool
	// Bytes is opaque to the store. It is empty when NotKept is set.
	Bytes []byte
	// Retention is how long the record is stored. It may be Forever.
	Retention time.Duration
}

// State returns the state of a record that holds the outcome.
func (o Outcome) State() State {
	if o.NotKept {
		return NotKept
	}
	return Done
}

// Record is the record of a key.
type Record struct {
	State       State
	Token       Token
	Attempt     uint32
	Fingerprint Fingerprint
	// LeaseLeft is how much of the lease of a running or marked record is left by
	// the clock of the store. It is zero or negative when the lease has expired.
	LeaseLeft time.Duration
	// Outcome holds the bytes of a Done record, or the reference of a Marked one.
	// Callers must not change them.
	Outcome []byte
}

// Expired reports whether the record is running or marked, and its lease has expired.
func (r *Record) Expired() bool {
	return (r.State == Running || r.State == Marked) && r.LeaseLeft <= 0
}
