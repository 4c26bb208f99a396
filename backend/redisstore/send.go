package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// sender sends one command and returns its error, which may be redis.Nil. It
// returns when the context ends, even if the command is still under way: then
// nobody may look at the command any more.
type sender interface {
	send(ctx context.Context, cmd redis.Cmder) error
}

func newSender(client Client, pipelined bool) (sender, error) {
	switch {
	case pipelined:
		return newPiped(client)
	case heedsDeadlines(client):
		return direct{client}, nil
	default:
		return guarded{client}, nil
	}
}

// direct is for a client that keeps to the context's deadline.
type direct struct{ client Client }

func (d direct) send(ctx context.Context, cmd redis.Cmder) error { return d.client.Process(ctx, cmd) }

// guarded is for a client that does not: go-redis then waits for a reply as
// long as its ReadTimeout, whatever the context says. Commands that are left
// behind end with that timeout, and hold a connection until then, so there are
// never more of them than the client's pool has connections; those that wait
// for a connection do heed the context.
type guarded struct{ client Client }

func (g guarded) send(ctx context.Context, cmd redis.Cmder) error {
	return inTime(ctx, func() error { return g.client.Process(ctx, cmd) })
}

// inTime returns what do returns, or the context's error if that ends first.
func inTime(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
