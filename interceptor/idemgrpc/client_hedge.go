package idemgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency/internal/retry"
)

// hedgedCall is a call whose tries run concurrently. The losing try may go on after
// the end of the call, so the tries share no memory with the caller.
type hedgedCall struct {
	*clientCall

	prototype messages // never changed
}

type messages struct{ request, reply proto.Message }

// protobuf returns the messages of a call, or false if they are something else,
// which cannot be copied.
func protobuf(request, reply any) (messages, bool) {
	sent, isSent := request.(proto.Message)
	received, isReceived := reply.(proto.Message)
	return messages{sent, received}, isSent && isReceived
}

// race sends the call with hedging.
func race(ctx context.Context, retries *retry.Client, call *clientCall, original messages) error {
	hedged := hedgedCall{call, messages{proto.Clone(original.request), original.reply.ProtoReflect().New().Interface()}}
	won, release := retry.Race(ctx, retries, hedged)
	defer release()
	for _, deliver := range won.deliver {
		deliver()
	}
	if won.err == nil {
		proto.Reset(original.reply)
		proto.Merge(original.reply, won.reply)
	}
	return call.finish(won.err)
}

// hedgedTry is a try and what came of it.
type hedgedTry struct {
	reply   proto.Message
	err     error
	options []grpc.CallOption
	trailer metadata.MD
	deliver []func() // copy metadata and peer to the caller
}

// Try implements [retry.Call].
func (c hedgedCall) Try(ctx context.Context, _ int) (*hedgedTry, retry.Advice) {
	t := &hedgedTry{reply: c.prototype.reply.ProtoReflect().New().Interface()}
	for _, option := range c.options[:len(c.options)-1] { // the last one is for tries in turn
		t.options = append(t.options, t.own(option))
	}
	t.options = append(t.options, grpc.Trailer(&t.trailer))
	t.err = c.invoke(ctx, c.procedure, proto.Clone(c.prototype.request), t.reply, c.conn, t.options...)
	return t, advise(t.err, t.trailer)
}

// Discard implements [retry.Call].
func (hedgedCall) Discard(*hedgedTry) {}

// own returns an option that writes to memory of the try.
func (t *hedgedTry) own(option grpc.CallOption) grpc.CallOption {
	switch option := option.(type) {
	case grpc.HeaderCallOption:
		header := new(metadata.MD)
		t.deliver = append(t.deliver, func() { *option.HeaderAddr = *header })
		return grpc.Header(header)
	case grpc.TrailerCallOption:
		trailer := new(metadata.MD)
		t.deliver = append(t.deliver, func() { *option.TrailerAddr = *trailer })
		return grpc.Trailer(trailer)
	case grpc.PeerCallOption:
		from := new(peer.Peer)
		t.deliver = append(t.deliver, func() { *option.PeerAddr = *from })
		return grpc.Peer(from)
	default:
		return option
	}
}
