package idempotency

import (
	"context"
	"crypto/sha256"
	"time"
)

// Execution is what a handler may know of the claim it runs under.
type Execution struct {
	Operation string
	Key       string
	Scope     string
	// Attempt is 1 for the first claim of the key, and one more each time an
	// expired claim is taken over.
	Attempt int
	// Recovered is true when an earlier attempt was started and never ended:
	// its effects may be there already.
	Recovered bool
	// Token is unique to this claim. Later attempts have another; a resource
	// that remembers it can refuse a stale owner.
	Token string
}

// FromContext returns the claim that the handler runs under, and false when it
// runs unguarded or without a confirmed claim (see [WithFailOpen]).
func FromContext(ctx context.Context) (Execution, bool) {
	x := innermost(ctx)
	if x == nil || x.claim.number == 0 {
		return Execution{}, false
	}
	return Execution{
		Operation: x.call.Operation,
		Key:       x.call.Key,
		Scope:     x.scope,
		Attempt:   int(x.claim.number),
		Recovered: x.claim.number > 1,
		Token:     x.claim.token.String(),
	}, true
}

// DeriveKey returns a key for a call that the handler makes to another
// service, in the form of a UUID (RFC 9562, version 8). It is the same at
// every attempt of the same call, and another for every name, scope, operation
// and key, so the other service sees a retry as a retry. It returns false when
// the handler runs unguarded.
func DeriveKey(ctx context.Context, name string) (string, bool) {
	x := innermost(ctx)
	if x == nil {
		return "", false
	}
	digest := sha256.Sum256(append(x.claim.key[:], name...))
	return uuid([16]byte(digest[:16]), 8), true
}

// DoNotRecord says, from within a handler, that the call had no effect: its
// answer is not recorded, whatever it is, and the next call with the key runs.
// It returns false when the handler runs unguarded. Where several layers guard
// one request in this process, it speaks to all of them.
func DoNotRecord(ctx context.Context) bool {
	return enclosing(ctx, func(x *execution) { x.override.noEffect.Store(true) })
}

// RecordFor asks, from within a handler, to retain its answer for this long. It
// can shorten the configured retention and not lengthen it, and a time that is
// not positive changes nothing. It returns false when the handler runs
// unguarded. Where several layers guard one request in this process, it speaks
// to all of them.
func RecordFor(ctx context.Context, retention time.Duration) bool {
	return enclosing(ctx, func(x *execution) { x.override.retention.Store(int64(retention)) })
}
