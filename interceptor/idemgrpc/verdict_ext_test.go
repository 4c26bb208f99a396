package idemgrpc_test

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// failing is a service whose first runs fail with the codes in turn; later ones
// succeed.
func failing(failures ...codes.Code) *service {
	s := new(service)
	s.create = func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		if run := int(s.runs.Load()); run <= len(failures) {
			return nil, status.Error(failures[run-1], "no")
		}
		return &paymentsv1.Payment{}, nil
	}
	return s
}

func TestVerdictsOnErrors(t *testing.T) {
	recorded := []codes.Code{
		codes.Unknown, codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied,
		codes.FailedPrecondition, codes.OutOfRange, codes.Internal, codes.DataLoss,
	}
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		runs := int64(2)
		if slices.Contains(recorded, code) {
			runs = 1
		}
		service := failing(code)
		client := serve(t, service, guarded(t, newEngine(t)))
		if first := create(client, "k", nil); status.Code(first.err) != code {
			t.Errorf("%v: first answer is %v", code, first.err)
		}
		again := create(client, "k", nil)
		if service.runs.Load() != runs || (runs == 1) != (status.Code(again.err) == code) {
			t.Errorf("%v: %d runs, then %v", code, service.runs.Load(), again.err)
		}
	}
}

func TestAbandonedCallIsRejectedOnDemand(t *testing.T) {
	service := failing(codes.DeadlineExceeded)
	client := serve(t, service, guarded(t, newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{OnAbandoned: idempotency.Reject}))))
	create(client, "k", nil)
	checkRefusal(t, create(client, "k", nil).err, codes.FailedPrecondition, idempotency.ReasonOutcomeUnknown, false)
	if service.runs.Load() != 1 {
		t.Errorf("%d runs", service.runs.Load())
	}
}

func TestOwnClassifier(t *testing.T) {
	service := failing(codes.Internal)
	classify := func(s *status.Status) idempotency.Verdict {
		if s.Code() == codes.Internal && s.Message() == "no" {
			return idempotency.Release
		}
		return idemgrpc.DefaultClassifier(s)
	}
	client := serve(t, service, guarded(t, newEngine(t), idemgrpc.WithClassifier(classify)))
	create(client, "k", nil)
	if again := create(client, "k", nil); again.err != nil || service.runs.Load() != 2 {
		t.Errorf("%v, %d runs", again.err, service.runs.Load())
	}
}

// TestClientRetriesWork : grpc-go retries only responses without headers. Refusals,
// released calls and replayed errors have none.
func TestClientRetriesWork(t *testing.T) {
	const policy = `{"methodConfig": [{"name": [{}], "retryPolicy": {
		"maxAttempts": 4, "initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1,
		"retryableStatusCodes": ["UNAVAILABLE", "INTERNAL"]}}]}`
	retrying := func(service *service) paymentsv1.PaymentServiceClient {
		return paymentsv1.NewPaymentServiceClient(dial(t, service, []grpc.ServerOption{guarded(t, newEngine(t))},
			grpc.WithDefaultServiceConfig(policy)))
	}
	released := failing(codes.Unavailable, codes.Unavailable)
	if got := create(retrying(released), "k", nil); got.err != nil || released.runs.Load() != 3 {
		t.Errorf("released: %v after %d runs", got.err, released.runs.Load())
	}
	recorded := failing(codes.Internal)
	got := create(retrying(recorded), "k", nil)
	if _, marked := got.replayed(); status.Code(got.err) != codes.Internal || !marked || recorded.runs.Load() != 1 {
		t.Errorf("recorded: %v, a replay %t, after %d runs", got.err, marked, recorded.runs.Load())
	}
}
