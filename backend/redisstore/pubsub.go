package redisstore

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// idleTimeout is how long the connection for publish/subscribe stays open
// without subscriptions, so that consecutive waits share it.
const idleTimeout = 5 * time.Second

// pubSub receives the published ends of claims for all subscriptions of a
// store. It uses one connection, which it opens for the first subscription and
// closes when it has been idle.
type pubSub struct {
	client  Client
	timeout time.Duration // of each command
	reader  sync.WaitGroup

	// sendMu orders the commands, so that an UNSUBSCRIBE never follows the
	// SUBSCRIBE of a later subscription to the same channel. It is held while
	// sending; mu is not.
	sendMu sync.Mutex
	idle   *time.Timer
	conn   *redis.PubSub

	mu       sync.Mutex
	channels map[string][]*subscription
}

func newPubSub(client Client, timeout time.Duration) *pubSub {
	return &pubSub{client: client, timeout: timeout, channels: make(map[string][]*subscription)}
}

// add subscribes to the channel of the subscription. An error of SUBSCRIBE is
// ignored: go-redis sends all subscriptions again when it has reconnected.
func (p *pubSub) add(ctx context.Context, sub *subscription) {
	p.sendMu.Lock()
	defer p.sendMu.Unlock()
	p.mu.Lock()
	p.channels[sub.channel] = append(p.channels[sub.channel], sub)
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	_ = p.connected().Subscribe(ctx, sub.channel)
}

// remove unsubscribes from the channel, unless another subscription uses it.
func (p *pubSub) remove(sub *subscription) {
	p.sendMu.Lock()
	defer p.sendMu.Unlock()
	channelUnused, allUnused := p.drop(sub)
	if !channelUnused || p.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	_ = p.conn.Unsubscribe(ctx, sub.channel)
	if allUnused {
		p.idle.Reset(idleTimeout)
	}
}

// drop removes the subscription, and reports whether its channel and whether
// all channels are without subscriptions now.
func (p *pubSub) drop(sub *subscription) (channelUnused, allUnused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rest := p.channels[sub.channel]
	if i := slices.Index(rest, sub); i >= 0 {
		rest = slices.Delete(rest, i, i+1)
	}
	if len(rest) == 0 {
		delete(p.channels, sub.channel)
	} else {
		p.channels[sub.channel] = rest
	}
	return len(rest) == 0, len(p.channels) == 0
}

// connected returns the connection, and opens it if necessary. The caller holds
// sendMu.
func (p *pubSub) connected() *redis.PubSub {
	if p.conn != nil {
		p.idle.Stop()
		return p.conn
	}
	p.conn = p.client.Subscribe(context.Background())
	p.idle = time.AfterFunc(idleTimeout, p.closeIdle)
	p.idle.Stop()
	messages := p.conn.ChannelWithSubscriptions()
	p.reader.Go(func() { p.read(messages) })
	return p.conn
}

func (p *pubSub) read(messages <-chan any) {
	for message := range messages {
		switch m := message.(type) {
		case *redis.Subscription:
			if m.Kind == "subscribe" {
				p.confirm(m.Channel)
			}
		case *redis.Message:
			p.publish(m.Channel)
		}
	}
}

// confirm reports to the subscriptions of the channel that Redis has confirmed
// it.
func (p *pubSub) confirm(channel string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, sub := range p.channels[channel] {
		sub.confirm()
	}
}

// publish ends the wait of all subscriptions of the channel. Subscriptions that
// are added later wait for the next message.
func (p *pubSub) publish(channel string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, sub := range p.channels[channel] {
		close(sub.published)
	}
	delete(p.channels, channel)
}

// closeIdle closes the connection if there are no subscriptions.
func (p *pubSub) closeIdle() {
	p.sendMu.Lock()
	defer p.sendMu.Unlock()
	p.mu.Lock()
	unused := len(p.channels) == 0
	p.mu.Unlock()
	if unused {
		p.disconnect()
	}
}

// close closes the connection and waits for its reader. No subscription may be
// active any more.
func (p *pubSub) close() {
	p.sendMu.Lock()
	p.disconnect()
	p.sendMu.Unlock()
	p.reader.Wait()
}

func (p *pubSub) disconnect() {
	if p.conn != nil {
		p.idle.Stop()
		_ = p.conn.Close()
		p.conn = nil
	}
}
