package idemconnect

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/replayed"
)

// WrapStreamingHandler implements connect.Interceptor.
func (i *interceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		spec := conn.Spec()
		method := i.method(&spec)
		if spec.StreamType == connect.StreamTypeServer && !method.Unguarded() && method.GuardsStreams() {
			return i.serverStream(ctx, &streamRecorder{guard: i.guard, method: method, conn: conn, next: next})
		}
		if err := i.guard.RefuseStream(ctx, method, conn.RequestHeader()[i.keyField]); err != nil {
			return refused(err, spec.Procedure)
		}
		return next(ctx, conn)
	}
}

// serverStream guards a server stream. It decodes the request, which is part of the
// claim, and hands it over to the handler.
func (i *interceptor) serverStream(ctx context.Context, s *streamRecorder) error {
	header, operation := s.conn.RequestHeader(), s.method.Operation
	request, err := i.guard.NewRequest(ctx, s.method, header[i.keyField])
	switch {
	case err != nil:
		return refused(err, operation.Name())
	case request == nil:
		return s.next(ctx, s.conn)
	}
	if err := s.conn.Receive(request); err != nil {
		return err
	}
	call, err := i.guard.NewStreamCall(ctx, s.method, header[i.keyField], request)
	if err != nil {
		return refused(err, operation.Name())
	}
	s.key, s.request = call.Key, request
	if call.Key == "" {
		return s.next(ctx, &handedOver{StreamingHandlerConn: s.conn, request: request})
	}
	operation.WarnIfUnscoped(ctx, func() bool { return header["Authorization"] != nil || header["Cookie"] != nil })
	result, err := operation.Run(ctx, call, s.run)
	switch {
	case err != nil:
		return refused(err, operation.Name())
	case result.Replayed:
		return i.replayStream(ctx, s, result.Outcome)
	default:
		return s.err
	}
}

func (i *interceptor) replayStream(ctx context.Context, s *streamRecorder, raw []byte) error {
	recorded, err := i.guard.ReplayStream(ctx, s.method, s.key, raw)
	if err != nil {
		return refused(err, s.method.Operation.Name())
	}
	replayed.Set(ctx, s.key)
	header, trailer := s.conn.ResponseHeader(), s.conn.ResponseTrailer()
	toHeader(&recorded.Headers, header)
	toHeader(&recorded.Trailers, trailer)
	if recorded.Status == nil || len(recorded.Messages) > 0 {
		header[i.marker.field] = i.marker.values
	}
	for _, message := range recorded.Messages {
		if err := s.conn.Send(message); err != nil {
			return err
		}
	}
	if recorded.Status == nil {
		return nil
	}
	failure := errorOf(recorded.Status)
	failure.Meta()[i.marker.field] = i.marker.values
	return failure
}

// streamRecorder runs the handler of a guarded server stream, and records what it sends.
type streamRecorder struct {
	guard   *rpc.Guard
	method  *rpc.Method
	key     string
	request proto.Message
	conn    connect.StreamingHandlerConn
	next    connect.StreamingHandlerFunc

	err error // of the handler
}

func (s *streamRecorder) run(ctx context.Context) idempotency.Answer {
	header, trailer := s.conn.ResponseHeader().Clone(), s.conn.ResponseTrailer().Clone()
	stream := &recordedStream{
		handedOver: handedOver{StreamingHandlerConn: s.conn, request: s.request},
		record:     s.guard.NewStream(s.method),
	}
	s.err = s.next(ctx, stream)
	headers, trailers := addedFields(header, s.conn.ResponseHeader()), addedFields(trailer, s.conn.ResponseTrailer())
	if s.err == nil {
		return stream.record.Success(headers, trailers)
	}
	sent := statusOf(s.err)
	return stream.record.Failure(s.key, sent, sent, headers, rpc.FromHTTP(trailers, metaOf(s.err)))
}

// handedOver is a stream whose request the guard has received. The first Receive
// returns it.
type handedOver struct {
	connect.StreamingHandlerConn

	request proto.Message // nil once it is handed over
}

// Receive implements [connect.StreamingHandlerConn].
func (s *handedOver) Receive(into any) error {
	request := s.request
	if request == nil {
		return s.StreamingHandlerConn.Receive(into)
	}
	s.request = nil
	if err := rpc.HandOver(into, request); err != nil {
		return connect.NewError(connect.CodeInternal, fmt.Errorf("idemconnect: %w", err))
	}
	return nil
}

// recordedStream records the messages that a handler sends.
type recordedStream struct {
	handedOver

	record *rpc.Stream
}

// Send implements [connect.StreamingHandlerConn].
func (s *recordedStream) Send(message any) error {
	return s.record.Send(message, s.StreamingHandlerConn.Send)
}
