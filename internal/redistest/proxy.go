package redistest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy passes connections on to a server, and can be a bad network: it loses
// replies, delays bytes, or holds them back and delivers them late. Its methods
// are safe for concurrent use.
type Proxy struct {
	target   string
	lose     func() bool
	listener net.Listener
	running  sync.WaitGroup
	closed   chan struct{}

	mu        sync.Mutex
	conns     []net.Conn
	lost      int
	dropping  bool
	delay     time.Duration
	parted    bool
	delivered chan struct{} // closed by Deliver
	held      int
}

// StartProxy starts a proxy that ends with the test. Lose is asked for every
// reply, save those of a connection's handshake; when it says so the server
// has done what it was asked, and the connection breaks before it can say so.
// It must be safe for concurrent use; nil loses nothing.
func StartProxy(tb testing.TB, target string, lose func() bool) *Proxy {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	if lose == nil {
		lose = func() bool { return false }
	}
	p := &Proxy{target: target, lose: lose, listener: listener, closed: make(chan struct{})}
	p.running.Go(p.accept)
	tb.Cleanup(p.close)
	return p
}

// Addr returns the host and port that the proxy listens on.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Lost returns how many replies were lost or dropped so far.
func (p *Proxy) Lost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// DropReplies says whether replies vanish from now on. The connections stay
// open, so clients wait until they give up.
func (p *Proxy) DropReplies(drop bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropping = drop
}

// Delay makes every round trip take so much longer from now on, that of
// connecting included.
func (p *Proxy) Delay(trip time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = trip
}

// Part begins a partition: all bytes are held back, in both directions. Clients
// can still connect, but hear nothing. What a client has sent is held even when
// it closes its connection, as a network does.
func (p *Proxy) Part() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parted, p.delivered = true, make(chan struct{})
}

// Heal ends the partition, but not for what was held back: a connection that
// has bytes in the proxy stays stuck until Deliver, as TCP repeats what was not
// acknowledged at ever longer intervals. All others pass at once.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parted = false
}

// Deliver delivers what was held back, and heals the partition if that was not
// done before. It must follow Part.
func (p *Proxy) Deliver() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parted = false
	close(p.delivered)
}

// Held returns how many connections have bytes in the proxy that wait for
// Deliver, each direction counted by itself.
func (p *Proxy) Held() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		if !p.keep(client, server) {
			return
		}
		l := &link{proxy: p, client: client, server: server}
		p.running.Go(func() { l.requests() })
		p.running.Go(func() { l.replies() })
	}
}

// keep has the connections closed with the proxy. It reports whether that is
// still to come.
func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
		for _, conn := range conns {
			_ = conn.Close()
		}
		return false
	default:
		p.conns = append(p.conns, conns...)
		return true
	}
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	close(p.closed)
	for _, conn := range p.conns {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}
