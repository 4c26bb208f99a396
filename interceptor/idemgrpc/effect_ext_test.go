package idemgrpc_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// bankAccount charges with every run, and fails the first one.
type bankAccount struct {
	charges   int
	recovered bool // at the last run
	fail      func(context.Context) error
}

func (b *bankAccount) handle(ctx context.Context, _ any) (any, error) {
	execution, _ := idempotency.FromContext(ctx)
	b.charges, b.recovered = b.charges+1, execution.Recovered
	if b.charges > 1 {
		return new(paymentsv1.Payment), nil
	}
	return nil, b.fail(ctx)
}

// callTwice calls with one key, the first time within a second of a fake clock.
func (b *bankAccount) callTwice(t *testing.T, policy idempotency.AbandonPolicy) (first, again error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		guard := newGuard(t, newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{OnAbandoned: policy})))
		ctx, cancel := context.WithTimeout(keyed("k"), time.Second)
		defer cancel()
		_, first = guard.Unary(ctx, createRequest(), createInfo, b.handle)
		_, again = guard.Unary(keyed("k"), createRequest(), createInfo, b.handle)
	})
	return first, again
}

// unknowns are answers after which the charge may have happened: those of a client
// of another service whose connection broke, and those of a handler after its
// deadline.
var unknowns = map[string]func(context.Context) error{
	"downstream unavailable":        func(context.Context) error { return status.Error(codes.Unavailable, "error reading from server: EOF") },
	"downstream deadline":           func(context.Context) error { return status.Error(codes.DeadlineExceeded, "no") },
	"late, unavailable":             late(status.Error(codes.Unavailable, "no")),
	"late, internal":                late(status.Error(codes.Internal, "no")),
	"late, without status":          late(errors.New("no")),
	"late, the context's":           late(context.DeadlineExceeded),
	"late, would be released":       late(status.Error(codes.ResourceExhausted, "no")),
	"late, would be released again": late(status.Error(codes.Unimplemented, "no")),
}

func late(failure error) func(context.Context) error {
	return func(ctx context.Context) error {
		<-ctx.Done()
		return failure
	}
}

func TestUnknownEffectIsTakenOver(t *testing.T) {
	for name, fail := range unknowns {
		t.Run(name, func(t *testing.T) {
			account := &bankAccount{fail: fail}
			first, again := account.callTwice(t, idempotency.Retry)
			if first == nil || again != nil || account.charges != 2 || !account.recovered {
				t.Errorf("%v, then %v; %d charges, recovered %t", first, again, account.charges, account.recovered)
			}
		})
	}
}

func TestUnknownEffectIsRejectedOnDemand(t *testing.T) {
	for name, fail := range unknowns {
		t.Run(name, func(t *testing.T) {
			account := &bankAccount{fail: fail}
			_, again := account.callTwice(t, idempotency.Reject)
			checkRefusal(t, again, codes.FailedPrecondition, idempotency.ReasonOutcomeUnknown, false)
			if account.charges != 1 {
				t.Errorf("%d charges", account.charges)
			}
		})
	}
}

// TestLateAnswerIsRecorded : an error that names its cause is recorded at any time.
func TestLateAnswerIsRecorded(t *testing.T) {
	account := &bankAccount{fail: late(status.Error(codes.NotFound, "no such customer"))}
	_, again := account.callTwice(t, idempotency.Retry)
	if status.Code(again) != codes.NotFound || account.charges != 1 {
		t.Errorf("then %v; %d charges", again, account.charges)
	}
}

// TestNoEffectIsReleased : after NoEffect, the claim is released, whatever the
// answer is and however late.
func TestNoEffectIsReleased(t *testing.T) {
	for name, fail := range unknowns {
		t.Run(name, func(t *testing.T) {
			account := &bankAccount{fail: func(ctx context.Context) error {
				execution, _ := idempotency.FromContext(ctx)
				execution.NoEffect()
				return fail(ctx)
			}}
			_, again := account.callTwice(t, idempotency.Reject)
			if again != nil || account.charges != 2 || account.recovered {
				t.Errorf("then %v; %d charges, recovered %t", again, account.charges, account.recovered)
			}
		})
	}
}
