package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// sender sends commands. It returns when the context ends, even if a command is still
// in progress. The caller must not read a command after an error of the context.
type sender interface {
	// send sends one command and returns its error, which may be redis.Nil.
	send(ctx context.Context, cmd redis.Cmder) error
	// sendPair sends two commands in one round trip, which Redis runs in this order. It
	// returns the error of the second command, or another error because of which that
	// did not run. The first command has a result and an error of its own. It may not
	// be sent at all, and then has neither.
	sendPair(ctx context.Context, first, second redis.Cmder) error
}

func newSender(client Client, autoPipeline bool) (sender, error) {
	if autoPipeline {
		return newPipelined(client)
	}
	return newDirect(client), nil
}

// newDirect returns the sender that sends every command by itself.
func newDirect(client Client) sender {
	if respectsDeadlines(client) {
		return direct{client}
	}
	return interruptible{client}
}

// direct is the sender for a client that respects the deadline of the context.
type direct struct{ client Client }

func (d direct) send(ctx context.Context, cmd redis.Cmder) error { return d.client.Process(ctx, cmd) }

func (d direct) sendPair(ctx context.Context, first, second redis.Cmder) error {
	return pipeline(ctx, d.client, first, second)
}

// interruptible is the sender for a client that waits for its ReadTimeout
// instead. A command that is interrupted continues until that timeout and
// occupies a connection, so their number is limited by the size of the
// client's pool. Commands that wait for a connection do respect the context.
type interruptible struct{ client Client }

func (i interruptible) send(ctx context.Context, cmd redis.Cmder) error {
	return process(ctx, i.client, cmd)
}

func (i interruptible) sendPair(ctx context.Context, first, second redis.Cmder) error {
	return interrupt(ctx, func() error { return pipeline(ctx, i.client, first, second) })
}

func pipeline(ctx context.Context, client Client, first, second redis.Cmder) error {
	_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		return errors.Join(p.Process(ctx, first), p.Process(ctx, second))
	})
	if second.Err() != nil || first.Err() != nil {
		err = second.Err() // the caller reads the error of the first command itself
	}
	return err
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
