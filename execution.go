package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
)

// Execution is what a handler may know of the claim it runs under.
type Execution struct {
	Operation string
	Key       string
	Scope     string
	// Attempt is 1 for the first claim of the key, and one more each time a
	// expired claim is taken over.
	Attempt int
	// Recovered is true when an earlier attempt was started and never ended:
	// its effects may be there already.
	Recovered bool
	// Token is unique to this claim. Later attempts have another;
	// a resource that remembers it can refuse a stale owner.
	Token string
}

type executionKey struct{}

// FromContext returns the claim that the handler runs under, and false when it
// runs unguarded or without a confirmed claim (see [WithFailOpen]).
func FromContext(ctx context.Context) (Execution, bool) {
	a, ok := ctx.Value(executionKey{}).(*attempt)
	if !ok || a.claim.number == 0 {
		return Execution{}, false
	}
	return Execution{
		Operation: a.call.Operation,
		Key:       a.call.Key,
		Scope:     a.scope,
		Attempt:   int(a.claim.number),
		Recovered: a.claim.number > 1,
		Token:     a.claim.token.String(),
	}, true
}

// DeriveKey returns a key for a call that the handler makes to another
// service, in the form of a UUID (RFC 9562, version 8). It is the same at
// every attempt of the same call, and another for every name, scope, operation
// and key, so the other service sees a retry as a retry. It returns false when
// the handler runs unguarded.
func DeriveKey(ctx context.Context, name string) (string, bool) {
	a, ok := ctx.Value(executionKey{}).(*attempt)
	if !ok {
		return "", false
	}
	digest := sha256.Sum256(append(a.claim.key[:], name...))
	return uuid([16]byte(digest[:16]), 8), true
}

// Value implements context.Context for the handler.
func (a *attempt) Value(key any) any {
	if key == (executionKey{}) {
		return a
	}
	return a.lazyContext.Value(key)
}

// uuid writes sixteen bytes as a UUID of the version.
func uuid(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	return hyphenated(hex.EncodeToString(b[:]))
}
