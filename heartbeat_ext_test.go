package idempotency_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
)

// lasting is a handler that takes a time, whatever becomes of its context.
func lasting(d time.Duration, text string) func(context.Context) idempotency.Answer {
	return func(context.Context) idempotency.Answer {
		time.Sleep(d)
		return recording(text).answer
	}
}

// untilCancelled is a handler that ends with its context, and tells why.
func untilCancelled(cause *error) func(context.Context) idempotency.Answer {
	return func(ctx context.Context) idempotency.Answer {
		<-ctx.Done()
		*cause = context.Cause(ctx)
		return abandoning().answer
	}
}

func TestShortCallHasNoHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t))
		engine := newEngine(t, store)
		for _, key := range []string{"a", "b", "c"} {
			_, err := run(t.Context(), engine, payment(key), lasting(lease/3-1, "paid"))
			ok(t, err)
		}
		time.Sleep(time.Hour)
		equal(t, "heartbeats", store.count(backendtest.OpExtend), 0)
	})
}

func TestShortCallHasNoGoroutine(t *testing.T) {
	engine := newEngine(t, openStore(t))
	for i := range 100 {
		before := runtime.NumGoroutine()
		_, err := run(t.Context(), engine, payment(string(rune('a'+i))), func(ctx context.Context) idempotency.Answer {
			ctx, cancel := context.WithTimeout(ctx, time.Minute) // as handlers do
			defer cancel()
			ok(t, ctx.Err())
			if now := runtime.NumGoroutine(); now > before {
				t.Errorf("%d goroutines, %d before the call", now, before)
			}
			return recording("paid").answer
		})
		ok(t, err)
	}
}

func TestLongHandlerKeepsItsClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t))
		engine, onlooker := newEngine(t, store), newEngine(t, store)
		start := time.Now()
		long := hold(t, engine, payment("k"))
		for time.Since(start) < 10*lease-time.Second && !t.Failed() {
			refused(t, onlooker, payment("k"), idempotency.ErrInProgress)
			time.Sleep(time.Second)
		}
		ok(t, long.ctx.Err())
		long.end(recording("paid").answer)
		equal(t, "heartbeats", store.count(backendtest.OpExtend), 29)
		replays(t, onlooker, payment("k"), "paid")
		time.Sleep(lease)
		equal(t, "heartbeats after the end", store.count(backendtest.OpExtend), 29)
	})
}

// TestHeartbeatOutlivesTheClient: a handler that ignores its context still
// runs.
func TestHeartbeatOutlivesTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		engine, onlooker := newEngine(t, store), newEngine(t, store)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		go func() {
			_, err := run(ctx, engine, payment("k"), lasting(10*lease, "paid"))
			ok(t, err)
		}()
		synctest.Wait()
		for time.Since(start) < 10*lease-time.Second && !t.Failed() {
			refused(t, onlooker, payment("k"), idempotency.ErrInProgress)
			time.Sleep(time.Second)
		}
		time.Sleep(2 * time.Second)
		replays(t, onlooker, payment("k"), "paid")
	})
}

// TestHeartbeatIsReused runs long calls one after another: what is left of an
// earlier one must not touch a later one.
func TestHeartbeatIsReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t))
		engine := newEngine(t, store)
		for i := range 20 {
			_, err := run(t.Context(), engine, payment(string(rune('a'+i))), lasting(lease/3+1, "paid"))
			ok(t, err)
			_, err = run(t.Context(), engine, payment(string(rune('A'+i))), lasting(lease/3-1, "paid"))
			ok(t, err)
		}
		equal(t, "heartbeats", store.count(backendtest.OpExtend), 20)
	})
}

func TestLostLeaseCancelsTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &events{}
		store := newShaky(openStore(t)).on(backendtest.OpExtend, first(1, backendtest.Fault{Err: backend.ErrClaimLost}))
		engine := newEngine(t, store, idempotency.WithObserver(seen))
		start := time.Now()
		var cause error
		_, err := run(t.Context(), engine, payment("k"), untilCancelled(&cause))
		ok(t, err)
		took(t, start, lease/3)
		want(t, cause, idempotency.ErrClaimLost)
		synctest.Wait()
		equal(t, "leases lost", len(seen.of(idempotency.EventLeaseLost)), 1)
	})
}

