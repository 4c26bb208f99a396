package idemgrpc

import (
	"context"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/oncewire/idempotency/internal/retry"
)

// clientCall is a call that may be sent several times: a [retry.Call].
type clientCall struct {
	procedure      string
	request, reply any
	conn           *grpc.ClientConn
	invoke         grpc.UnaryInvoker
	options        []grpc.CallOption
	onFinish       []func(error)

	trailer metadata.MD // of the last try
	space   [6]grpc.CallOption
}

// clientAnswer is what came of a try.
type clientAnswer struct{ err error }

// take takes over the caller's options. Those of [grpc.OnFinish] are for the whole
// call.
func (c *clientCall) take(options []grpc.CallOption) {
	c.options = c.space[:0]
	for _, option := range options {
		if callback, is := option.(grpc.OnFinishCallOption); is {
			c.onFinish = append(c.onFinish, callback.OnFinish)
			continue
		}
		c.options = append(c.options, option)
	}
	c.options = slices.Clip(append(c.options, grpc.Trailer(&c.trailer)))
}

// finish passes the caller's error on.
func (c *clientCall) finish(err error) error {
	for _, callback := range c.onFinish {
		callback(err)
	}
	return err
}

// Try implements [retry.Call].
func (c *clientCall) Try(ctx context.Context, n int) (clientAnswer, retry.Advice) {
	if n > 1 {
		forget(c.options)
	}
	err := c.invoke(ctx, c.procedure, c.request, c.reply, c.conn, c.options...)
	return clientAnswer{err}, advise(err, c.trailer)
}

// Discard implements [retry.Call].
func (*clientCall) Discard(clientAnswer) {}

// forget clears what an earlier try set, since a try that reaches no server sets
// nothing.
func forget(options []grpc.CallOption) {
	for _, option := range options {
		switch option := option.(type) {
		case grpc.HeaderCallOption:
			*option.HeaderAddr = nil
		case grpc.TrailerCallOption:
			*option.TrailerAddr = nil
		case grpc.PeerCallOption:
			*option.PeerAddr = peer.Peer{}
		}
	}
}
