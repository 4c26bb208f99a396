package idemconnect2

import (
	"fmt"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// handedOver is the stream of a call whose message the guard has received. The
// first Receive returns that message.
type handedOver struct {
	connect.ServerStream

	request proto.Message // nil once it is handed over
}

// Receive implements [connect.ServerStream].
func (s *handedOver) Receive(into any) error {
	request := s.request
	if request == nil {
		return s.ServerStream.Receive(into)
	}
	s.request = nil
	if err := rpc.HandOver(into, request); err != nil {
		return connect.NewError(connect.CodeInternal, "").WithCause(fmt.Errorf("idemconnect2: %w", err))
	}
	return nil
}

// heldBack is the stream of a handler that runs under a claim. Its answer is sent
// when it is recorded.
type heldBack struct {
	handedOver

	response any
	sent     bool
}

// SendHeaders implements [connect.ServerStream]. As with connect-go's own streams of
// unary calls, the headers are sent with the answer.
func (*heldBack) SendHeaders() error { return nil }

// Send implements [connect.ServerStream].
func (s *heldBack) Send(response any) error {
	if s.sent {
		return errSentTwice
	}
	s.response, s.sent = response, true
	return nil
}
