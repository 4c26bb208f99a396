package idemconnect2_test

import (
	"context"
	"errors"
	"testing"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// failing is a service whose first run fails with the error; later ones succeed.
func failing(failure error) *service {
	s := new(service)
	s.create = func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		if s.runs.Load() == 1 {
			return nil, failure
		}
		return new(paymentsv1.Payment), nil
	}
	return s
}

func TestVerdictsOnErrors(t *testing.T) {
	coded := func(code connect.Code) error { return connect.NewError(code, "no") }
	for _, each := range []struct {
		failure error
		runs    int64
	}{
		{coded(connect.CodeInternal), 1}, {coded(connect.CodeUnknown), 1}, {coded(connect.CodeNotFound), 1},
		{errors.New("no code at all"), 1},
		{coded(connect.CodeUnavailable), 2}, {coded(connect.CodeResourceExhausted), 2}, {coded(connect.CodeUnimplemented), 2},
		{coded(connect.CodeAborted), 2}, {coded(connect.CodeUnauthenticated), 2},
		{coded(connect.CodeCanceled), 2}, {coded(connect.CodeDeadlineExceeded), 2},
		{context.Canceled, 2}, {context.DeadlineExceeded, 2},
	} {
		service := failing(each.failure)
		client := payments(t, service, newEngine(t)).newClient()
		_, first := create(client, "k", nil)
		_, again := create(client, "k", nil)
		if first == nil || service.runs.Load() != each.runs {
			t.Errorf("%v: first answer %v, %d runs", each.failure, first, service.runs.Load())
		}
		if each.runs == 1 && (again == nil || again.Error() != first.Error()) {
			t.Errorf("%v: replayed as %v", first, again)
		}
	}
}

func TestOwnClassifier(t *testing.T) {
	service := failing(connect.NewError(connect.CodeInternal, "no"))
	classify := func(err *connect.Error) idempotency.Verdict {
		if err.Code() == connect.CodeInternal && err.Message() == "no" {
			return idempotency.Release
		}
		return idemconnect2.DefaultClassifier(err)
	}
	client := payments(t, service, newEngine(t), idemconnect2.WithClassifier(classify)).newClient()
	_, _ = create(client, "k", nil)
	if _, err := create(client, "k", nil); err != nil || service.runs.Load() != 2 {
		t.Errorf("%v, %d runs", err, service.runs.Load())
	}
}
