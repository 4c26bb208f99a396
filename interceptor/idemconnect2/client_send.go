package idemconnect2

import (
	"context"
	"slices"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// send makes the call, and receives its answer.
func (c *clientCall) send(ctx context.Context, into any) error {
	c.into = into
	if c.method.Calls == rpc.SideEffectFree {
		return c.sendAgain(ctx)
	}
	c.keys = slices.Clip(c.info.RequestHeader().Values(c.client.KeyField))
	key := c.method.Key(ctx, c.keys, c.message)
	if key.New {
		c.space[0] = key.Text
		c.keys = c.space[:]
	}
	c.message = key.Fill(c.message)
	switch {
	case key.Text == "": // the server refuses it
		answer, _ := c.Try(ctx, 1)
		return c.deliver(answer)
	case c.client.Retries.Hedges():
		return c.race(ctx)
	default:
		return c.sendAgain(ctx)
	}
}
