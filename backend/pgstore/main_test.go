package pgstore

import (
	"context"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/oncewire/idempotency/internal/pgtest"
)

// TestMain proves that closed stores leave nothing running.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.EndShared()
		os.Exit(code)
	}))
}

// Channel returns the channel of a store to black-box tests.
func Channel(s *Store) string { return s.channel() }

// FillSubscriptions brings a store to its bound.
func FillSubscriptions(s *Store) {
	s.subscriptions.mu.Lock()
	defer s.subscriptions.mu.Unlock()
	for i := range maxSubscriptions {
		claim := claimID{key: [32]byte{byte(i), byte(i >> 8)}}
		s.subscriptions.active[claim] = &subscription{claim: claim, done: make(chan struct{})}
	}
}

// CleanUp runs the clean-up once.
func CleanUp(ctx context.Context, s *Store) error { return s.cleanUp(ctx) }

// Statements returns the statements of the steps, 9 of which are for one key.
func Statements(s *Store) []string {
	q := &s.sql
	return []string{q.claim, q.takeover, q.extend, q.complete, q.release, q.standing, q.remaining, q.hold, q.committed, q.look, q.cleanup, q.postpone}
}
