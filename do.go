package idempotency

import (
	"context"
	"errors"
	"fmt"
)

// Do runs a function once for the call's key and returns the bytes that it made,
// or those that an earlier run made. It is for queue consumers, jobs and
// protocols that have no adapter. The operation is any stable name.
//
// The key must satisfy the engine's rules and may not be empty. What the
// function returns without an error is recorded. After an error, which is
// returned unchanged, it is unknown whether the function had an effect: the claim
// is abandoned, and [Policy.OnAbandoned] decides about the next call. An error
// marked by [NoEffect] releases the claim instead.
func (e *Engine) Do(ctx context.Context, operation string, call Call, run func(context.Context) ([]byte, error)) (Result, error) {
	o := e.Operation(operation, Policy{})
	if call.Key == "" && o.policy.Key != KeyIgnored {
		return Result{}, o.Refuse(ctx, "", ErrKeyMissing, nil)
	}
	key, err := o.ParseKey(ctx, []string{call.Key})
	if err != nil {
		return Result{}, err
	}
	call.Key, call.Encoder = key, bytesEncoder{}
	var failure error
	result, err := o.Run(ctx, call, func(ctx context.Context) Answer {
		var outcome []byte
		if outcome, failure = run(ctx); failure != nil {
			return Answer{Verdict: Abandon, Failed: true, NoEffect: errors.As(failure, &noEffectError{})}
		}
		return Answer{Verdict: Record, Outcome: outcome}
	})
	if err == nil && !result.Replayed {
		err = failure
	}
	return result, err
}

// bytesEncoder encodes the responses of functions that Do runs.
type bytesEncoder struct{}

// Encode implements the Encoder of a [Call].
func (bytesEncoder) Encode(_ context.Context, response any) (Answer, error) {
	outcome, ok := response.([]byte)
	if !ok {
		return Answer{}, fmt.Errorf("idempotency: a function that Engine.Do runs answers []byte, not %T", response)
	}
	return Answer{Verdict: Record, Outcome: outcome}, nil
}

type noEffectError struct{ error }

func (e noEffectError) Unwrap() error { return e.error }

// NoEffect marks an error of a function that [Engine.Do] runs: the function had
// no effect, and the next call with its key runs. It returns nil for nil.
func NoEffect(err error) error {
	if err == nil {
		return nil
	}
	return noEffectError{err}
}
