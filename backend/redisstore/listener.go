package redisstore

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// idleListener is how long the connection for publish/subscribe outlives its
// last topic, so that one wait after the other does not connect anew.
const idleListener = 5 * time.Second

// listener hears of the ends of records, over one connection that it opens
// when there is something to hear.
type listener struct {
	client  Client
	readers sync.WaitGroup

	// calls puts what is sent in one order, so that an unsubscription never
	// overtakes the next subscription. It is held while sending; mu is not.
	calls sync.Mutex
	idle  *time.Timer
	sub   *redis.PubSub

	mu     sync.Mutex
	topics map[string]*topic
}

// topic is one record that vigils listen for.
type topic struct {
	name      string
	listeners int           // guarded by listener.mu
	confirmed chan struct{} // closed when Redis has confirmed the subscription
	heard     bool          // that confirmed is closed
	ended     chan struct{} // closed when the end was told
}

func (l *listener) open(client Client) {
	l.client = client
	l.topics = make(map[string]*topic)
}

// join returns the topic of that name. A subscription that cannot be sent is
// left to go-redis, which sends all of them when it has connected again.
func (l *listener) join(ctx context.Context, name string, timeout time.Duration) *topic {
	l.calls.Lock()
	defer l.calls.Unlock()
	t, fresh := l.add(name)
	if fresh {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		_ = l.connected().Subscribe(ctx, name)
	}
	return t
}

// add returns the topic of that name, and whether it is new.
func (l *listener) add(name string) (t *topic, fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t = l.topics[name]; t == nil {
		t, fresh = &topic{name: name, confirmed: make(chan struct{}), ended: make(chan struct{})}, true
		l.topics[name] = t
	}
	t.listeners++
	return t, fresh
}

// leave ends the subscription when the last one has left, unless somebody
// listens for the same record by now.
func (l *listener) leave(t *topic, timeout time.Duration) {
	l.calls.Lock()
	defer l.calls.Unlock()
	last, silent := l.remove(t)
	if !last || l.sub == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_ = l.sub.Unsubscribe(ctx, t.name)
	if silent {
		l.idle.Reset(idleListener)
	}
}

// remove reports whether nobody listens to the name any more, and whether
// nobody listens to anything.
func (l *listener) remove(t *topic) (last, silent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.listeners--; t.listeners == 0 && l.topics[t.name] == t {
		delete(l.topics, t.name)
	}
	return l.topics[t.name] == nil, len(l.topics) == 0
}

// connected returns the connection, with its reader running. The caller holds
// calls.
func (l *listener) connected() *redis.PubSub {
	if l.sub != nil {
		l.idle.Stop()
		return l.sub
	}
	l.sub = l.client.Subscribe(context.Background())
	l.idle = time.AfterFunc(idleListener, l.rest)
	l.idle.Stop()
	messages := l.sub.ChannelWithSubscriptions()
	l.readers.Go(func() { l.read(messages) })
	return l.sub
}

func (l *listener) read(messages <-chan any) {
	for message := range messages {
		switch m := message.(type) {
		case *redis.Subscription:
			if m.Kind == "subscribe" {
				l.confirm(m.Channel)
			}
		case *redis.Message:
			l.end(m.Channel)
		}
	}
}

func (l *listener) confirm(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.topics[name]; t != nil && !t.heard {
		t.heard = true
		close(t.confirmed)
	}
}

// end wakes who listens. Whoever joins from now on waits for the next end.
func (l *listener) end(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.topics[name]; t != nil {
		delete(l.topics, name)
		close(t.ended)
	}
}

// rest closes a connection that nobody has needed for a while.
func (l *listener) rest() {
	l.calls.Lock()
	defer l.calls.Unlock()
	l.mu.Lock()
	silent := len(l.topics) == 0
	l.mu.Unlock()
	if silent {
		l.disconnect()
	}
}

// close is called when no vigil runs any more.
func (l *listener) close() {
	l.calls.Lock()
	l.disconnect()
	l.calls.Unlock()
	l.readers.Wait()
}

func (l *listener) disconnect() {
	if l.sub != nil {
		l.idle.Stop()
		_ = l.sub.Close()
		l.sub = nil
	}
}
