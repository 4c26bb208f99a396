package redistest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy passes connections to a server and simulates a bad network: it can lose
// replies, delay data, or hold data back and deliver it late. Its methods are safe
// for concurrent use.
type Proxy struct {
	target   string
	network  network
	listener net.Listener
	running  sync.WaitGroup
	closed   chan struct{}

	mu    sync.Mutex
	conns []net.Conn
}

// StartProxy starts a proxy that ends with the test. The function lose runs for
// every reply, except those of a connection's handshake. If it returns true, the
// connection breaks before the reply is delivered, although the server has applied
// the command. It must be safe for concurrent use; nil loses nothing.
func StartProxy(tb testing.TB, target string, lose func() bool) *Proxy {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	if lose == nil {
		lose = func() bool { return false }
	}
	p := &Proxy{target: target, network: network{lose: lose}, listener: listener, closed: make(chan struct{})}
	p.running.Go(p.accept)
	tb.Cleanup(p.close)
	return p
}

// Addr returns the host and port that the proxy listens on.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Lost returns the number of replies that were lost or dropped so far.
func (p *Proxy) Lost() int {
	p.network.mu.Lock()
	defer p.network.mu.Unlock()
	return p.network.lost
}

// DropReplies sets whether replies are dropped from now on. The connections stay
// open, so clients wait until their timeout.
func (p *Proxy) DropReplies(drop bool) {
	p.network.mu.Lock()
	defer p.network.mu.Unlock()
	p.network.dropping = drop
}

// Delay makes every round trip take longer by that time from now on, including the
// round trip of connecting.
func (p *Proxy) Delay(trip time.Duration) {
	p.network.mu.Lock()
	defer p.network.mu.Unlock()
	p.network.delay = trip
}

// Part starts a partition: all data is held back in both directions. Clients can
// still connect, but get no replies. Data that a client has sent is held even if the
// client closes its connection, as in a real network.
func (p *Proxy) Part() {
	p.network.mu.Lock()
	defer p.network.mu.Unlock()
	p.network.parted, p.network.delivered = true, make(chan struct{})
}

// Heal ends the partition, except for connections with held data: they stay blocked
// until Deliver, as TCP retransmits at increasing intervals. Data of all other
// connections passes at once.
func (p *Proxy) Heal() {
	p.network.mu.Lock()
	defer p.network.mu.Unlock()
	p.network.parted = false
}

// Deliver delivers held data, and ends the partition if Heal has not. It must follow
// Part.
func (p *Proxy) Deliver() {
	p.network.mu.Lock()
	defer p.network.mu.Unlock()
	p.network.parted = false
	close(p.network.delivered)
}

// Held returns the number of connections with held data. Each direction counts
// separately.
func (p *Proxy) Held() int {
	p.network.mu.Lock()
	defer p.network.mu.Unlock()
	return p.network.held
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
		if !p.register(client, server) {
			return
		}
		l := &link{
			network: &p.network, gate: gate{network: &p.network, closed: p.closed},
			client: client, server: server, running: &p.running, closed: p.closed,
		}
		p.running.Go(func() { l.requests() })
		p.running.Go(func() { l.replies() })
	}
}

// register makes the proxy close the connections when it is closed. If it is closed
// already, register closes them and returns false.
func (p *Proxy) register(conns ...net.Conn) bool {
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
