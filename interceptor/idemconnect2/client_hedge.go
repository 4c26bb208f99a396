package idemconnect2

import (
	"context"
	"reflect"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency/internal/retry"
)

// hedgedCall is a call whose tries run concurrently. The losing try may go on after
// the end of the call, so the tries share no memory with the caller.
type hedgedCall struct {
	call    *clientCall // its caller's memory is not used
	header  connect.Header
	message proto.Message // never changed
	answer  reflect.Type  // of what the answer is received into
}

// hedgedTry is a try and what came of it.
type hedgedTry struct {
	clientAnswer

	into any
}

// race sends a call by hedging if its messages can be copied.
func (c *clientCall) race(ctx context.Context) error {
	message, isMessage := c.message.(proto.Message)
	answer := reflect.TypeOf(c.into)
	if !isMessage || answer == nil || answer.Kind() != reflect.Pointer {
		return c.sendAgain(ctx)
	}
	own := *c
	hedged := &hedgedCall{call: &own, message: proto.Clone(message), answer: answer.Elem()}
	copyHeader(&hedged.header, c.info.RequestHeader())
	won, release := retry.Race(ctx, c.client.Retries, hedged)
	defer release()
	if won.err == nil {
		reflect.ValueOf(c.into).Elem().Set(reflect.ValueOf(won.into).Elem())
	}
	return c.deliver(won.clientAnswer)
}

// Try implements [retry.Call].
func (c *hedgedCall) Try(ctx context.Context, _ int) (*hedgedTry, retry.Advice) {
	t := &hedgedTry{into: reflect.New(c.answer).Interface()}
	answer, advice := c.call.try(ctx, &c.header, proto.Clone(c.message), t.into)
	t.clientAnswer = answer
	return t, advice
}

// Discard implements [retry.Call].
func (*hedgedCall) Discard(*hedgedTry) {}
