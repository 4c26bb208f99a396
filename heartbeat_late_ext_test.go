package idempotency_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

// slowHeartbeat is a store whose heartbeats arrive late, with or without a reply.
type slowHeartbeat struct {
	*memstore.Store

	late    time.Duration
	replies bool
}

func (s *slowHeartbeat) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	if lease == 0 { // an abandonment, which is in time
		return s.Store.Extend(ctx, key, token, lease, retention)
	}
	arrived := make(chan error, 1)
	go func() {
		time.Sleep(s.late)
		arrived <- s.Store.Extend(context.WithoutCancel(ctx), key, token, lease, retention)
	}()
	if s.replies {
		return <-arrived
	}
	<-ctx.Done()
	return ctx.Err()
}

// TestHeartbeatUnderWayRevivesNoAbandonedClaim: the handler panics while its
// heartbeat is still on its way to the store.
func TestHeartbeatUnderWayRevivesNoAbandonedClaim(t *testing.T) {
	for name, store := range map[string]*slowHeartbeat{
		"answered":       {late: 4 * time.Second, replies: true},
		"timed out":      {late: 4 * time.Second},
		"long timed out": {late: 12 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &slowHeartbeat{Store: openStore(t), late: store.late, replies: store.replies}
				engine := newEngine(t, store)
				func() {
					defer func() { equal(t, "panic", recover(), any("boom")) }()
					_, _ = run(t.Context(), engine, payment("k"), dieAfter(lease/3+time.Second))
				}()
				time.Sleep(store.late + retryPause)
				starts(t, engine, payment("k"), recording("paid"), 2)
			})
		})
	}
}

// retryPause is longer than the longest pause between two tries of a finish.
const retryPause = 6 * time.Second
