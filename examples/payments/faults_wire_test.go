//go:build unix

package main

import (
	"net"
	"sync"
	"testing"
	"time"
)

// wire stands between two parties and passes their connections on, as badly as
// it is told. What a sender has written is on its way: it is delivered even if
// the sender closes or breaks its connection meanwhile, as on a real network.
type wire struct {
	target   string
	listener net.Listener
	ended    chan struct{}
	running  sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	decide func(burst) fate // nil delivers everything
	struck int
}

// burst is what one read brings.
type burst struct {
	up     bool      // from the one who dialled
	opened time.Time // when its connection was
}

// fate is what becomes of a burst. The zero fate delivers it.
type fate struct {
	// lost breaks the connection in place of delivering.
	lost bool
	// late is how long the burst is held back before it is delivered, and so
	// is all that follows it.
	late time.Duration
	// hungUp breaks the sender's connection at once, so that it knows of no
	// answer when a late burst is delivered.
	hungUp bool
}

// linger is how long the receiver of a late burst sees an open connection, on
// which it may work and answer in vain.
const linger = 500 * time.Millisecond

func startWire(t *testing.T, target string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{target: target, listener: listener, ended: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	w.running.Go(w.accept)
	t.Cleanup(w.close)
	return w
}

func (w *wire) address() string { return w.listener.Addr().String() }

// set replaces what decides, for bursts that are read from now on. It is asked
// by many goroutines.
func (w *wire) set(decide func(burst) fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.decide = decide
}

// strikes returns how many bursts were not just delivered.
func (w *wire) strikes() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.struck
}

func (w *wire) fate(b burst) (f fate) {
	w.mu.Lock()
	decide := w.decide
	w.mu.Unlock()
	if decide != nil {
		f = decide(b)
	}
	if f != (fate{}) {
		w.mu.Lock()
		w.struck++
		w.mu.Unlock()
	}
	return f
}

func (w *wire) accept() {
	for {
		one, err := w.listener.Accept()
		if err != nil {
			return
		}
		other, err := net.Dial("tcp", w.target)
		if err != nil {
			one.Close()
			continue
		}
		if !w.keep(one, other) {
			return
		}
		opened := time.Now()
		w.running.Go(func() { w.carry(other, one, burst{up: true, opened: opened}) })
		w.running.Go(func() { w.carry(one, other, burst{opened: opened}) })
	}
}

// keep remembers connections to close at the end, and refuses new ones then.
func (w *wire) keep(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.ended:
		for _, conn := range conns {
			conn.Close()
		}
		return false
	default:
	}
	for _, conn := range conns {
		w.conns[conn] = struct{}{}
	}
	return true
}

func (w *wire) hangUp(conn net.Conn) {
	conn.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, conn)
}

// letter is a burst on its way.
type letter struct {
	text []byte
	at   time.Time // of delivery
}

// carry reads from src without waiting for dst, so that what was sent is on its
// way whatever becomes of src.
func (w *wire) carry(dst, src net.Conn, b burst) {
	way := make(chan letter, 1024)
	w.running.Go(func() { w.deliver(dst, way) })
	defer close(way)
	defer w.hangUp(src)
	at := time.Time{}
	for {
		buffer := make([]byte, 32<<10)
		n, err := src.Read(buffer)
		if err != nil {
			return
		}
		f := w.fate(b)
		if f.lost {
			w.hangUp(dst)
			return
		}
		if due := time.Now().Add(f.late); due.After(at) {
			at = due
		}
		way <- letter{buffer[:n], at}
		if f.hungUp {
			return
		}
	}
}

func (w *wire) deliver(dst net.Conn, way <-chan letter) {
	late := false
	for l := range way {
		if pause := time.Until(l.at); pause > 0 {
			late = true
			w.sleep(pause)
		}
		if _, err := dst.Write(l.text); err != nil {
			for range way { // the sender cannot know yet
			}
		}
	}
	if late {
		w.sleep(linger)
	}
	w.hangUp(dst)
}

func (w *wire) sleep(pause time.Duration) {
	select {
	case <-time.After(pause):
	case <-w.ended:
	}
}

func (w *wire) close() {
	w.listener.Close()
	w.mu.Lock()
	close(w.ended)
	for conn := range w.conns {
		conn.Close()
	}
	w.mu.Unlock()
	w.running.Wait()
}
