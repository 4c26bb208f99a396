package idemgrpc_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// invokeNothing is a call that costs nothing. It is a variable so that the compiler
// cannot remove it.
var invokeNothing grpc.UnaryInvoker = func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }

// clientCalls are the pairs of a bare call and one through the interceptor. The bare
// call with a new key sends one too.
var clientCalls = []struct {
	name, method string
	prepare      func(context.Context) context.Context // once
	bare         func(context.Context) context.Context // for each bare call
	more         float64                               // allocations that the interceptor may add
}{
	{"no key", "/grpc.health.v1.Health/Check", same, same, 0},
	{"no side effects", getMethod, same, same, 1},
	{"own key", createMethod, newKeyed, same, 2},
	{"new key", createMethod, same, newKeyed, 1},
	{"new key beside a token", createMethod, withToken, newKeyed, 1},
}

func same(ctx context.Context) context.Context { return ctx }

func withToken(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer token", "x-request-id", "1")
}

func newKeyed(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, keyField, idempotency.NewKey())
}

// BenchmarkClient shows what the interceptor adds to a call that is answered at once.
func BenchmarkClient(b *testing.B) {
	client, request, reply := newClient(b), createRequest(), new(paymentsv1.Payment)
	for _, each := range clientCalls {
		ctx := each.prepare(context.Background())
		b.Run(each.name+"/bare", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = invokeNothing(each.bare(ctx), each.method, request, reply, nil)
			}
		})
		b.Run(each.name+"/interceptor", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = client.Unary(ctx, each.method, request, reply, nil, invokeNothing)
			}
		})
	}
}

// BenchmarkHedging reports the 99th percentile of payments against two servers, one
// of which takes 100 ms. Each payment meets one and the other in turn.
func BenchmarkHedging(b *testing.B) {
	slow := func(ctx context.Context, backend int) {
		if backend > 0 {
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	for name, options := range map[string][]idemgrpc.ClientOption{
		"off": nil, "after 10 ms": {idemgrpc.WithHedging(10 * time.Millisecond)},
	} {
		b.Run(name, func(b *testing.B) {
			l := newLedger()
			took := payAll(b, []*grpc.ClientConn{startBackends(b, l, slow, newClient(b, options...))}, b.N)
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			if len(l.entries) != b.N {
				b.Errorf("%d entries, want %d", len(l.entries), b.N)
			}
		})
	}
}
