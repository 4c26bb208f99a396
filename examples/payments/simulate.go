package main

import (
	"context"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// simulate makes a call fail after its effect, which is when a retry is dangerous:
// the client gets an error although the charge was made.
func simulate(ctx context.Context, ledger ledger, how *paymentsv1.Simulate, payment *paymentsv1.Payment) error {
	if err := pause(ctx, how.GetDelay().AsDuration()); err != nil {
		return status.FromContextError(err).Err()
	}
	if how.GetHold() {
		if err := ledger.awaitUpdate(ctx, tenantOf(ctx), payment); err != nil {
			return err
		}
	}
	if code := codes.Code(how.GetCode()); code != codes.OK {
		return simulatedError(code, payment)
	}
	if how.GetCrash() {
		panic("a simulated crash")
	}
	return nil
}

// simulatedError has the id of the payment in a detail, so that the error of a
// second run differs from the error of the first.
func simulatedError(code codes.Code, payment *paymentsv1.Payment) error {
	failed, err := status.New(code, "a simulated error").WithDetails(&errdetails.ErrorInfo{
		Reason:   "SIMULATED",
		Domain:   "payments.example",
		Metadata: map[string]string{"payment_id": payment.GetId(), "customer": payment.GetCustomer()},
	})
	if err != nil {
		return err
	}
	return failed.Err()
}

// pause waits. If the context ends first, it returns the error of the context.
func pause(ctx context.Context, duration time.Duration) error {
	if duration <= 0 {
		return nil
	}
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
