package idemgrpc_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// invokeNothing is a call that costs nothing. It is a variable so that the compiler
// cannot remove it.
var invokeNothing grpc.UnaryInvoker = func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }

// clientCalls are the pairs of a bare call and one through the interceptor. The bare
// call with a new key sends one too, in a copy of its message where the interceptor
// does so.
var clientCalls = []struct {
	name, method string
	request      proto.Message
	prepare      func(context.Context) context.Context // once
	bare         func(context.Context, proto.Message) error
	more         float64 // allocations that the interceptor may add
}{
	{"no key", "/grpc.health.v1.Health/Check", createRequest(), same, callBare, 0},
	{"no side effects", getMethod, createRequest(), same, callBare, 1},
	{"own key", createMethod, createRequest(), newKeyed, callBare, 2},
	{"new key", createMethod, createRequest(), same, callKeyed, 1},
	{"new key beside a token", createMethod, createRequest(), withToken, callKeyed, 1},
	{"new key, in the message too", bookMethod, &bookingsv1.CreateBookingRequest{Room: "7", Nights: 2}, same, callFilled, 3},
}

func same(ctx context.Context) context.Context { return ctx }

func withToken(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer token", "x-request-id", "1")
}

func newKeyed(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, keyField, idempotency.NewKey())
}

func callBare(ctx context.Context, request proto.Message) error {
	return invokeNothing(ctx, "", request, nil, nil)
}

func callKeyed(ctx context.Context, request proto.Message) error {
	return callBare(newKeyed(ctx), request)
}

func callFilled(ctx context.Context, request proto.Message) error {
	booking, _ := proto.Clone(request).(*bookingsv1.CreateBookingRequest)
	booking.BookingKey = idempotency.NewKey()
	return callBare(metadata.AppendToOutgoingContext(ctx, keyField, booking.GetBookingKey()), booking)
}

// BenchmarkClient shows what the interceptor adds to a call that is answered at once.
func BenchmarkClient(b *testing.B) {
	client, reply := newClient(b), new(paymentsv1.Payment)
	for _, each := range clientCalls {
		ctx := each.prepare(context.Background())
		b.Run(each.name+"/bare", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = each.bare(ctx, each.request)
			}
		})
		b.Run(each.name+"/interceptor", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = client.Unary(ctx, each.method, each.request, reply, nil, invokeNothing)
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
