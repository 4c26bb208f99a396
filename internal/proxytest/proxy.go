package proxytest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy forwards connections and can disturb them. It delivers what a sender has
// written even if the sender closes or breaks its connection meanwhile, as a real
// network does. Its methods are safe for concurrent use.
type Proxy struct {
	target   string
	listener net.Listener
	ended    chan struct{}
	running  sync.WaitGroup

	mu        sync.Mutex
	conns     map[net.Conn]struct{}
	decide    func(Chunk) Disturbance // nil delivers everything
	disturbed int
}

// Start starts a proxy in front of a target, a host and port, that ends with the test.
func Start(tb testing.TB, target string) *Proxy {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{target: target, listener: listener, ended: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	p.running.Go(p.accept)
	tb.Cleanup(p.close)
	return p
}

// Addr returns the host and port that the proxy listens on.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Disturb sets the function that decides about chunks from now on; nil delivers
// everything. It must be safe for concurrent use. While it runs, nothing that follows
// in the same direction of the connection is read, not even its end.
func (p *Proxy) Disturb(decide func(Chunk) Disturbance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.decide = decide
}

// Disturbances returns the number of chunks that were disturbed.
func (p *Proxy) Disturbances() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.disturbed
}

func (p *Proxy) decideAbout(c Chunk) (d Disturbance) {
	p.mu.Lock()
	decide := p.decide
	p.mu.Unlock()
	if decide != nil {
		d = decide(c)
	}
	if d != (Disturbance{}) {
		p.mu.Lock()
		p.disturbed++
		p.mu.Unlock()
	}
	return d
}

func (p *Proxy) accept() {
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
		p.running.Go(func() { p.forward(server, conn, Chunk{Up: true, Opened: opened}) })
		p.running.Go(func() { p.forward(conn, server, Chunk{Opened: opened}) })
	}
}

// add registers connections, which close closes. After close it returns false.
func (p *Proxy) add(conns ...net.Conn) bool {
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

func (p *Proxy) hangUp(conn net.Conn) {
	conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}

func (p *Proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	close(p.ended)
	for conn := range p.conns {
		conn.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}
