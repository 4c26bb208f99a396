package idemgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/replayed"
)

// Stream guards the server streams that have [idempotency.Policy.MaxMessages]. It
// refuses other streams that have a key, with InvalidArgument, and passes all others; it
// is a [grpc.StreamServerInterceptor].
func (i *Interceptor) Stream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx := stream.Context()
	keys := metadata.ValueFromIncomingContext(ctx, i.guard.KeyField)
	method := i.guard.Method(info.FullMethod, nil, false)
	if info.IsServerStream && !info.IsClientStream && !method.Unguarded() && method.GuardsStreams() {
		s := &streamRecorder{guard: i.guard, method: method, server: server, stream: stream, handler: handler}
		return i.serverStream(ctx, s, keys)
	}
	if err := i.guard.RefuseStream(ctx, method, keys); err != nil {
		return refused(err, info.FullMethod)
	}
	return handler(server, stream)
}

// serverStream guards a server stream. It decodes the request, which is part of the
// claim, and hands it over to the handler.
func (i *Interceptor) serverStream(ctx context.Context, s *streamRecorder, keys []string) error {
	request, err := i.guard.NewRequest(ctx, s.method, keys)
	switch {
	case err != nil:
		return refused(err, s.method.Operation.Name())
	case request == nil:
		return s.handler(s.server, s.stream)
	}
	if err := s.stream.RecvMsg(request); err != nil {
		return err
	}
	call, err := i.guard.NewStreamCall(ctx, s.method, keys, request)
	if err != nil {
		return refused(err, s.method.Operation.Name())
	}
	s.key, s.request = call.Key, request
	if call.Key == "" {
		return s.handler(s.server, &handedOver{ServerStream: s.stream, request: request})
	}
	s.method.Operation.WarnIfUnscoped(ctx, func() bool {
		return len(metadata.ValueFromIncomingContext(ctx, "authorization")) > 0
	})
	result, err := s.method.Operation.Run(ctx, call, s.run)
	switch {
	case err != nil:
		return refused(err, s.method.Operation.Name())
	case result.Replayed:
		return i.replayStream(ctx, s, result.Outcome)
	default:
		return s.err
	}
}

func (i *Interceptor) replayStream(ctx context.Context, s *streamRecorder, raw []byte) error {
	recorded, err := i.guard.ReplayStream(ctx, s.method, s.key, raw)
	if err != nil {
		return refused(err, s.method.Operation.Name())
	}
	replayed.Set(ctx, s.key)
	replayMetadata(ctx, &recorded.Replay, i.marker)
	for _, message := range recorded.Messages {
		if err := s.stream.SendMsg(message); err != nil {
			return err
		}
	}
	if recorded.Status != nil {
		return errorOf(recorded.Status)
	}
	return nil
}

// streamRecorder runs the handler of a guarded server stream, and records what it sends.
type streamRecorder struct {
	guard   *rpc.Guard
	method  *rpc.Method
	key     string
	server  any
	stream  grpc.ServerStream
	request proto.Message
	handler grpc.StreamHandler

	err error // of the handler
}

func (s *streamRecorder) run(ctx context.Context) idempotency.Answer {
	ctx, capture := captureMetadata(ctx, false)
	stream := &recordedStream{
		handedOver: handedOver{ServerStream: s.stream, request: s.request},
		ctx:        ctx, fields: s.stream, record: s.guard.NewStream(s.method),
	}
	if wrapped, ok := capture.(*wrappedStream); ok {
		stream.fields = settable{wrapped}
	}
	s.err = s.handler(s.server, stream)
	headers, trailers := capture.captured()
	if s.err == nil {
		return stream.record.Success(headers, trailers)
	}
	sent := statusOf(s.err).Proto()
	return stream.record.Failure(s.key, sent, sent, headers, trailers)
}

// handedOver is a stream whose request the guard has received. The first RecvMsg
// returns it.
type handedOver struct {
	grpc.ServerStream

	request proto.Message // nil once it is handed over
}

// RecvMsg implements [grpc.ServerStream].
func (s *handedOver) RecvMsg(into any) error {
	request := s.request
	if request == nil {
		return s.ServerStream.RecvMsg(into)
	}
	s.request = nil
	if err := rpc.HandOver(into, request); err != nil {
		return status.Error(codes.Internal, "idemgrpc: "+err.Error())
	}
	return nil
}

// recordedStream records the messages that a handler sends.
type recordedStream struct {
	handedOver

	ctx    context.Context //nolint:containedctx // what Context returns
	fields fieldSetter
	record *rpc.Stream
}

// fieldSetter sets metadata.
type fieldSetter interface {
	SetHeader(headers metadata.MD) error
	SendHeader(headers metadata.MD) error
	SetTrailer(trailers metadata.MD)
}

// settable is a wrapped transport stream as a fieldSetter.
type settable struct{ *wrappedStream }

func (s settable) SetTrailer(trailers metadata.MD) { _ = s.wrappedStream.SetTrailer(trailers) }

// Context implements [grpc.ServerStream].
func (s *recordedStream) Context() context.Context { return s.ctx }

// SetHeader implements [grpc.ServerStream].
func (s *recordedStream) SetHeader(headers metadata.MD) error { return s.fields.SetHeader(headers) }

// SendHeader implements [grpc.ServerStream].
func (s *recordedStream) SendHeader(headers metadata.MD) error { return s.fields.SendHeader(headers) }

// SetTrailer implements [grpc.ServerStream].
func (s *recordedStream) SetTrailer(trailers metadata.MD) { s.fields.SetTrailer(trailers) }

// SendMsg implements [grpc.ServerStream].
func (s *recordedStream) SendMsg(message any) error {
	return s.record.Send(message, s.ServerStream.SendMsg)
}
