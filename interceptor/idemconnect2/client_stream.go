package idemconnect2

import (
	"context"
	"errors"
	"io"
	"sync"
)

// clientStream is the stream of a unary call for its caller. It holds the message back
// until Receive, which sends it as often as needed. Its methods may be called
// concurrently.
type clientStream struct {
	ctx  context.Context //nolint:containedctx // of the call, which Receive makes
	call clientCall

	mu       sync.Mutex
	state    sendState
	received bool
	waiting  chan struct{}      // closed when the state changes; nil if no Receive waits
	cancel   context.CancelFunc // ends the call; nil before and after it
}

// sendState is what became of the send side of a stream.
type sendState int

const (
	unsent sendState = iota
	sent             // with a message
	ended            // by CloseSend, without a message
	closed           // by Close
)

// SendHeaders implements [connect.ClientStream]. The headers are sent with the
// message.
func (*clientStream) SendHeaders() error { return nil }

// Send implements [connect.ClientStream].
func (s *clientStream) Send(message any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.state {
	case unsent:
		s.call.message = message
		s.change(sent)
		return nil
	case sent:
		return errSentTwice
	default:
		return io.EOF
	}
}

// CloseSend implements [connect.ClientStream].
func (s *clientStream) CloseSend() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == unsent {
		s.change(ended)
	}
	return nil
}

// Close implements [connect.ClientStream].
func (s *clientStream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.change(closed)
	if s.cancel != nil {
		s.cancel()
	}
	return nil
}

// change must be called with the lock.
func (s *clientStream) change(state sendState) {
	s.state = state
	if s.waiting != nil {
		close(s.waiting)
		s.waiting = nil
	}
}

// Receive implements [connect.ClientStream].
func (s *clientStream) Receive(into any) error {
	if err := s.awaitSend(); err != nil {
		return err
	}
	ctx, err := s.begin()
	if err != nil {
		return err
	}
	defer s.end()
	return s.call.send(ctx, into)
}

// awaitSend waits until a message is sent, or until it is certain that none will be.
func (s *clientStream) awaitSend() error {
	s.mu.Lock()
	if s.state != unsent {
		s.mu.Unlock()
		return nil
	}
	if s.waiting == nil {
		s.waiting = make(chan struct{})
	}
	waiting := s.waiting
	s.mu.Unlock()
	select {
	case <-waiting:
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// begin returns the context of the call, which Close ends.
func (s *clientStream) begin() (context.Context, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.received || s.state == closed:
		return nil, io.EOF
	case s.state == ended:
		return nil, errNothingSent
	}
	s.received = true
	ctx, cancel := context.WithCancel(s.ctx)
	s.cancel = cancel
	return ctx, nil
}

func (s *clientStream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel()
	s.cancel = nil
}

var (
	errSentTwice   = errors.New("idemconnect2: a unary call has a second message")
	errNothingSent = errors.New("idemconnect2: a unary call has no message")
)