// TestUnreachableStoreCancelsTheHandler no later than its lease is over, since
// another call may take the key over then.
func TestUnreachableStoreCancelsTheHandler(t *testing.T) {
	for ill, fault := range map[string]backendtest.Fault{"down": down, "hanging": hang} {
		for _, short := range []time.Duration{lease, 3 * time.Second} {
			t.Run(ill+" "+short.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					seen := &events{}
					store := newShaky(openStore(t)).on(backendtest.OpExtend, every(fault))
					engine := newEngine(t, store, idempotency.WithObserver(seen),
						idempotency.WithLimits(idempotency.Limits{Retries: -1}), all(idempotency.Policy{Lease: short}))
					start, over := time.Now(), time.Duration(0)
					var cause error
					_, err := run(t.Context(), engine, payment("k"), func(ctx context.Context) idempotency.Answer {
						answer := untilCancelled(&cause)(ctx)
						over = time.Since(start)
						return answer
					})
					ok(t, err)
					equal(t, "cancelled after", over, short)
					want(t, cause, idempotency.ErrClaimLost)
					synctest.Wait()
					equal(t, "leases lost", len(seen.of(idempotency.EventLeaseLost)), 1)
				})
			})
		}
	}
}

func TestFailedHeartbeatIsRetriedSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpExtend, first(3, down))
		engine := newEngine(t, store)
		start := time.Now()
		_, err := run(t.Context(), engine, payment("k"), func(ctx context.Context) idempotency.Answer {
			time.Sleep(2 * lease)
			ok(t, ctx.Err())
			return recording("paid").answer
		})
		ok(t, err)
		wants := []int{10, 13, 16, 19, 29, 39, 49, 59}
		sent := store.times(backendtest.OpExtend)
		if len(sent) != len(wants) {
			t.Fatalf("%d heartbeats, want %d", len(sent), len(wants))
		}
		for i, at := range sent {
			equal(t, "heartbeat", at.Sub(start), time.Duration(wants[i])*time.Second)
		}
	})
}

// TestHeartbeatReplyMayBeLost: it counts as failed, and the next one sets it right.
func TestHeartbeatReplyMayBeLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpExtend, func(n int) backendtest.Fault {
			if n%2 == 1 {
				return lost
			}
			return backendtest.Fault{}
		})
		engine := newEngine(t, store)
		_, err := run(t.Context(), engine, payment("k"), func(ctx context.Context) idempotency.Answer {
			time.Sleep(10 * lease)
			ok(t, ctx.Err())
			return recording("paid").answer
		})
		ok(t, err)
		replays(t, engine, payment("k"), "paid")
	})
}

// slowReply is a store whose claims are answered late, after they were applied.
type slowReply struct {
	*memstore.Store

	late time.Duration
}

func (s slowReply) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, error) {
	record, err := s.Store.Claim(ctx, key, claim)
	time.Sleep(s.late)
	return record, err
}

func TestSlowClaimIsKeptAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := openStore(t)
		engine := newEngine(t, slowReply{inner, lease * 9 / 10}, idempotency.WithLimits(idempotency.Limits{StoreTimeout: lease}))
		onlooker := newEngine(t, inner)
		start := time.Now()
		go func() {
			_, err := run(t.Context(), engine, payment("k"), lasting(3*lease, "paid"))
			ok(t, err)
		}()
		synctest.Wait()
		for time.Since(start) < 3*lease && !t.Failed() {
			refused(t, onlooker, payment("k"), idempotency.ErrInProgress)
			time.Sleep(time.Second)
		}
		time.Sleep(2 * lease)
		replays(t, onlooker, payment("k"), "paid")
	})
}

func TestHandlerOfALostLeaseMayStillRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpExtend, every(down))
		engine := newEngine(t, store)
		_, err := run(t.Context(), engine, payment("k"), lasting(2*lease, "paid"))
		ok(t, err)
		replays(t, engine, payment("k"), "paid") // no call took it over meanwhile
	})
}
