package idemconnect2

import (
	"fmt"
	"reflect"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
)

// handedOver is the stream of a unary call whose message the guard has received. The
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
	return handOver(into, request)
}

// handOver moves a message, which must not be used afterwards. Handlers that are not
// generated may have another Go type for the schema of the method.
func handOver(into any, message proto.Message) error {
	to, from := reflect.ValueOf(into), reflect.ValueOf(message)
	if to.Type() == from.Type() && to.Kind() == reflect.Pointer {
		to.Elem().Set(from.Elem())
		return nil
	}
	other, ok := into.(proto.Message)
	if !ok {
		return connect.NewError(connect.CodeInternal, "").WithCause(fmt.Errorf("idemconnect2: a handler receives a %T, and the schema has %T", into, message))
	}
	raw, err := proto.MarshalOptions{AllowPartial: true}.Marshal(message)
	if err == nil {
		err = proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(raw, other)
	}
	return err
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
