package idemgrpc_test

import (
	"context"
	"strconv"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
	"github.com/oncewire/idempotency/internal/mark"
)

// nested installs guards around each other, the first as the outermost.
func nested(guards ...*idemgrpc.Interceptor) grpc.ServerOption {
	chain := make([]grpc.UnaryServerInterceptor, len(guards))
	for i, guard := range guards {
		chain[i] = guard.Unary
	}
	return grpc.ChainUnaryInterceptor(chain...)
}

// TestInstalledTwice : as one interceptor, and as two of one engine.
func TestInstalledTwice(t *testing.T) {
	engine := newEngine(t)
	once := newGuard(t, engine)
	for name, inner := range map[string]*idemgrpc.Interceptor{"one": once, "two": newGuard(t, engine)} {
		service := new(service)
		client := serve(t, service, nested(once, inner))
		for call := range int64(3) {
			key := name + strconv.FormatInt(call, 10)
			first, again := create(client, key, nil), create(client, key, nil)
			if first.err != nil || again.err != nil || first.payment.GetId() != again.payment.GetId() || service.runs.Load() != call+1 {
				t.Errorf("%s: %v, %v, %d runs of %d", name, first.err, again.err, service.runs.Load(), call+1)
			}
			if marked, _ := again.replayed(); !marked {
				t.Errorf("%s: a replay is not marked", name)
			}
		}
	}
}

// TestTwoEnginesBothGuard : each engine has its own record, and replays it also
// without the other.
func TestTwoEnginesBothGuard(t *testing.T) {
	outer, inner := newGuard(t, newEngine(t)), newGuard(t, newEngine(t))
	service := new(service)
	first := create(serve(t, service, nested(outer, inner)), "k", nil)
	for name, option := range map[string]grpc.ServerOption{"outer": nested(outer), "inner": nested(inner), "both": nested(outer, inner)} {
		again := create(serve(t, service, option), "k", nil)
		if marked, _ := again.replayed(); again.err != nil || again.payment.GetId() != first.payment.GetId() || !marked {
			t.Errorf("%s: %v, %v, marked %t", name, again.payment, again.err, marked)
		}
	}
	if service.runs.Load() != 1 {
		t.Errorf("%d runs", service.runs.Load())
	}
}

// TestAnotherKeyInside : a handler calls a guarded operation in the same process
// with another key, and both calls are guarded.
func TestAnotherKeyInside(t *testing.T) {
	guard := newGuard(t, newEngine(t))
	charges, outer := 0, 0
	charge := func(context.Context, any) (any, error) {
		charges++
		return &paymentsv1.Payment{Id: strconv.Itoa(charges)}, nil
	}
	inside := func(key string) grpc.UnaryHandler {
		return func(ctx context.Context, request any) (any, error) {
			outer++
			return guard.Unary(withKey(ctx, key), request, createInfo, charge)
		}
	}
	for _, each := range []struct {
		key, inside    string
		outer, charges int
	}{
		{"a", "x", 1, 1}, {"a", "x", 1, 1}, // a replay of the outer
		{"b", "x", 2, 1}, // another call, the same charge
		{"c", "y", 3, 2},
	} {
		if _, err := guard.Unary(keyed(each.key), createRequest(), createInfo, inside(each.inside)); err != nil {
			t.Fatal(err)
		}
		if outer != each.outer || charges != each.charges {
			t.Errorf("%s around %s: %d runs with %d charges, want %d and %d", each.key, each.inside, outer, charges, each.outer, each.charges)
		}
	}
}

func TestTwoLayersRecordOnce(t *testing.T) {
	engine := newEngine(t)
	started, finish := make(chan struct{}), make(chan struct{})
	service := &service{create: func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		close(started)
		<-finish
		return &paymentsv1.Payment{Id: "p"}, nil
	}}
	inner := newGuard(t, engine).Unary
	behind := serve(t, service, grpc.UnaryInterceptor(inner))
	outer := newEngine(t)
	front := serve(t, service, grpc.ChainUnaryInterceptor(newGuard(t, outer).Unary, inner))
	done := make(chan answer)
	go func() { done <- create(behind, "k", nil) }()
	<-started
	checkRefusal(t, create(front, "k", nil).err, codes.Aborted, idempotency.ReasonInProgress, true)
	checkRefusal(t, create(front, "k", &paymentsv1.CreatePaymentRequest{Amount: 1}).err, codes.InvalidArgument, idempotency.ReasonKeyReused, false)
	close(finish)
	<-done
	if got := create(front, "k", nil); got.err != nil || got.payment.GetId() != "p" || service.runs.Load() != 1 {
		t.Errorf("after the inner refusals: %v, %v, %d runs", got.payment, got.err, service.runs.Load())
	}
}

// TestOnlyOwnRefusalsRelease : a refusal is one of this call only if it has the mark
// of this call. A refusal of another operation or key, or with a forged mark, is the
// handler's answer after its charge.
func TestOnlyOwnRefusalsRelease(t *testing.T) {
	own := mark.Of(createMethod, "k")
	for name, each := range map[string]struct {
		mark string
		runs int64
	}{
		"own":             {own, 2},
		"own among other": {"other " + own, 2},
		"none":            {"", 1},
		"made up":         {"anything", 1},
		"another key":     {mark.Of(createMethod, "l"), 1},
		"another call":    {mark.Of("/other.Service/Method", "k"), 1},
	} {
		refusal, err := status.New(codes.InvalidArgument, "used").WithDetails(&errdetails.ErrorInfo{
			Reason: string(idempotency.ReasonKeyReused), Domain: idempotency.Domain,
			Metadata: map[string]string{"operation": createMethod, "mark": each.mark},
		})
		if err != nil {
			t.Fatal(err)
		}
		service := &service{create: func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
			return nil, refusal.Err()
		}}
		client := serve(t, service, guarded(t, newEngine(t)))
		create(client, "k", nil)
		create(client, "k", nil)
		if service.runs.Load() != each.runs {
			t.Errorf("%s: %d runs, want %d", name, service.runs.Load(), each.runs)
		}
	}
}

// TestRefusalsAreMarked : by operation and key, and with the rule that a malformed
// key breaks.
func TestRefusalsAreMarked(t *testing.T) {
	client := serve(t, new(service), guarded(t, newEngine(t)))
	create(client, "k", nil)
	metadata := infoOf(create(client, "k", &paymentsv1.CreatePaymentRequest{Amount: 1}).err)
	if !mark.Matches(metadata["mark"], createMethod, "k") || metadata["operation"] != createMethod || metadata["next"] != "use_new_key" {
		t.Errorf("metadata is %v", metadata)
	}
	metadata = infoOf(create(client, "two words", nil).err)
	if !mark.Matches(metadata["mark"], createMethod, "two words") || metadata["rule"] != "characters" {
		t.Errorf("metadata is %v", metadata)
	}
}

func infoOf(err error) map[string]string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetMetadata()
		}
	}
	return nil
}
