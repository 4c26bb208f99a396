package idempotency

import (
	"context"
	"errors"
)

// Do runs a function once for the call's key and returns the bytes it made,
// or those that an earlier run made. It is for queue consumers, jobs and
// whatever else speaks no protocol that has an adapter.
//
// The key must satisfy the engine's rules and may not be empty. What the
// function returns without an error is recorded. After an error, which is
// returned as it is, it is unknown what the function has done: its claim is
// abandoned and [WithOnAbandoned] decides about the next call; an error made
// by [NotDone] releases the claim instead.
func (e *Engine) Do(ctx context.Context, call Call, run func(context.Context) ([]byte, error)) (Result, error) {
	operation := e.Operation(call.Operation, Policy{})
	if call.Key == "" && operation.policy.Key != KeyIgnored {
		return Result{}, operation.Refuse(ctx, "", ErrKeyMissing, nil)
	}
	key, err := operation.ParseKey(ctx, []string{call.Key})
	if err != nil {
		return Result{}, err
	}
	call.Key = key
	var failure error
	result, err := operation.Run(ctx, call, func(ctx context.Context) Answer {
		var outcome []byte
		if outcome, failure = run(ctx); failure != nil {
			if errors.As(failure, &notDoneError{}) {
				DoNotRecord(ctx)
			}
			return Answer{Verdict: Abandon}
		}
		return Answer{Verdict: Record, Outcome: outcome}
	})
	if err == nil {
		err = failure
	}
	return result, err
}

type notDoneError struct{ error }

func (e notDoneError) Unwrap() error { return e.error }

// NotDone marks the error of a function that had no effect, so that the next
// call with its key runs. It returns nil for nil.
func NotDone(err error) error {
	if err == nil {
		return nil
	}
	return notDoneError{err}
}
