package nearcache

import (
	"errors"
	"io"

	"github.com/oncewire/idempotency/backend"
)

var (
	_ Store              = (*cachedStore)(nil)
	_ Store              = (*waitingStore)(nil)
	_ backend.Waiter     = (*waitingStore)(nil)
	_ backend.Transactor = beginner{}
)

// Store is a [backend.Store] with a near cache. It keeps all promises of the
// store behind it, and implements [backend.Waiter] and [backend.Transactor] if that
// store does. Complete a claim through the Store that has won it. A Store is safe for concurrent use.
type Store interface {
	backend.Store
	// Close drops all entries and stops background work. Calls after Close
	// return [backend.ErrClosed], except Close itself, which may be called
	// again. It always returns nil. It does not close the store behind, which
	// belongs to the caller.
	io.Closer

	// Purge drops the entry of key, and prevents calls in progress from caching
	// what they have received. Call it after removing the record from the
	// store. Claims that start after Purge do not return the removed record.
	Purge(key backend.Key)
	// PurgeAll is Purge for all keys.
	PurgeAll()

	// Len returns the number of entries: finished records, and claims that are
	// running in this process. An expired entry counts until it is freed, within
	// a few seconds.
	Len() int
	// Bytes returns the size of all entries, as [WithMaxBytes] counts it.
	Bytes() int64
}

// New returns a store that caches finished records of the store behind it. The
// error names every invalid option.
func New(behind backend.Store, options ...Option) (Store, error) {
	if behind == nil {
		return nil, errors.New("nearcache: no store")
	}
	config, err := newConfig(options)
	if err != nil {
		return nil, err
	}
	cache, err := newCache(config)
	if err != nil {
		return nil, err
	}
	s := &cachedStore{cache: cache, behind: behind}
	s.remaining, _ = behind.(backend.Remaining)
	return s.withAbilities(), nil
}

// withAbilities returns the store with the optional interfaces of the store behind, and
// no others.
func (s *cachedStore) withAbilities() Store {
	waiter, waits := s.behind.(backend.Waiter)
	waiting := &waitingStore{cachedStore: s, waiter: waiter}
	transactor, begins := s.behind.(backend.Transactor)
	beginning := beginner{s, transactor}
	switch {
	case waits && begins:
		return struct {
			*waitingStore
			beginner
		}{waiting, beginning}
	case waits:
		return waiting
	case begins:
		return struct {
			*cachedStore
			beginner
		}{s, beginning}
	default:
		return s
	}
}
