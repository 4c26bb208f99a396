package redistest

import (
	"net"
	"sync"
	"testing"
)

// Proxy passes connections on to a server and loses replies on the way.
type Proxy struct {
	target   string
	lose     func() bool
	listener net.Listener
	running  sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
	lost  int
}

// StartProxy starts a proxy that ends with the test. Lose is asked for every
// reply, save those of a connection's handshake; when it says so the server
// has done what it was asked, and the connection breaks before it can say so.
// It must be safe for concurrent use.
func StartProxy(tb testing.TB, target string, lose func() bool) *Proxy {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{target: target, lose: lose, listener: listener}
	p.running.Go(p.accept)
	tb.Cleanup(p.close)
	return p
}

// Addr returns the host and port that the proxy listens on.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Lost returns how many replies were lost so far.
func (p *Proxy) Lost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
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
		p.keep(client, server)
		p.running.Go(func() { pass(server, client, func() bool { return false }) })
		p.running.Go(func() { pass(client, server, p.fate()) })
	}
}

func (p *Proxy) keep(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, conns...)
}

// handshake is how many bursts of replies a go-redis client needs before it
// sends its first command.
const handshake = 3

// fate decides about the replies of one connection.
func (p *Proxy) fate() func() bool {
	bursts := 0
	return func() bool {
		if bursts++; bursts <= handshake || !p.lose() {
			return false
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.lost++
		return true
	}
}

// pass copies from src to dst until one of them ends or a burst is lost.
func pass(dst, src net.Conn, lose func() bool) {
	defer dst.Close()
	defer src.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := src.Read(buffer)
		if err != nil || lose() {
			return
		}
		if _, err := dst.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	for _, conn := range p.conns {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}
