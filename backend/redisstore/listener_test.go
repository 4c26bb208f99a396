package redisstore

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
)

// TestListenerRests: the connection is closed when nobody has needed it for a
// while, not under somebody who does, and opened again for the next.
func TestListenerRests(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: ServerAddr()})
	defer client.Close()
	l := &listener{}
	l.open(client)
	defer l.close()
	for range 2 {
		listened := l.join(t.Context(), "redisstore:rests", time.Second)
		select {
		case <-listened.confirmed:
		case <-time.After(time.Minute):
			t.Fatal("the subscription was not confirmed")
		}
		l.rest()
		if l.sub == nil {
			t.Error("the connection was closed under a listener")
		}
		l.leave(listened, time.Second)
		l.rest()
		if l.sub != nil {
			t.Error("the connection stays open for nobody")
		}
	}
}

// TestLateLeave: a topic that was heard leaves after the next one has joined,
// which must not lose its subscription.
func TestLateLeave(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: ServerAddr()})
	defer client.Close()
	l := &listener{}
	l.open(client)
	defer l.close()
	const name = "redisstore:late"
	first := l.join(t.Context(), name, time.Second)
	l.end(name)
	next := l.join(t.Context(), name, time.Second)
	l.leave(first, time.Second)
	<-next.confirmed
	if err := client.Publish(t.Context(), name, "").Err(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-next.ended:
	case <-time.After(time.Minute):
		t.Error("nothing was heard")
	}
	l.leave(next, time.Second)
}

// TestVigilsAreNotLeftOver: who comes when the last waiter has just left gets a
// vigil that nobody has stopped.
func TestVigilsAreNotLeftOver(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: ServerAddr()})
	defer client.Close()
	s, err := New(client)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	first := s.vigils.join(backend.Key{}, backend.Token{})
	s.vigils.leave(first)
	next := s.vigils.join(backend.Key{}, backend.Token{})
	defer s.vigils.leave(next)
	if <-next.done; next.err != nil {
		t.Errorf("the next vigil ended with %v", next.err)
	}
}

func TestJoinAfterClose(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: ServerAddr()})
	defer client.Close()
	s, err := New(client)
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	v := s.vigils.join(backend.Key{}, backend.Token{})
	<-v.done
	s.vigils.leave(v)
}
