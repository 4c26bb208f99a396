package idemconnect2_test

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	paymentsv1connect "github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
)

// bankAccount charges with every run, and fails the first one.
type bankAccount struct {
	charges   int
	recovered bool // at the last run
	fail      func(context.Context) error
}

func (b *bankAccount) handle(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	execution, _ := idempotency.FromContext(ctx)
	b.charges, b.recovered = b.charges+1, execution.Recovered
	if b.charges > 1 {
		return new(paymentsv1.Payment), nil
	}
	return nil, b.fail(ctx)
}

// callTwice calls with one key, the first time within a second of a fake clock.
func (b *bankAccount) callTwice(t *testing.T, policy idempotency.AbandonPolicy) (again answer, first, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		guard := newGuard(t, newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{OnAbandoned: policy})))
		transport := connectinprocess.New(newServer(&service{create: b.handle}, guard))
		client := paymentsv1connect.NewPaymentServiceClient(connect.NewClient(transport))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		ctx, info := connect.NewClientContext(ctx)
		info.RequestHeader().Set(keyField, "k")
		_, first = client.CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest))
		again, err = create(client, "k", nil)
	})
	return again, first, err
}

// unknowns are answers after which the charge may have happened: those of a client
// of another service whose connection broke, and those of a handler after its
// deadline.
var unknowns = map[string]func(context.Context) error{
	"downstream unavailable": func(context.Context) error {
		return connect.NewError(connect.CodeUnavailable, "error reading from server: EOF")
	},
	"downstream deadline": func(context.Context) error { return connect.NewError(connect.CodeDeadlineExceeded, "no") },
	"late, unavailable":   late(connect.NewError(connect.CodeUnavailable, "no")),
	"late, internal":      late(connect.NewError(connect.CodeInternal, "no")),
	"late, without code":  late(errors.New("no")),
	"another server's unavailable": func(context.Context) error {
		return connect.NewError(connect.CodeUnavailable, "no").WithRemote()
	},
	"connection timed out":          func(context.Context) error { return &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded} },
	"late, the context's":           late(context.DeadlineExceeded),
	"late, would be released":       late(connect.NewError(connect.CodeResourceExhausted, "no")),
	"late, would be released again": late(connect.NewError(connect.CodeUnimplemented, "no")),
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
			_, first, again := account.callTwice(t, idempotency.Retry)
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
			got, _, again := account.callTwice(t, idempotency.Reject)
			checkRefusal(t, got, again, connect.CodeFailedPrecondition, idempotency.ReasonOutcomeUnknown, false)
			if account.charges != 1 {
				t.Errorf("%d charges", account.charges)
			}
		})
	}
}

// TestLateAnswerIsRecorded : an error that names its cause is recorded at any time.
func TestLateAnswerIsRecorded(t *testing.T) {
	account := &bankAccount{fail: late(connect.NewError(connect.CodeNotFound, "no such customer"))}
	_, _, again := account.callTwice(t, idempotency.Retry)
	if connect.CodeOf(again) != connect.CodeNotFound || account.charges != 1 {
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
			_, _, again := account.callTwice(t, idempotency.Reject)
			if again != nil || account.charges != 2 || account.recovered {
				t.Errorf("then %v; %d charges, recovered %t", again, account.charges, account.recovered)
			}
		})
	}
}
