package backend

import (
	"context"
	"time"
)

// HandlerClaimKey is the key under which the context of a guarded handler holds its
// [HandlerClaim].
type HandlerClaimKey struct{}

// HandlerClaim is the claim that a guarded handler runs under. A store that can
// finish a claim in a transaction which the handler owns has a function for handlers
// that finds the claim in their context.
type HandlerClaim interface {
	// Store returns the store of the engine. It may be an [Unwrapper].
	Store() Store
	// Complete encodes the response as the handler's adapter does, and completes
	// the claim with it by the transaction. If the response cannot be encoded, for
	// example because it has a wrong type, nothing has been written.
	Complete(ctx context.Context, tx HandlerTransaction, response any) error
	// Mark marks the claim by the transaction.
	Mark(ctx context.Context, tx HandlerTransaction, reference []byte) error
}

// HandlerClaimFromContext returns the claim of the guarded handler whose context this
// is. It reports false for a handler that runs unguarded or without a confirmed claim.
func HandlerClaimFromContext(ctx context.Context) (HandlerClaim, bool) {
	claim, ok := ctx.Value(HandlerClaimKey{}).(HandlerClaim)
	return claim, ok
}

// HandlerTransaction is a transaction that a handler owns, in a database that holds
// the record of its claim. A store implements it.
type HandlerTransaction interface {
	// Store returns the store that holds the record. The engine takes all further
	// steps of the claim with it.
	Store() Store
	// Complete completes the claim as [Store] does, as a part of the transaction,
	// which holds the record from then on. After an error the transaction cannot
	// be committed. A finished record is an error, [ErrClaimLost], unless it has
	// the token and this outcome.
	Complete(ctx context.Context, key Key, token Token, outcome Outcome) error
	// Mark turns the running record into a [Marked] one, likewise. It changes
	// neither the lease nor the retention. A record that the token has marked
	// already gets the new reference.
	Mark(ctx context.Context, key Key, token Token, reference []byte) error
	// Extend is the heartbeat of the claim from then on, outside of the transaction
	// and from other goroutines. If a transaction holds the record, which no call
	// can take over then, or if the record is finished under the token, it succeeds
	// at once.
	Extend(ctx context.Context, key Key, token Token, lease, retention time.Duration) error
	// Committed waits until no transaction holds the record, and returns it. It
	// returns the zero Record if none has the token.
	Committed(ctx context.Context, key Key, token Token) (Record, error)
}

// Unwrapper is implemented by a store that is in front of another one.
type Unwrapper interface {
	// Unwrap returns the store behind.
	Unwrap() Store
}
