package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// sender sends one command and returns its error, which may be redis.Nil. It
// returns when the context ends, even if the command is still in progress. The
// caller must not read the command after an error of the context.
type sender interface {
	send(ctx context.Context, cmd redis.Cmder) error
}

func newSender(client Client, autoPipeline bool) (sender, error) {
	switch {
	case autoPipeline:
		return newPipelined(client)
	case respectsDeadlines(client):
		return direct{client}, nil
	default:
		return interruptible{client}, nil
	}
}

// direct is the sender for a client that respects the deadline of the context.
type direct struct{ client Client }

func (d direct) send(ctx context.Context, cmd redis.Cmder) error { return d.client.Process(ctx, cmd) }

// interruptible is the sender for a client that waits for its ReadTimeout
// instead. A command that is interrupted continues until that timeout and
// occupies a connection, so their number is limited by the size of the
// client's pool. Commands that wait for a connection do respect the context.
type interruptible struct{ client Client }

func (i interruptible) send(ctx context.Context, cmd redis.Cmder) error {
	return process(ctx, i.client, cmd)
}

// process sends the command, and returns when the context ends.
func process(ctx context.Context, client Client, cmd redis.Cmder) error {
	return interrupt(ctx, func() error { return client.Process(ctx, cmd) })
}

// interrupt returns the result of do, or the error of the context if the
// context ends first. It does not stop do.
func interrupt(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
