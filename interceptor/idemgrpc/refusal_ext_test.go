package idemgrpc_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// reason reads the ErrorInfo and RetryInfo of a refusal.
func reason(err error) (reason string, retry bool) {
	for _, detail := range status.Convert(err).Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			reason = detail.GetReason()
		case *errdetails.RetryInfo:
			retry = true
		}
	}
	return reason, retry
}

func checkRefusal(t *testing.T, err error, code codes.Code, why idempotency.Reason, retry bool) {
	t.Helper()
	got, again := reason(err)
	if status.Code(err) != code || got != string(why) || again != retry {
		t.Errorf("refused with %v (reason %q, retry %t), want %v %s, retry %t", err, got, again, code, why, retry)
	}
}

func TestInProgress(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	service := &service{create: func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		close(started)
		<-finish
		return &paymentsv1.Payment{}, nil
	}}
	client := serve(t, service, guarded(t, newEngine(t)))
	done := make(chan answer)
	go func() { done <- create(client, "k", nil) }()
	<-started
	checkRefusal(t, create(client, "k", nil).err, codes.Aborted, idempotency.ReasonInProgress, true)
	checkRefusal(t, create(client, "k", &paymentsv1.CreatePaymentRequest{Amount: 1}).err, codes.InvalidArgument, idempotency.ReasonKeyReused, false)
	close(finish)
	if first := <-done; first.err != nil {
		t.Error(first.err)
	}
	if again := create(client, "k", nil); again.err != nil || service.runs.Load() != 1 {
		t.Errorf("%v, %d runs", again.err, service.runs.Load())
	}
}

func TestBadKeys(t *testing.T) {
	client := serve(t, new(service), guarded(t, newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{Key: idempotency.KeyRequired}))))
	checkRefusal(t, create(client, strings.Repeat("x", 256), nil).err, codes.InvalidArgument, idempotency.ReasonKeyInvalid, false)
	checkRefusal(t, create(client, "two words", nil).err, codes.InvalidArgument, idempotency.ReasonKeyInvalid, false)
	checkRefusal(t, create(client, "", nil).err, codes.InvalidArgument, idempotency.ReasonKeyInvalid, false)
	_, err := client.CreatePayment(context.Background(), nil)
	checkRefusal(t, err, codes.InvalidArgument, idempotency.ReasonKeyMissing, false)
	twice := metadata.AppendToOutgoingContext(context.Background(), keyField, "a", keyField, "b")
	_, err = client.CreatePayment(twice, nil)
	checkRefusal(t, err, codes.InvalidArgument, idempotency.ReasonKeyInvalid, false)
	if _, err := client.GetPayment(context.Background(), nil); err != nil {
		t.Errorf("a method without side effects requires a key: %v", err)
	}
}

func TestStoreErrorStaysHere(t *testing.T) {
	store := memstore.New()
	engine, err := idempotency.New(store)
	if err != nil {
		t.Fatal(err)
	}
	_ = store.Close()
	service := new(service)
	refused := create(serve(t, service, guarded(t, engine)), "k", nil)
	checkRefusal(t, refused.err, codes.Unavailable, idempotency.ReasonStoreUnavailable, true)
	if strings.Contains(refused.err.Error(), "closed") || service.runs.Load() != 0 {
		t.Errorf("the client gets %v, %d runs", refused.err, service.runs.Load())
	}
}

func TestHealthChecksNeedNoKey(t *testing.T) {
	engine := newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{Key: idempotency.KeyRequired}))
	checks := health.NewServer()
	info := &grpc.UnaryServerInfo{FullMethod: healthv1.Health_Check_FullMethodName}
	handler := func(ctx context.Context, request any) (any, error) {
		return checks.Check(ctx, request.(*healthv1.HealthCheckRequest))
	}
	if _, err := newGuard(t, engine).Unary(context.Background(), new(healthv1.HealthCheckRequest), info, handler); err != nil {
		t.Error(err)
	}
}

// stream is a server stream that has only a context.
type stream struct {
	grpc.ServerStream

	ctx context.Context
}

func (s stream) Context() context.Context { return s.ctx }

func TestStreams(t *testing.T) {
	guard := newGuard(t, newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{Key: idempotency.KeyRequired}))).Stream
	runs := 0
	handler := func(any, grpc.ServerStream) error { runs++; return nil }
	info := &grpc.StreamServerInfo{FullMethod: "/some.Service/Stream", IsServerStream: true}
	checkRefusal(t, guard(nil, stream{ctx: keyed("k")}, info, handler), codes.InvalidArgument, idempotency.ReasonNotSupported, false)
	if err := guard(nil, stream{ctx: context.Background()}, info, handler); err != nil || runs != 1 {
		t.Errorf("without a key: %v, %d runs", err, runs)
	}
}

// TestForeignMessages : a request that is not protobuf has no fingerprint, and must
// not run as if it were guarded.
func TestForeignMessages(t *testing.T) {
	guard := newGuard(t, newEngine(t)).Unary
	handler := func(context.Context, any) (any, error) { t.Error("it ran"); return nil, nil }
	_, err := guard(keyed("k"), "no protobuf", &grpc.UnaryServerInfo{FullMethod: "/s.S/M"}, handler)
	checkRefusal(t, err, codes.InvalidArgument, idempotency.ReasonNotSupported, false)
}

// TestRefusalHasOneStatus, which several interceptors may ask for at the same time.
func TestRefusalHasOneStatus(t *testing.T) {
	guard := newGuard(t, newEngine(t)).Unary
	if _, err := guard(keyed("k"), createRequest(), createInfo, createHandler); err != nil {
		t.Fatal(err)
	}
	_, err := guard(keyed("k"), new(paymentsv1.CreatePaymentRequest), createInfo, createHandler)
	statuses := make([]*status.Status, 4)
	var asking sync.WaitGroup
	for i := range statuses {
		asking.Go(func() { statuses[i] = status.Convert(err) })
	}
	asking.Wait()
	for _, each := range statuses {
		if each != statuses[0] || each.Code() != codes.InvalidArgument || len(each.Details()) != 1 {
			t.Errorf("status is %v", each)
		}
	}
	if want := statuses[0].Err().Error(); err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
}
