package pgstore

import "sync"

// background is the work that no caller waits for, except for Close.
type background struct {
	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

// run does the work in a goroutine, or at once after close.
func (b *background) run(work func()) {
	b.mu.Lock()
	closed := b.closed
	if !closed {
		b.running.Go(work)
	}
	b.mu.Unlock()
	if closed {
		work()
	}
}

// close waits for all work that has begun.
func (b *background) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.running.Wait()
}
