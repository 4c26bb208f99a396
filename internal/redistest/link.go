package redistest

import (
	"net"
	"sync"
	"time"
)

// link is a connection through the proxy.
type link struct {
	network        *network
	gate           gate // shared by both directions
	client, server net.Conn
	running        *sync.WaitGroup
	closed         <-chan struct{} // closed with the proxy
}

// handshake is the number of bursts of replies before a go-redis client sends its
// first command.
const handshake = 3

// burst is data that was received together, and the time at which to pass it on.
type burst struct {
	bytes []byte
	due   time.Time
}

// requests passes requests to the server, and closes the connection to the server
// when everything that the client has sent is delivered.
func (l *link) requests() {
	defer l.server.Close()
	first := true
	for b := range l.bursts(l.client, func() time.Duration {
		delay := l.network.oneWay()
		if first { // connecting to the proxy was not delayed
			delay, first = 3*delay, false
		}
		return delay
	}) {
		if l.pass(b) {
			_, _ = l.server.Write(b.bytes)
		}
	}
}

// replies passes replies to the client, and closes both connections when a reply is
// lost.
func (l *link) replies() {
	defer l.client.Close()
	n := 0
	for b := range l.bursts(l.server, l.network.oneWay) {
		n++
		switch {
		case !l.pass(b) || l.network.drops():
		case n > handshake && l.network.loses():
			_ = l.client.Close()
			_ = l.server.Close()
		default:
			_, _ = l.client.Write(b.bytes)
		}
	}
}

// bursts reads until the connection ends. The channel buffers bursts that cannot be
// passed on yet.
func (l *link) bursts(src net.Conn, delay func() time.Duration) <-chan burst {
	bursts := make(chan burst, 1024)
	l.running.Go(func() {
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

// pass waits until the burst may be passed on. It returns false if the proxy is
// closed first: the burst is then never delivered.
func (l *link) pass(b burst) bool {
	if pause := time.Until(b.due); pause > 0 {
		select {
		case <-time.After(pause):
		case <-l.closed:
			return false
		}
	}
	return l.gate.pass()
}
