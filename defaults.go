package idempotency

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Defaults of the options, and other constants.
const (
	DefaultKeyField      = "Idempotency-Key"
	DefaultReplayedField = "Idempotent-Replayed"
	DefaultMaxKeyLength  = 255
	DefaultLease         = 30 * time.Second
	DefaultRetention     = 24 * time.Hour
	DefaultRetryAfter    = time.Second
	DefaultStoreTimeout  = 5 * time.Second
	DefaultRetries       = 1024
	DefaultRetryWindow   = time.Minute
	DefaultWaiters       = 1000
	DefaultWaitersPerKey = 100

	// Forever as a retention replays an outcome for as long as the store retains
	// it. As [Policy.Detached] it sets no bound.
	Forever = backend.Forever
	// Domain is the domain of every google.rpc.ErrorInfo that this module sends.
	Domain = "github.com/oncewire/idempotency"
	// Version is the version of this module, in the form of a Git tag.
	Version = "v0.1.0"
)

func defaults() config {
	return config{
		keys:          KeyRules{Field: DefaultKeyField, MaxLength: DefaultMaxKeyLength},
		replayedField: DefaultReplayedField,
		policies: policies{base: Policy{
			Key: KeyOptional, Lease: DefaultLease, Retention: DefaultRetention, OnAbandoned: Retry, RetryAfter: DefaultRetryAfter,
		}},
		limits: Limits{
			StoreTimeout:  DefaultStoreTimeout,
			Retries:       DefaultRetries,
			RetryWindow:   DefaultRetryWindow,
			WaitersPerKey: DefaultWaitersPerKey,
			Waiters:       DefaultWaiters,
		},
	}
}
