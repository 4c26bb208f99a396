package memstore

// Option changes how a store made by [New] behaves.
type Option func(*Store)

// WithMaxRecords limits how many records the store holds. At the limit a
// claim of an absent key is refused with [backend.ErrFull]; everything that
// concerns a record which is already held goes on, takeovers included. The
// limit is never exceeded, however many claims race.
//
// The default, and the meaning of zero and less, is no limit.
func WithMaxRecords(n int) Option {
	return func(s *Store) { s.records.limit = int64(n) }
}

// WithMaxBytes limits how much memory the store holds. A record counts 288
// bytes, which covers the record itself and its share of the indexes, and the
// length of its outcome. A claim of an absent key that does not fit is
// refused with [backend.ErrFull]; everything that concerns a record which is
// already held goes on.
//
// So an outcome is always taken: work that was done is never forgotten for
// want of room. The store can exceed the limit by the outcomes of the claims
// that were running when it was reached; that is, by no more than the number
// of calls in progress times the largest outcome.
//
// The default, and the meaning of zero and less, is no limit.
func WithMaxBytes(n int64) Option {
	return func(s *Store) { s.bytes.limit = n }
}
