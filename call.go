package idempotency

import (
	"context"
	"time"
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

// Answer is what a handler made of a call.
type Answer struct {
	Verdict Verdict
	// ServerError marks an error that names no cause: Internal, Unknown or an
	// HTTP status from 500 on. After the handler's context has ended it is
	// usually the echo of the cancellation, and the claim is abandoned.
	ServerError bool
	// NoEffect says that it is certain that the operation had no effect: a guard
	// inside refused the call, or no route matched. The claim is released, also
	// after the handler's context has ended.
	NoEffect bool
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

// Handler runs the operation behind a claim and says what it answered. Its
// context carries the claim (see [FromContext]) and is cancelled with
// [ErrClaimLost] as its cause when the claim's lease is lost.
type Handler func(context.Context) Answer
