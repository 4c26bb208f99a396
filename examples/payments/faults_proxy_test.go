//go:build unix

package main

import (
	"net"
	"sync"
	"testing"
	"time"
)

// proxy forwards connections and can disturb them. It delivers what a sender has
// written even if the sender closes or breaks its connection meanwhile, as a real
// network does.
type proxy struct {
	target   string
	listener net.Listener
	ended    chan struct{}
	running  sync.WaitGroup

	mu        sync.Mutex
	conns     map[net.Conn]struct{}
	decide    func(chunk) disturbance // nil delivers everything
	disturbed int
}

// chunk is what one read returns.
type chunk struct {
	up     bool      // sent by the side that dialled
	opened time.Time // when its connection was accepted
}

// disturbance is what happens to a chunk. The zero disturbance delivers it.
type disturbance struct {
	// lost breaks the connection instead of delivering the chunk.
	lost bool
	// delay is how long the chunk, and all that follows it, is held back before it
	// is delivered.
	delay time.Duration
	// hangUp breaks the sender's connection at once, so that the sender gets no
	// answer to a delayed chunk.
	hangUp bool
}

// linger is how long the connection of a receiver remains after a delayed chunk. The
// receiver may run the call meanwhile, but its answer is not delivered.
const linger = 500 * time.Millisecond

func startProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{target: target, listener: listener, ended: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	p.running.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// disturb sets the function that decides about chunks from now on. It must be safe
// for concurrent use.
func (p *proxy) disturb(decide func(chunk) disturbance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.decide = decide
}

// disturbances returns the number of chunks that were disturbed.
func (p *proxy) disturbances() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.disturbed
}

func (p *proxy) decideAbout(c chunk) (d disturbance) {
	p.mu.Lock()
	decide := p.decide
	p.mu.Unlock()
	if decide != nil {
		d = decide(c)
	}
	if d != (disturbance{}) {
		p.mu.Lock()
		p.disturbed++
		p.mu.Unlock()
	}
	return d
}

func (p *proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			conn.Close()
			continue
		}
		if !p.add(conn, server) {
			return
		}
		opened := time.Now()
		p.running.Go(func() { p.forward(server, conn, chunk{up: true, opened: opened}) })
		p.running.Go(func() { p.forward(conn, server, chunk{opened: opened}) })
	}
}

// add registers connections, which close closes. After close it returns false.
func (p *proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.ended:
		for _, conn := range conns {
			conn.Close()
		}
		return false
	default:
	}
	for _, conn := range conns {
		p.conns[conn] = struct{}{}
	}
	return true
}

func (p *proxy) hangUp(conn net.Conn) {
	conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}

// delivery is the content of a chunk and when to deliver it.
type delivery struct {
	text []byte
	at   time.Time
}

// forward reads from src without waiting for dst, so that it delivers what was sent
// even if src breaks.
func (p *proxy) forward(dst, src net.Conn, c chunk) {
	deliveries := make(chan delivery, 1024)
	p.running.Go(func() { p.deliver(dst, deliveries) })
	defer close(deliveries)
	defer p.hangUp(src)
	at := time.Time{}
	for {
		buffer := make([]byte, 32<<10)
		n, err := src.Read(buffer)
		if err != nil {
			return
		}
		d := p.decideAbout(c)
		if d.lost {
			p.hangUp(dst)
			return
		}
		if due := time.Now().Add(d.delay); due.After(at) {
			at = due
		}
		deliveries <- delivery{buffer[:n], at}
		if d.hangUp {
			return
		}
	}
}

func (p *proxy) deliver(dst net.Conn, deliveries <-chan delivery) {
	delayed := false
	for d := range deliveries {
		if pause := time.Until(d.at); pause > 0 {
			delayed = true
			p.sleep(pause)
		}
		if _, err := dst.Write(d.text); err != nil {
			for range deliveries { // the sender does not see the error
			}
		}
	}
	if delayed {
		p.sleep(linger)
	}
	p.hangUp(dst)
}

func (p *proxy) sleep(pause time.Duration) {
	select {
	case <-time.After(pause):
	case <-p.ended:
	}
}

func (p *proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	close(p.ended)
	for conn := range p.conns {
		conn.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}
