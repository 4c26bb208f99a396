package pgstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// maxSubscriptions bounds the claims that callers of one store wait for.
const maxSubscriptions = 10_000

// claimID names one claim.
type claimID struct {
	key   backend.Key
	token backend.Token
}

// subscription is one claim that callers wait for. Its fields are guarded by
// subscriptions.mu, but err may be read when done is closed.
type subscription struct {
	claim   claimID
	waiters int
	due     time.Time // when the store looks at the claim
	done    chan struct{}
	err     error
}

// subscriptions are those of one store. The first one starts the goroutines that
// look at claims and listen, which run until the store is closed.
type subscriptions struct {
	store   *Store
	added   chan struct{} // holds one element when there is a new due time
	running sync.WaitGroup

	mu        sync.Mutex
	stop      context.CancelFunc // of the goroutines; nil before the first subscription
	closed    bool
	listening bool
	active    map[claimID]*subscription
}

func (ss *subscriptions) init(s *Store) {
	ss.store = s
	ss.added = make(chan struct{}, 1)
	ss.active = make(map[claimID]*subscription)
}

// errTooMany says that there is no subscription because there are too many.
var errTooMany = errors.New("pgstore: too many claims are waited for")

// join returns the subscription of a claim.
func (ss *subscriptions) join(claim claimID) (*subscription, error) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.closed {
		return nil, backend.ErrClosed
	}
	sub := ss.active[claim]
	if sub == nil {
		if len(ss.active) >= maxSubscriptions {
			return nil, errTooMany
		}
		sub = &subscription{claim: claim, due: time.Now(), done: make(chan struct{})}
		ss.active[claim] = sub
		ss.start()
		ss.signal()
	}
	sub.waiters++
	return sub, nil
}

func (ss *subscriptions) start() {
	if ss.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	ss.stop = stop
	ss.running.Go(func() { ss.watch(ctx) })
	if ss.store.connect != nil {
		ss.running.Go(func() { ss.listen(ctx) })
	}
}

// signal has the watching goroutine read the due times again.
func (ss *subscriptions) signal() {
	select {
	case ss.added <- struct{}{}:
	default:
	}
}

// leave forgets a subscription that no caller waits on.
func (ss *subscriptions) leave(sub *subscription) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if sub.waiters--; sub.waiters == 0 {
		ss.forget(sub)
	}
}

// end lets the callers of a claim continue. Callers that come later get a new
// subscription.
func (ss *subscriptions) end(claim claimID, err error) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if sub := ss.active[claim]; sub != nil {
		sub.err = err
		ss.forget(sub)
		close(sub.done)
	}
}

func (ss *subscriptions) forget(sub *subscription) {
	if ss.active[sub.claim] == sub {
		delete(ss.active, sub.claim)
	}
}

// setListening says whether notifications arrive. A change has the store look at
// every claim: what ended before it began to listen was not notified to it.
func (ss *subscriptions) setListening(listening bool) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.listening == listening {
		return
	}
	ss.listening = listening
	now := time.Now()
	for _, sub := range ss.active {
		sub.due = now
	}
	ss.signal()
}

// close ends every subscription and the goroutines, and waits for their end.
func (ss *subscriptions) close() {
	ss.mu.Lock()
	ss.closed = true
	for _, sub := range ss.active {
		sub.err = backend.ErrClosed
		close(sub.done)
	}
	clear(ss.active)
	if ss.stop != nil {
		ss.stop()
	}
	ss.mu.Unlock()
	ss.running.Wait()
}
