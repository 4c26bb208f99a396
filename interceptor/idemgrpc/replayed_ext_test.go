package idemgrpc_test

import (
	"context"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// accessLog is an outer interceptor that asks whether the last answer is a replay.
type accessLog struct{ last atomic.Bool }

func (l *accessLog) Unary(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	ctx, replayed := idemgrpc.ReplayedContext(ctx)
	answer, err := next(ctx, request)
	l.last.Store(replayed())
	return answer, err
}

func (l *accessLog) saw(t *testing.T, what string, want bool) {
	t.Helper()
	if got := l.last.Load(); got != want {
		t.Errorf("%s: replayed is %t, want %t", what, got, want)
	}
}

// TestOuterInterceptorKnowsReplays : of messages and of errors, and that a refusal is
// none. Two layers may ask.
func TestOuterInterceptorKnowsReplays(t *testing.T) {
	service := &service{create: func(_ context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		if request.GetAmount() > 0 {
			return nil, status.Error(codes.FailedPrecondition, "declined")
		}
		return new(paymentsv1.Payment), nil
	}}
	outermost, outer := new(accessLog), new(accessLog)
	client := serve(t, service, grpc.ChainUnaryInterceptor(outermost.Unary, outer.Unary, newGuard(t, newEngine(t)).Unary))
	declined := &paymentsv1.CreatePaymentRequest{Amount: 1}
	for _, step := range []struct {
		what, key string
		request   *paymentsv1.CreatePaymentRequest
		want      bool
	}{
		{"a first call", "a", nil, false},
		{"its replay", "a", nil, true},
		{"a refusal", "a", declined, false},
		{"a first error", "b", declined, false},
		{"its replay", "b", declined, true},
		{"a malformed key", "two words", nil, false},
	} {
		create(client, step.key, step.request)
		outermost.saw(t, step.what, step.want)
		outer.saw(t, step.what, step.want)
	}
}

// TestReplayOfInnerGuardIsOne : the outer guard has another engine, which does not know
// the key. A replay that the handler itself gets from another call is none.
func TestReplayOfInnerGuardIsOne(t *testing.T) {
	log, inner := new(accessLog), newGuard(t, newEngine(t))
	for _, again := range []bool{false, true} {
		client := serve(t, new(service), grpc.ChainUnaryInterceptor(log.Unary, newGuard(t, newEngine(t)).Unary, inner.Unary))
		create(client, "k", createRequest())
		log.saw(t, "inner guard", again)
	}
	inside := func(ctx context.Context, request any) (any, error) {
		return inner.Unary(withKey(ctx, "k"), request, createInfo, nil) // a replay: the handler is not called
	}
	outer := newGuard(t, newEngine(t))
	if _, err := log.Unary(keyed("other"), createRequest(), createInfo, func(ctx context.Context, request any) (any, error) {
		return outer.Unary(ctx, request, createInfo, inside)
	}); err != nil {
		t.Error(err)
	}
	log.saw(t, "another call of the handler", false)
}

// TestUnreadableRecordIsNoReplay : the call is refused.
func TestUnreadableRecordIsNoReplay(t *testing.T) {
	log, store := new(accessLog), unreadable{memstore.New()}
	engine, err := idempotency.New(store)
	if err != nil {
		t.Fatal(err)
	}
	client := serve(t, new(service), grpc.ChainUnaryInterceptor(log.Unary, newGuard(t, engine).Unary))
	checkRefusal(t, create(client, "k", nil).err, codes.FailedPrecondition, idempotency.ReasonOutcomeUnreadable, false)
	log.saw(t, "unreadable", false)
}

// unreadable has an outcome that no version can read.
type unreadable struct{ *memstore.Store }

func (unreadable) Claim(context.Context, backend.Key, backend.Claim) (backend.Record, error) {
	return backend.Record{State: backend.Done, Attempt: 1, Outcome: []byte{0xff}}, nil
}
