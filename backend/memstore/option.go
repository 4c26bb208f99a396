package memstore

import "github.com/oncewire/idempotency/internal/memclock"

// Option configures a store made by [New].
type Option func(*config)

type config = memclock.Config

// WithMaxRecords limits the number of records in the store. At the limit, Claim
// of an absent key returns [backend.ErrFull]. All other calls still succeed,
// takeovers included, because they add no record. Concurrent claims never exceed
// the limit.
//
// The default, and the meaning of zero and less, is no limit.
func WithMaxRecords(n int) Option {
	return func(c *config) { c.MaxRecords = n }
}

// WithMaxBytes limits the memory that the records use. A record counts 192
// bytes, which covers the record and its share of the indexes, plus the length
// of its outcome. At the limit, Claim of an absent key returns
// [backend.ErrFull]. All other calls still succeed.
//
// Complete succeeds at the limit too, so that no outcome is lost for lack of
// memory. The store can therefore exceed the limit by the outcomes of the claims
// that were running when it was reached: at most the number of concurrent calls
// times the size of the largest outcome.
//
// The default, and the meaning of zero and less, is no limit.
func WithMaxBytes(n int64) Option {
	return func(c *config) { c.MaxBytes = n }
}
