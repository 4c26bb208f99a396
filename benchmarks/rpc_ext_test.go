package benchmarks_test

import (
	"context"
	"net/http"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency/benchmarks/internal/subject"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
)

// BenchmarkRPC makes calls of 200 bytes through the interceptor for gRPC within the
// process, without a connection, with a store in memory.
func BenchmarkRPC(b *testing.B) {
	size := subject.Sizes()[0]
	name := func(work, subject string) string {
		return "protocol=gRPC/size=" + size.Name + "/work=" + work + "/subject=" + subject
	}
	b.Run(name("none", subject.Bare), func(b *testing.B) { directRPC(b, bareRPC, size, "none") })
	for _, work := range []string{"none", "first", "replay", "running", "mismatch"} {
		b.Run(name(work, subject.Ours), func(b *testing.B) { directRPC(b, subject.GRPC(b), size, work) })
	}
}

func bareRPC(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, request)
}

// codeOf is the code of each work.
var codeOf = map[string]codes.Code{"running": codes.Aborted, "mismatch": codes.InvalidArgument}

func directRPC(b *testing.B, guard grpc.UnaryServerInterceptor, size subject.Size, work string) {
	b.Helper()
	payments := new(subject.Payments)
	info := &grpc.UnaryServerInfo{FullMethod: paymentsv1.PaymentService_CreatePayment_FullMethodName}
	handler := func(ctx context.Context, request any) (any, error) {
		return payments.CreatePayment(ctx, request.(*paymentsv1.CreatePaymentRequest)) //nolint:forcetypeassert // it gets no other
	}
	request := subject.PaymentRequest(size, 1)
	call := func(ctx context.Context) codes.Code {
		_, err := guard(ctx, request, info, handler)
		return status.Code(err)
	}
	defer prepareRPC(payments.Effect(), work, call)()
	if work == "mismatch" {
		request = subject.PaymentRequest(size, 2)
	}
	contexts := make([]context.Context, 1)
	if work == "first" {
		contexts = make([]context.Context, b.N)
	}
	for i := range contexts {
		contexts[i] = incoming(callKey(work, i))
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if code := call(contexts[i%len(contexts)]); code != codeOf[work] {
			b.Fatalf("code %s", code)
		}
	}
}

// prepareRPC makes the call that the work repeats or meets, and returns what ends it.
func prepareRPC(effect *subject.Effect, work string, call func(context.Context) codes.Code) (end func()) {
	switch work {
	case "replay", "mismatch":
		call(incoming(callKey(work, 0)))
	case "running":
		effect.Hold()
		done := make(chan struct{})
		go func() {
			defer close(done)
			call(incoming(callKey(work, 0)))
		}()
		<-effect.Entered
		return func() {
			close(effect.Leave)
			<-done
		}
	}
	return func() {}
}

func incoming(key string) context.Context {
	fields := metadata.MD{}
	if key != "" {
		fields["idempotency-key"] = []string{key}
	}
	return metadata.NewIncomingContext(context.Background(), fields)
}

// BenchmarkLoopbackRPC makes calls over gRPC and over Connect on the loopback
// interface, with a store in memory.
func BenchmarkLoopbackRPC(b *testing.B) {
	for _, protocol := range []string{"gRPC", "Connect"} {
		for _, callers := range callerCounts() {
			loopbackRPC(b, protocol, subject.Sizes()[0], callers)
		}
		for _, size := range subject.Sizes()[1:] {
			loopbackRPC(b, protocol, size, 16)
		}
	}
}

func loopbackRPC(b *testing.B, protocol string, size subject.Size, callers int) {
	b.Helper()
	for _, m := range []struct{ work, subject string }{
		{"none", subject.Bare}, {"none", subject.Ours}, {"first", subject.Ours}, {"replay", subject.Ours},
	} {
		name := "protocol=" + protocol + "/" + configOf(size, callers) + "/work=" + m.work + "/subject=" + m.subject
		b.Run(name, func(b *testing.B) {
			call := dialRPC(b, protocol, m.subject == subject.Ours, callers)
			request := subject.PaymentRequest(size, 1)
			send := func(key string) {
				if err := call(b.Context(), request, key); err != nil {
					b.Error(err)
				}
			}
			send(callKey("replay", 0))
			share(b, callers, true, func() func(int) {
				return func(n int) { send(callKey(m.work, n)) }
			})
		})
	}
}

type rpcCall func(ctx context.Context, request *paymentsv1.CreatePaymentRequest, key string) error

// dialRPC starts a server and returns a client.
func dialRPC(b *testing.B, protocol string, guarded bool, callers int) rpcCall {
	b.Helper()
	if protocol == "Connect" {
		return dialConnect(b, subject.ServeConnect(b, guarded), callers)
	}
	conn, err := grpc.NewClient(subject.ServeGRPC(b, guarded), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	client := paymentsv1.NewPaymentServiceClient(conn)
	return func(ctx context.Context, request *paymentsv1.CreatePaymentRequest, key string) error {
		if key != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "idempotency-key", key)
		}
		_, err := client.CreatePayment(ctx, request)
		return err
	}
}

func dialConnect(b *testing.B, address string, callers int) rpcCall {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: callers}
	b.Cleanup(transport.CloseIdleConnections)
	client := paymentsv1connect.NewPaymentServiceClient(&http.Client{Transport: transport}, "http://"+address)
	return func(ctx context.Context, message *paymentsv1.CreatePaymentRequest, key string) error {
		request := connect.NewRequest(message)
		if key != "" {
			request.Header().Set(subject.KeyField, key)
		}
		_, err := client.CreatePayment(ctx, request)
		return err
	}
}
