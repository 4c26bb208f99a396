package idempotency

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Call is one request that carries a key.
type Call struct {
	// Operation is what is being called: "/pkg.Service/Method" for an RPC,
	// "METHOD /path" for HTTP, any stable name for a job.
	Operation string
	// Key is canonical, as [Engine.ParseKey] returns it.
	Key string
	// Fingerprint of the request. The zero Fingerprint is never compared.
	Fingerprint Fingerprint
	// Rehasher makes the fingerprint by an older algorithm, for a record
	// that was written before an upgrade. It may be nil.
	Rehasher Rehasher
}

// Verdict is what is to become of a claim once its handler has answered.
type Verdict uint8

const (
	// Abandon says that nobody knows whether the operation took effect. The
	// claim lapses at once, and OnAbandoned decides about the next call.
	Abandon Verdict = iota
	// Record keeps the answer for every later call.
	Record
	// Release says that the operation did nothing: the next call runs.
	Release
)

// Answer is what a handler made of a call.
type Answer struct {
	Verdict Verdict
	// Outcome is the serialized answer of a recorded call. The engine owns
	// the bytes from here on.
	Outcome []byte
	// NotKept records that the call ran without keeping its answer.
	NotKept bool
}

// Result is what [Engine.Run] and [Engine.Do] made of a call.
type Result struct {
	// Replayed is true when an earlier call's outcome is returned and the
	// handler did not run.
	Replayed bool
	// Outcome is the serialized answer. Callers must not change the bytes:
	// others replay the same.
	Outcome []byte
	// Attempt is the number of the claim that made the outcome, or 0 when the
	// handler ran without a claim (see [WithFailOpen]).
	Attempt int
	// Waited is how long the call waited for another one to end.
	Waited time.Duration
}

// address digests what tells one record from another. Every part is led by
// its length, so that no choice of parts can look like another.
func (e *Engine) address(scope string, call *Call) backend.Key {
	buffer := make([]byte, 0, 512)
	for _, part := range [...]string{e.namespace, scope, call.Operation, call.Key} {
		buffer = binary.AppendUvarint(buffer, uint64(len(part)))
		buffer = append(buffer, part...)
	}
	return sha256.Sum256(buffer)
}

func newToken() (token backend.Token) {
	rand.Read(token[:]) // never fails
	return token
}
