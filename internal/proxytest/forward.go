package proxytest

import (
	"net"
	"time"
)

// linger is how long the connection of a receiver remains after a delayed chunk. The
// receiver may run the call meanwhile, but its answer is not delivered.
const linger = 500 * time.Millisecond

// delivery is the content of a chunk and when to deliver it.
type delivery struct {
	text []byte
	at   time.Time
}

// forward reads from src without waiting for dst, so that it delivers what was sent
// even if src breaks.
func (p *Proxy) forward(dst, src net.Conn, c Chunk) {
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
		c.Bytes = buffer[:n]
		d := p.decideAbout(c)
		if d.Lost {
			p.hangUp(dst)
			return
		}
		if due := time.Now().Add(d.Delay); due.After(at) {
			at = due
		}
		deliveries <- delivery{buffer[:n], at}
		if d.HangUp {
			return
		}
	}
}

func (p *Proxy) deliver(dst net.Conn, deliveries <-chan delivery) {
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

func (p *Proxy) sleep(pause time.Duration) {
	select {
	case <-time.After(pause):
	case <-p.ended:
	}
}
