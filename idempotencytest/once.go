package idempotencytest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/oncewire/idempotency"
)

// AssertOnce makes the same call several times with one key: first 8 times at
// once, then 3 times one after another. It reports an error to the test unless
//
//   - the effect happened exactly once: effects returns the number of effects so
//     far, such as the length of a ledger, and must have grown by one;
//   - every call got the same answer: the same value, or an error with the same
//     text. A business error that is recorded, such as a declined card, is an
//     answer too, if the service counts it as an effect.
//
// A call gets the key as an argument, to send it as its protocol does. Its context
// has the key too, by idempotency.WithKey, for the client interceptors of this
// library, and a deadline. It must make a new request each time, as a client does
// that retries, and must be safe for concurrent use; so must effects.
//
// A call that is refused because another one is in progress, or because the store
// failed, is made again until the timeout, since its client would do that. The
// refusal is recognised by its type, and in an error of gRPC or Connect by its
// text. [WithRetry] adds other errors.
//
// It returns the answer of the first call. It may be used in a testing/synctest
// bubble.
func AssertOnce[T any](tb testing.TB, effects func() int, call func(ctx context.Context, key string) (T, error), options ...Option) T {
	tb.Helper()
	c := newConfig(options)
	o := once[T]{
		config:  c,
		effects: effects,
		call: func(ctx context.Context) (T, error) {
			return call(idempotency.WithKey(ctx, c.key), c.key)
		},
		retry: func(_ T, err error) bool { return err != nil && (asksForRetry(err) || c.retry(err)) },
		diff:  func(a, b T) string { return diffValues(a, b, c.equal) },
	}
	answers, _ := o.run(tb)
	return answers[0].value
}

// once is an assertion that a call has its effect once.
type once[T any] struct {
	config  config
	effects func() int
	call    func(context.Context) (T, error)
	retry   func(T, error) bool     // whether a client would send the same again
	diff    func(first, t T) string // "" if they are equal
}

// run returns the answers of all calls, at least one, and whether the assertion
// holds.
func (o *once[T]) run(tb testing.TB) ([]answer[T], bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), o.config.timeout)
	defer cancel()
	before := o.effects()
	answers := o.atOnce(ctx)
	if !o.happenedOnce(tb, before, "at once", answers) {
		return answers, false
	}
	for range o.config.sequential {
		answers = append(answers, o.answer(ctx))
	}
	return answers, o.happenedOnce(tb, before, "at once and one after another", answers) && o.areEqual(tb, answers)
}

// atOnce makes the concurrent calls, which start together.
func (o *once[T]) atOnce(ctx context.Context) []answer[T] {
	answers := make([]answer[T], o.config.concurrent)
	start := make(chan struct{})
	var calls sync.WaitGroup
	for i := range answers {
		answers[i].err = errNotReturned // until the call returns
		calls.Go(func() {
			<-start
			answers[i] = o.answer(ctx)
		})
	}
	close(start)
	calls.Wait()
	return answers
}

// errNotReturned is the error of a call that ended its goroutine, for instance by
// testing.T.FailNow.
var errNotReturned = errors.New("the call did not return")

func (o *once[T]) happenedOnce(tb testing.TB, before int, how string, answers []answer[T]) bool {
	tb.Helper()
	n := o.effects() - before
	if n != 1 {
		tb.Errorf("%d calls with one key, %s, had %d effects, want 1; the first answer is %v", len(answers), how, n, answers[0])
	}
	return n == 1
}

// areEqual compares all answers with the first one.
func (o *once[T]) areEqual(tb testing.TB, answers []answer[T]) bool {
	tb.Helper()
	for i, a := range answers {
		if a.unanswered {
			tb.Errorf("call %d was still refused after %d attempts, until the timeout of %v: %v", i+1, a.attempts, o.config.timeout, a)
			return false
		}
		if d := answers[0].diff(a, o.diff); d != "" {
			tb.Errorf("call %d got another answer than call 1: %s", i+1, d)
			return false
		}
	}
	return true
}
