package redistest

import (
	"net"
	"time"
)

// link is a connection through the proxy.
type link struct {
	proxy          *Proxy
	client, server net.Conn

	stuck chan struct{} // closed by Deliver; nil if it passes; guarded by proxy.mu
}

// handshake is how many bursts of replies a go-redis client needs before it
// sends its first command.
const handshake = 3

// burst is what came in one piece, and when it may go on.
type burst struct {
	bytes []byte
	due   time.Time
}

// requests ends the connection to the server when all that the client has sent
// is delivered.
func (l *link) requests() {
	defer l.server.Close()
	first := true
	for b := range l.bursts(l.client, func() time.Duration {
		delay := l.proxy.half()
		if first { // the client has connected to the proxy only
			delay, first = 3*delay, false
		}
		return delay
	}) {
		if l.pass(b) {
			_, _ = l.server.Write(b.bytes)
		}
	}
}

// replies breaks the connection when one is lost.
func (l *link) replies() {
	defer l.client.Close()
	n := 0
	for b := range l.bursts(l.server, l.proxy.half) {
		n++
		switch {
		case !l.pass(b) || l.proxy.drops():
		case n > handshake && l.proxy.loses():
			_ = l.client.Close()
			_ = l.server.Close()
		default:
			_, _ = l.client.Write(b.bytes)
		}
	}
}

// bursts reads until the connection ends. What cannot be passed on yet is kept.
func (l *link) bursts(src net.Conn, delay func() time.Duration) <-chan burst {
	bursts := make(chan burst, 1024)
	l.proxy.running.Go(func() {
		defer close(bursts)
		buffer := make([]byte, 64<<10)
		for {
			n, err := src.Read(buffer)
			if err != nil {
				return
			}
			bursts <- burst{append([]byte(nil), buffer[:n]...), time.Now().Add(delay())}
		}
	})
	return bursts
}

// pass waits until the burst may go on. It reports whether it may at all: what
// is held when the proxy closes never arrives.
func (l *link) pass(b burst) bool {
	if pause := time.Until(b.due); pause > 0 {
		select {
		case <-time.After(pause):
		case <-l.proxy.closed:
			return false
		}
	}
	for stuck := l.hold(); stuck != nil; stuck = l.hold() {
		select {
		case <-stuck:
			l.release(stuck)
		case <-l.proxy.closed:
			return false
		}
	}
	return true
}

// hold returns what a burst has to wait for; nil if it passes.
func (l *link) hold() chan struct{} {
	p := l.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.parted && l.stuck == nil {
		l.stuck = p.delivered
	}
	if l.stuck != nil {
		p.held++
	}
	return l.stuck
}

func (l *link) release(stuck chan struct{}) {
	p := l.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held--; l.stuck == stuck {
		l.stuck = nil
	}
}

// half returns what one direction of a round trip takes longer.
func (p *Proxy) half() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.delay / 2
}

func (p *Proxy) drops() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dropping {
		p.lost++
	}
	return p.dropping
}

func (p *Proxy) loses() bool {
	if !p.lose() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost++
	return true
}
