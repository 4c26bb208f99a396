package idempotency

import (
	"context"
	"crypto/sha256"

	"github.com/oncewire/idempotency/internal/keytext"
)

// FromContext returns the execution of the handler whose context this is. It
// reports false when the handler runs unguarded or without a confirmed claim.
func FromContext(ctx context.Context) (Execution, bool) {
	h := handlerOf(ctx)
	if h == nil {
		return Execution{}, false
	}
	return Execution{
		Operation: h.claim.operation,
		Key:       h.call.Key,
		Scope:     h.scope,
		Attempt:   int(h.claim.attempt),
		Recovered: h.claim.attempt > 1,
		Token:     h.claim.token.String(),
		running:   h,
	}, h.claim.attempt > 0
}

// deriveKey implements runningHandler.
func (h *handlerContext) deriveKey(name string) string {
	digest := sha256.Sum256(append(h.claim.key[:], name...))
	return keytext.UUID([16]byte(digest[:16]), 8)
}

// eachOverride implements runningHandler.
func (h *handlerContext) eachOverride(visit func(*override)) {
	h.each(func(h *handlerContext) { visit(&h.override) })
}
