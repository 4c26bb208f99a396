package main

import (
	"context"
	"fmt"
	"slices"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/tools/conformance/tally"
)

// keys stands around the guard and does what a client with keys does, as the
// suite's own client has none.
func keys(mode tally.Mode, counted *tally.Tally) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			if spec.StreamType != connect.StreamTypeUnary {
				return next(ctx, spec, stream)
			}
			info, _ := connect.CallInfoForServerContext(ctx)
			if mode != tally.Plain {
				info.RequestHeader().Set(idempotency.DefaultKeyField, idempotency.NewKey())
			}
			// A key on such a call is allowed, and means nothing.
			if spec.IdempotencyLevel == connect.IdempotencyNoSideEffects {
				return next(ctx, spec, stream)
			}
			request, err := receive(spec, stream)
			if err != nil {
				return err
			}
			defer counted.Call()()
			return made{spec, next, stream, request}.make(ctx, mode, counted)
		}
	}
}

// receive receives the message of a call, which is made twice for a replay.
func receive(spec connect.Spec, stream connect.ServerStream) (proto.Message, error) {
	method, _ := spec.Schema.(protoreflect.MethodDescriptor)
	kind, err := protoregistry.GlobalTypes.FindMessageByName(method.Input().FullName())
	if err != nil {
		return nil, err
	}
	request := kind.New().Interface()
	return request, stream.Receive(request)
}

// made is a call whose message is received.
type made struct {
	spec    connect.Spec
	next    connect.ServerFunc
	stream  connect.ServerStream
	request proto.Message
}

func (m made) make(ctx context.Context, mode tally.Mode, counted *tally.Tally) error {
	first := &once{ServerStream: m.stream, request: m.request}
	err := m.next(ctx, m.spec, first)
	if mode != tally.Replay {
		return first.finish(err)
	}
	if ctx.Err() != nil {
		counted.GiveUp()
		return first.finish(err)
	}
	return m.again(ctx)
}

// again makes a call that has been made. Its answer must be marked, and goes
// out without the mark, which the suite does not expect.
func (m made) again(ctx context.Context) error {
	info, _ := connect.CallInfoForServerContext(ctx)
	header, trailer := info.ResponseHeader(), info.ResponseTrailer()
	*header, *trailer = connect.Header{}, connect.Header{}
	second := &once{ServerStream: m.stream, request: m.request}
	err := m.next(ctx, m.spec, second)
	const mark = idempotency.DefaultReplayedField
	marks := slices.Concat(header.Values(mark), trailer.Values(mark))
	header.Delete(mark)
	trailer.Delete(mark)
	if len(marks) != 1 || marks[0] != "true" {
		return connect.NewError(connect.CodeInternal, fmt.Sprintf("a replay has the marks %q", marks))
	}
	return second.finish(err)
}

// once is the stream of a call that may be made again. It holds the answer back.
type once struct {
	connect.ServerStream

	request  proto.Message
	response any
}

func (o *once) Receive(into any) error {
	message, ok := into.(proto.Message)
	if !ok {
		return fmt.Errorf("a %T is received", into)
	}
	proto.Merge(message, o.request)
	return nil
}

func (o *once) Send(response any) error {
	o.response = response
	return nil
}

// finish sends the answer.
func (o *once) finish(err error) error {
	if err != nil || o.response == nil {
		return err
	}
	return o.ServerStream.Send(o.response)
}
