package backendtest_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
)

// mapStore is a small store that keeps every promise except the second half of 12:
// it has no Close that stops its timers. Start from it: a database replaces the map
// and the lock by statements that are atomic for a key.
type mapStore struct {
	lock    sync.Mutex
	records map[backend.Key]*mapRecord
}

type mapRecord struct {
	backend.Record

	leaseEnd, end time.Time // end is zero for a retention without end
	retention     time.Duration
}

func newMapStore() *mapStore { return &mapStore{records: map[backend.Key]*mapRecord{}} }

func (s *mapStore) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (result backend.Record, err error) {
	err = s.step(ctx, key, func(found *mapRecord) error {
		if found != nil {
			result = found.Record
			result.LeaseLeft = time.Until(found.leaseEnd)
			if !result.Expired() || result.Token != claim.Replaces {
				return nil // it is running or finished, or another claim has replaced it
			}
		}
		record := &mapRecord{retention: claim.Retention, Record: backend.Record{
			State: backend.Running, Token: claim.Token, Attempt: claim.Attempt, Fingerprint: claim.Fingerprint, LeaseLeft: claim.Lease,
		}}
		s.records[key] = record
		s.runFor(key, record, claim.Lease)
		result = record.Record
		return nil
	})
	return result, err
}

func (s *mapStore) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	return s.step(ctx, key, func(found *mapRecord) error {
		if found == nil || found.Token != token || found.State != backend.Running {
			return backend.ErrClaimLost
		}
		found.retention = retention
		s.runFor(key, found, lease)
		return nil
	})
}

func (s *mapStore) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	return s.step(ctx, key, func(found *mapRecord) error {
		switch {
		case found == nil || found.Token != token:
			return backend.ErrClaimLost
		case found.State != backend.Running:
			return nil // the step was sent twice
		}
		found.State, found.Outcome = outcome.State(), outcome.Bytes
		s.keepFor(key, found, outcome.Retention)
		return nil
	})
}

func (s *mapStore) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	return s.step(ctx, key, func(found *mapRecord) error {
		switch {
		case found == nil:
			return nil
		case found.Token != token || found.State != backend.Running:
			return backend.ErrClaimLost
		}
		delete(s.records, key)
		return nil
	})
}

// step makes a step atomic. It passes the record of the key, or nil.
func (s *mapStore) step(ctx context.Context, key backend.Key, step func(found *mapRecord) error) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	return step(s.find(key))
}

// find returns the record of a key, or nil if its retention has ended.
func (s *mapStore) find(key backend.Key) *mapRecord {
	record := s.records[key]
	if record == nil || !record.end.IsZero() && !time.Now().Before(record.end) {
		return nil
	}
	return record
}

func (s *mapStore) runFor(key backend.Key, record *mapRecord, lease time.Duration) {
	record.leaseEnd = time.Now().Add(lease)
	left := backend.Forever
	if record.retention != backend.Forever {
		left = lease + record.retention
	}
	s.keepFor(key, record, left)
}

// keepFor stores a record for a time, and then frees it.
func (s *mapStore) keepFor(key backend.Key, record *mapRecord, left time.Duration) {
	if record.end = (time.Time{}); left == backend.Forever {
		return
	}
	record.end = time.Now().Add(left)
	time.AfterFunc(left, func() {
		s.lock.Lock()
		defer s.lock.Unlock()
		if s.records[key] == record && s.find(key) == nil {
			delete(s.records, key)
		}
	})
}

// testMapStore is what a test of a store does: func TestMapStore(t *testing.T).
func testMapStore(t *testing.T) {
	t.Helper()
	backendtest.Run(t, backendtest.Harness{
		Open: func(testing.TB) backend.Store { return newMapStore() },
		Held: func(_ testing.TB, store backend.Store) int {
			s := store.(*mapStore)
			s.lock.Lock()
			defer s.lock.Unlock()
			return len(s.records)
		},
		Subtest: func(t *testing.T, name string, f func(t *testing.T)) {
			t.Helper()
			t.Run(name, func(t *testing.T) { synctest.Test(t, f) }) // for a store in this process
		},
	})
}

// A store, and its test. Leave Subtest out for a store behind a network.
func ExampleRun() {
	_ = testMapStore
}
