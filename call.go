package idempotency

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Call is one request that has a key.
type Call struct {
	// Key is canonical, as [Operation.ParseKey] returns it.
	Key string
	// Fingerprint is the digest of the request. The zero Fingerprint is never
	// compared.
	Fingerprint backend.Fingerprint
	// Rehasher makes the fingerprint by an older algorithm, for a record that was
	// written before an upgrade. It may be nil.
	Rehasher interface {
		// Rehash returns the fingerprint by the algorithm, which is the first byte
		// of a fingerprint, or false if it does not know the algorithm.
		Rehash(algorithm byte) (backend.Fingerprint, bool)
	}
	// Encoder makes the answer of a response that a handler completes its claim with
	// in its own transaction ([backend.HandlerClaim]), or that
	// [Policy.Rebuild] returns. It may be nil, and then both are refused.
	Encoder interface {
		// Encode returns the answer, whose verdict must be [Record]. It has the same
		// bytes as that of the handler if that answers with this response. The error
		// says what type a response must have.
		Encode(ctx context.Context, response any) (Answer, error)
	}
}

// Answer is what a handler answered.
type Answer struct {
	Verdict Verdict
	// ServerError marks an error that names no cause: Internal, Unknown or an
	// HTTP status from 500 on. After the handler's context has ended it is
	// usually the echo of the cancellation, and the claim is abandoned.
	ServerError bool
	// Failed marks an error. In a transaction that is [backend.OneCommit] what the
	// handler wrote is then rolled back, also if the error is recorded.
	Failed bool
	// NoEffect says that the operation certainly had no effect: an inner guard
	// refused the call, or no route matched. The claim is released, also after
	// the handler's context has ended.
	NoEffect bool
	// Outcome is the serialized answer of a recorded call. The handler must not
	// change the bytes afterwards.
	Outcome []byte
	// NotKept records that the call ran, without its answer.
	NotKept bool
}

// Result is what a guarded call got.
type Result struct {
	// Replayed is true if the outcome is that of an earlier call and the handler
	// did not run. It is also true if the handler ran, completed its claim in a
	// transaction of its own, and answered something else: the outcome is what it
	// completed the claim with, and must be sent in place of its answer.
	Replayed bool
	// Outcome is the serialized answer. Callers must not change the bytes, which
	// other replays share.
	Outcome []byte
	// Attempt is the number of the attempt that made the outcome, or 0 if the
	// handler ran without a confirmed claim (see [WithFailOpen]).
	Attempt int
	// Waited is how long the call waited for another one.
	Waited time.Duration
}
