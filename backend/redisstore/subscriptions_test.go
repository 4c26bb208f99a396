package redisstore

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
)

// testPubSub returns a pubSub that is closed when the test ends, and its client.
func testPubSub(t *testing.T) (*pubSub, *redis.Client) {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: ServerAddr(t)})
	p := newPubSub(client, time.Second)
	t.Cleanup(func() {
		p.close()
		_ = client.Close()
	})
	return p, client
}

// subscribe adds a new subscription to the channel.
func subscribe(t *testing.T, p *pubSub, channel string) *subscription {
	t.Helper()
	sub := newSubscription(claimID{}, channel, func() {})
	p.add(t.Context(), sub)
	return sub
}

// closes requires that the channel is closed soon.
func closes(t *testing.T, what string, closed <-chan struct{}) {
	t.Helper()
	select {
	case <-closed:
	case <-time.After(time.Minute):
		t.Fatalf("%s was not received", what)
	}
}

// TestIdleConnectionIsClosed: the connection is closed after its last
// subscription, not earlier, and opened again for the next one.
func TestIdleConnectionIsClosed(t *testing.T) {
	p, _ := testPubSub(t)
	for range 2 {
		sub := subscribe(t, p, "redisstore:idle")
		closes(t, "the confirmation", sub.confirmed)
		p.closeIdle()
		if p.conn == nil {
			t.Error("the connection was closed although it has a subscription")
		}
		p.remove(sub)
		p.closeIdle()
		if p.conn != nil {
			t.Error("the connection is open without a subscription")
		}
	}
}

// TestLateRemove removes a subscription that has received its message after the
// next one was added to the same channel. The next one must stay subscribed.
func TestLateRemove(t *testing.T) {
	p, client := testPubSub(t)
	const channel = "redisstore:late"
	first := subscribe(t, p, channel)
	p.publish(channel)
	next := subscribe(t, p, channel)
	p.remove(first)
	closes(t, "the confirmation", next.confirmed)
	if err := client.Publish(t.Context(), channel, "").Err(); err != nil {
		t.Fatal(err)
	}
	closes(t, "the message", next.published)
	p.remove(next)
}

// TestSubscriptionsShareAChannel: two claims of one key have the same channel. A
// message ends both waits, and one wait that ends leaves the other subscribed.
func TestSubscriptionsShareAChannel(t *testing.T) {
	p, client := testPubSub(t)
	const channel = "redisstore:shared"
	leaver, first, second := subscribe(t, p, channel), subscribe(t, p, channel), subscribe(t, p, channel)
	p.remove(leaver)
	closes(t, "the first confirmation", first.confirmed)
	closes(t, "the second confirmation", second.confirmed)
	if err := client.Publish(t.Context(), channel, "").Err(); err != nil {
		t.Fatal(err)
	}
	closes(t, "the first message", first.published)
	closes(t, "the second message", second.published)
	p.remove(first)
	p.remove(second)
}

// TestJoinAfterTheLastLeave gets a new subscription, not the canceled one.
func TestJoinAfterTheLastLeave(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: ServerAddr(t)})
	defer client.Close()
	s, err := New(client)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	first := s.subscriptions.join(backend.Key{}, backend.Token{})
	s.subscriptions.leave(first)
	next := s.subscriptions.join(backend.Key{}, backend.Token{})
	defer s.subscriptions.leave(next)
	if <-next.done; next.err != nil {
		t.Errorf("the next subscription ended with %v", next.err)
	}
}

func TestJoinAfterClose(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: ServerAddr(t)})
	defer client.Close()
	s, err := New(client)
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	sub := s.subscriptions.join(backend.Key{}, backend.Token{})
	<-sub.done
	s.subscriptions.leave(sub)
}
