package redistest

import (
	"sync"
	"time"
)

// network is the state of the network that a proxy simulates. Its methods are
// safe for concurrent use.
type network struct {
	lose func() bool

	mu        sync.Mutex
	lost      int
	dropping  bool
	delay     time.Duration
	parted    bool
	delivered chan struct{} // closed by Deliver
	held      int
}

// oneWay returns the additional delay of one direction of a round trip.
func (n *network) oneWay() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.delay / 2
}

// drops reports whether a reply is dropped, and counts it.
func (n *network) drops() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dropping {
		n.lost++
	}
	return n.dropping
}

// loses reports whether a reply is lost with its connection, and counts it.
func (n *network) loses() bool {
	if !n.lose() {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lost++
	return true
}

// gate holds back the data of a connection during a partition.
type gate struct {
	network *network
	closed  <-chan struct{} // closed with the proxy

	stuck chan struct{} // closed by Deliver; nil if data passes; protected by network.mu
}

// pass waits until data may pass. It returns false if the proxy is closed first:
// the data is then never delivered.
func (g *gate) pass() bool {
	for stuck := g.hold(); stuck != nil; stuck = g.hold() {
		select {
		case <-stuck:
			g.release(stuck)
		case <-g.closed:
			return false
		}
	}
	return true
}

// hold returns the channel that the data has to wait for; nil if it passes.
func (g *gate) hold() chan struct{} {
	n := g.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.parted && g.stuck == nil {
		g.stuck = n.delivered
	}
	if g.stuck != nil {
		n.held++
	}
	return g.stuck
}

func (g *gate) release(stuck chan struct{}) {
	n := g.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.held--; g.stuck == stuck {
		g.stuck = nil
	}
}
