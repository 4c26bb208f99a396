package retry

import (
	"context"
	"time"
)

// hedged sends a call, and sends it a second time if there is no answer after the
// delay; zero sends it once. It returns the first answer that settles the call,
// and cancels the other try. If neither try settles it, it returns the later
// answer: the earlier one may only say that the other try is in progress.
func hedged[T any](ctx context.Context, delay time.Duration, once func(context.Context) (T, Advice), discard func(T)) Answer[T] {
	if delay <= 0 {
		value, advice := once(ctx)
		return Answer[T]{Value: value, Advice: advice, Release: func() {}}
	}
	answers := make(chan *try[T], 2)
	first := start(ctx, once, answers)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-answers:
		return first.Answer
	case <-timer.C:
	}
	second := start(ctx, once, answers)
	early := <-answers
	other := first
	if early == first {
		other = second
	}
	if !early.Advice.Retry {
		other.Release()
		go func() { (<-answers).drop(discard) }()
		return early.Answer
	}
	early.drop(discard)
	return (<-answers).Answer
}

// try is one of the two tries of a hedged call.
type try[T any] struct{ Answer[T] }

func start[T any](ctx context.Context, once func(context.Context) (T, Advice), answers chan<- *try[T]) *try[T] {
	ctx, cancel := context.WithCancel(ctx)
	t := &try[T]{Answer[T]{Release: cancel}}
	go func() {
		t.Value, t.Advice = once(ctx)
		answers <- t
	}()
	return t
}

func (t *try[T]) drop(discard func(T)) {
	discard(t.Value)
	t.Release()
}
