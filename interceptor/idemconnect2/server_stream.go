package idemconnect2

import (
	"context"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/replayed"
)

// serverStream guards a server stream. It decodes the request, which is part of the
// claim, and hands it over to the handler.
func (i *serverInterceptor) serverStream(ctx context.Context, method *rpc.Method, info *connect.CallInfo, to target) error {
	keys := info.RequestHeader().Values(i.keyField)
	request, err := i.receive(ctx, method, info, to, keys)
	switch {
	case err != nil:
		return err
	case request == nil:
		return to.next(ctx, to.spec, to.stream)
	}
	call, err := i.guard.NewStreamCall(ctx, method, keys, request)
	if err != nil {
		return refused(err, to.spec.Procedure, info)
	}
	to.stream = &handedOver{ServerStream: to.stream, request: request}
	if call.Key == "" {
		return to.next(ctx, to.spec, to.stream)
	}
	s := &streamCall{target: to, guard: i.guard, method: method, info: info, key: call.Key}
	method.Operation.WarnIfUnscoped(ctx, func() bool { return hasCredentials(info) })
	result, err := method.Operation.Run(ctx, call, s.run)
	switch {
	case err != nil:
		return refused(err, to.spec.Procedure, info)
	case result.Replayed:
		return i.replayStream(ctx, s, result.Outcome)
	default:
		return s.err
	}
}

func (i *serverInterceptor) replayStream(ctx context.Context, s *streamCall, raw []byte) error {
	recorded, err := i.guard.ReplayStream(ctx, s.method, s.key, raw)
	if err != nil {
		return refused(err, s.spec.Procedure, s.info)
	}
	replayed.Set(ctx, s.key)
	addFields(&recorded.Headers, s.info.ResponseHeader())
	addFields(&recorded.Trailers, s.info.ResponseTrailer())
	if recorded.Status == nil || len(recorded.Messages) > 0 {
		s.info.ResponseHeader().SetValues(i.marker.field, i.marker.values)
	} else {
		errorFields(s.info).SetValues(i.marker.field, i.marker.values)
	}
	for _, message := range recorded.Messages {
		if err := s.stream.Send(message); err != nil {
			return err
		}
	}
	if recorded.Status != nil {
		return errorOf(recorded.Status, s.info)
	}
	return nil
}

// streamCall is a server stream that has a key. It runs the handler under a claim,
// and records what it sends.
type streamCall struct {
	target

	guard  *rpc.Guard
	method *rpc.Method
	info   *connect.CallInfo
	key    string
	err    error // of the handler
}

func (s *streamCall) run(ctx context.Context) idempotency.Answer {
	capture := captureMetadata(s.info)
	stream := s.guard.NewStream(s.method)
	s.err = s.next(ctx, s.spec, &recordedStream{ServerStream: s.stream, record: stream})
	headers, trailers := capture.captured()
	if s.err == nil {
		return stream.Success(headers, trailers)
	}
	returned, sent := statuses(s.err)
	return stream.Failure(s.key, returned, sent, headers, trailers)
}

// recordedStream records the messages that a handler sends.
type recordedStream struct {
	connect.ServerStream

	record *rpc.Stream
}

// Send implements [connect.ServerStream].
func (s *recordedStream) Send(message any) error { return s.record.Send(message, s.ServerStream.Send) }
