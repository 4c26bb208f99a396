package idemconnect2

import (
	"context"
	"slices"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/retry"
)

// clientCall is a call that may be sent several times: a [retry.Call].
type clientCall struct {
	client  *rpc.Client
	method  *rpc.ClientMethod
	next    connect.ClientFunc
	spec    connect.Spec
	info    *connect.CallInfo // the caller's
	message any               // that is sent: the caller's, or a copy that has the key
	into    any               // what the answer is received into
	keys    []string          // none for a call that needs none

	space [1]string
}

// clientAnswer is what came of a try.
type clientAnswer struct {
	info *connect.CallInfo
	err  error
}

// sendAgain sends the call until it is settled.
func (c *clientCall) sendAgain(ctx context.Context) error {
	return c.deliver(retry.Send(ctx, c.client.Retries, c))
}

// Try implements [retry.Call].
func (c *clientCall) Try(ctx context.Context, _ int) (clientAnswer, retry.Advice) {
	return c.try(ctx, c.info.RequestHeader(), c.message, c.into)
}

// Discard implements [retry.Call].
func (*clientCall) Discard(clientAnswer) {}

// try sends the message once. It has a call info of its own with a copy of the header,
// since interceptors and connections write to it.
func (c *clientCall) try(ctx context.Context, header *connect.Header, message, into any) (clientAnswer, retry.Advice) {
	ctx, info := connect.NewClientContext(ctx)
	copyHeader(info.RequestHeader(), header)
	if c.keys != nil {
		info.RequestHeader().SetValues(c.client.KeyField, c.keys)
	}
	err := c.exchange(ctx, message, into)
	return clientAnswer{info, err}, advise(ctx, err, info)
}

// exchange does what [connect.Client.CallUnary] does.
func (c *clientCall) exchange(ctx context.Context, message, into any) (err error) {
	stream, err := c.next(ctx, c.spec)
	if err != nil {
		return err
	}
	defer func() {
		if failed := stream.Close(); err == nil {
			err = failed
		}
	}()
	if err := stream.Send(message); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return stream.Receive(into)
}

// deliver gives the caller what the answer has. The caller's request header stays
// without the key.
func (c *clientCall) deliver(answer clientAnswer) error {
	header := *c.info.RequestHeader()
	*c.info = *answer.info
	*c.info.RequestHeader() = header
	return answer.err
}

// copyHeader copies the fields of a header. An addition to a field of the copy does
// not write to the original.
func copyHeader(to, from *connect.Header) {
	for name, values := range from.All() {
		to.SetValues(name, slices.Clip(values))
	}
}
