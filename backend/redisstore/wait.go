package redisstore

import (
	"context"
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// How often a vigil looks at its claim although nothing was heard of it: while
// it can hear, and while it cannot.
const (
	pollHearing = 2 * time.Second
	pollDeaf    = 100 * time.Millisecond
)

// Wait implements [backend.Waiter]. All who wait in this process for one claim
// share one vigil. Redis tells it when the claim is finished, released, taken
// over or given a shorter lease; the end of the lease, and what a broken
// connection kept from being heard, it finds out by looking, about once a
// second. Nothing is told of claims that nobody waits for.
func (s *Store) Wait(ctx context.Context, key backend.Key, token backend.Token) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	v := s.vigils.join(key, token)
	defer s.vigils.leave(v)
	select {
	case <-v.done:
		return v.err
	case <-ctx.Done():
		return contextEnded(ctx.Err())
	}
}

// vigil watches over one claim for all who wait for it.
type vigil struct {
	claim   claimed
	waiters int // guarded by vigils.mu
	stop    context.CancelFunc
	done    chan struct{}
	err     error // to be read when done is closed
}

type claimed struct {
	key   backend.Key
	token backend.Token
}

// vigils are those of one store.
type vigils struct {
	store    *Store
	listener listener
	running  sync.WaitGroup
	hearing  time.Duration // pollHearing, but for tests

	mu     sync.Mutex
	closed bool
	kept   map[claimed]*vigil
}

func (vs *vigils) begin(s *Store) {
	vs.store, vs.hearing = s, pollHearing
	vs.kept = make(map[claimed]*vigil)
	vs.listener.open(s.client)
}

func (vs *vigils) join(key backend.Key, token backend.Token) *vigil {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	claim := claimed{key, token}
	v := vs.kept[claim]
	if v == nil {
		v = vs.start(claim)
	}
	v.waiters++
	return v
}

// start starts a vigil. In a closed store it is over at once.
func (vs *vigils) start(claim claimed) *vigil {
	ctx, stop := context.WithCancel(context.Background())
	v := &vigil{claim: claim, stop: stop, done: make(chan struct{})}
	if vs.closed {
		v.err = backend.ErrClosed
		close(v.done)
		return v
	}
	vs.kept[claim] = v
	vs.running.Go(func() { vs.end(v, vs.store.keep(ctx, claim)) })
	return v
}

// leave ends a vigil that nobody waits on any more.
func (vs *vigils) leave(v *vigil) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if v.waiters--; v.waiters == 0 {
		v.stop()
		vs.forget(v)
	}
}

// end lets the waiters go. Whoever comes later needs a new vigil, as the claim
// may live again.
func (vs *vigils) end(v *vigil, err error) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	vs.forget(v)
	if v.err = err; vs.closed {
		v.err = backend.ErrClosed
	}
	close(v.done)
}

func (vs *vigils) forget(v *vigil) {
	if vs.kept[v.claim] == v {
		delete(vs.kept, v.claim)
	}
}

// close ends every vigil and waits for that.
func (vs *vigils) close() {
	vs.mu.Lock()
	vs.closed = true
	for _, v := range vs.kept {
		v.stop()
	}
	vs.mu.Unlock()
	vs.running.Wait()
	vs.listener.close()
}

// keep returns nil when the claim has ended. It looks first, marking the claim
// as waited for, and listens only if there is something to wait for; what
// happens until the subscription is confirmed is found by another look.
func (s *Store) keep(ctx context.Context, claim claimed) error {
	name := s.name(claim.key)
	left, err := s.look(ctx, name, claim.token)
	if err != nil || left <= 0 {
		return err
	}
	t := s.vigils.listener.join(ctx, name, s.ownTimeout())
	defer s.vigils.listener.leave(t, s.ownTimeout())
	confirmed, poll := t.confirmed, pollDeaf
	for {
		select {
		case <-t.ended:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-confirmed:
			confirmed, poll = nil, s.vigils.hearing
		case <-time.After(min(left, poll)):
		}
		if left, err = s.look(ctx, name, claim.token); err != nil || left <= 0 {
			return err
		}
	}
}

// look returns how long the claim's lease has left, and has its end told.
func (s *Store) look(ctx context.Context, name string, token backend.Token) (left time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.ownTimeout())
	defer cancel()
	err = s.step(ctx, "wait", func(ctx context.Context) error {
		n, err := watchScript.count(ctx, s.via, name, token[:])
		left = time.Duration(n) * time.Millisecond
		return err
	})
	return left, err
}
