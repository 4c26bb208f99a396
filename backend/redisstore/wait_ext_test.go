package redisstore_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/redisstore"
)

// withoutPolling is waiting without polling: the waiters return only when the end is
// published.
func withoutPolling(t *testing.T, client *redis.Client, s *redisstore.Store, n int, key backend.Key, c backend.Claim) (end func(target error)) {
	t.Helper()
	redisstore.DisablePolling(s)
	return waiting(t, client, s, n, key, c)
}

// waiting starts n waiters for the claim, and returns when Redis has the
// subscription. The returned function waits for all waiters and requires that
// they got the error.
func waiting(t *testing.T, client *redis.Client, s *redisstore.Store, n int, key backend.Key, c backend.Claim) (end func(target error)) {
	t.Helper()
	var waiters sync.WaitGroup
	errs := make(chan error, n)
	for range n {
		waiters.Go(func() { errs <- s.Wait(t.Context(), key, c.Token) })
	}
	name := "idem:" + key.String()
	eventually(t, "a subscription", func() bool {
		return client.PubSubNumSub(t.Context(), name).Val()[name] > 0
	})
	return func(target error) {
		t.Helper()
		eventually(t, "the waiters to return", func() bool { return len(errs) == n })
		waiters.Wait()
		for range n {
			if err := <-errs; target == nil && err != nil || target != nil {
				want(t, err, target)
			}
		}
	}
}

// TestWaitersShare: many waiters for one key cost Redis as much as one waiter,
// and return at once when another process ends the claim.
func TestWaitersShare(t *testing.T) {
	_, client := own(t)
	s, other := store(t, client), store(t, client)
	key := newKey()
	c := win(t, other, key)
	ok(t, other.Extend(t.Context(), key, c.Token, c.Lease, c.Retention))
	end := withoutPolling(t, client, s, 200, key, c)
	if n := client.PubSubNumSub(t.Context(), "idem:"+key.String()).Val()["idem:"+key.String()]; n != 1 {
		t.Errorf("%d subscriptions, want 1", n)
	}
	ok(t, other.Complete(t.Context(), key, c.Token, outcome("done")))
	end(nil)
	counted := stats(t, client)
	if n := counted["evalsha"] + counted["eval"]; n > 15 {
		t.Errorf("200 waiters cost %d scripts", n)
	}
	if counted["publish"] != 1 {
		t.Errorf("published %d times, want 1", counted["publish"])
	}
}

// TestEveryEndIsPublished, even if the owner has sent a heartbeat in between.
func TestEveryEndIsPublished(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, s *redisstore.Store, key backend.Key, c backend.Claim) error{
		"Complete": func(t *testing.T, s *redisstore.Store, key backend.Key, c backend.Claim) error {
			t.Helper()
			return s.Complete(t.Context(), key, c.Token, outcome("done"))
		},
		"Release": func(t *testing.T, s *redisstore.Store, key backend.Key, c backend.Claim) error {
			t.Helper()
			return s.Release(t.Context(), key, c.Token)
		},
		"ExtendByZero": func(t *testing.T, s *redisstore.Store, key backend.Key, c backend.Claim) error {
			t.Helper()
			return s.Extend(t.Context(), key, c.Token, 0, c.Retention)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := connect(t)
			s, key := store(t, client), newKey()
			c := win(t, s, key)
			ended := withoutPolling(t, client, s, 3, key, c)
			ok(t, s.Extend(t.Context(), key, c.Token, 2*time.Hour, time.Hour))
			ok(t, end(t, s, key, c))
			ended(nil)
		})
	}
}

// TestNothingIsPublishedWithoutWaiters checks that an end without waiters costs no
// PUBLISH.
func TestNothingIsPublishedWithoutWaiters(t *testing.T) {
	_, client := own(t)
	s := store(t, client)
	finish(t, s, newKey(), "done")
	if n := stats(t, client)["publish"]; n != 0 {
		t.Errorf("published %d times, want 0", n)
	}
}

// TestWaitWithoutChannels: a user without permission to publish and subscribe can
// still complete a claim and wait for its end.
func TestWaitWithoutChannels(t *testing.T) {
	_, admin := own(t)
	ok(t, admin.Do(t.Context(), "acl", "setuser", "nochannels", "on", "nopass", "~*", "+@all", "resetchannels").Err())
	client := redis.NewClient(&redis.Options{Addr: admin.Options().Addr, Username: "nochannels", Password: "any"})
	defer client.Close()
	s, key := store(t, client), newKey()
	c := win(t, s, key)
	done := make(chan error)
	go func() { done <- s.Wait(t.Context(), key, c.Token) }()
	name := "idem:" + key.String()
	eventually(t, "the mark of a waiter", func() bool { return admin.GetRange(t.Context(), name, 2, 2).Val() == "\x01" })
	ok(t, s.Complete(t.Context(), key, c.Token, outcome("done")))
	select {
	case err := <-done:
		ok(t, err)
	case <-time.After(time.Minute):
		t.Error("the waiter did not return after the end")
	}
}

func TestWaitEndsWithTheStore(t *testing.T) {
	client := connect(t)
	s, key := store(t, client), newKey()
	c := win(t, s, key)
	end := withoutPolling(t, client, s, 10, key, c)
	ok(t, s.Close())
	end(backend.ErrClosed)
	want(t, s.Wait(t.Context(), key, c.Token), backend.ErrClosed)
}

// TestOneWaiterLeaves: a waiter whose context ends does not disturb the other.
func TestOneWaiterLeaves(t *testing.T) {
	client := connect(t)
	s, key := store(t, client), newKey()
	c := win(t, s, key)
	end := withoutPolling(t, client, s, 1, key, c)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	want(t, s.Wait(ctx, key, c.Token), context.DeadlineExceeded)
	ok(t, s.Complete(t.Context(), key, c.Token, outcome("done")))
	end(nil)
}

// TestWaitSurvivesAnOutage closes the connection of the subscription.
func TestWaitSurvivesAnOutage(t *testing.T) {
	_, client := own(t)
	s, key := store(t, client), newKey()
	c := win(t, s, key)
	end := waiting(t, client, s, 1, key, c)
	ok(t, client.Do(t.Context(), "client", "kill", "type", "pubsub").Err())
	ok(t, s.Complete(t.Context(), key, c.Token, outcome("done")))
	end(nil)
}
