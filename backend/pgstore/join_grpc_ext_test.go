package pgstore_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/pgstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// grpcService answers by the function of the test.
type grpcService struct {
	paymentsv1.UnimplementedPaymentServiceServer

	create func(context.Context) (*paymentsv1.Payment, error)
}

func (s *grpcService) CreatePayment(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	return s.create(ctx)
}

// grpcAnswer is everything that a client receives.
type grpcAnswer struct {
	payment          *paymentsv1.Payment
	err              error
	headers, trailer metadata.MD
}

func (a grpcAnswer) replayed() bool {
	return len(a.headers["idempotent-replayed"])+len(a.trailer["idempotent-replayed"]) > 0
}

// serveGRPC starts a server of the shop, and returns how to call it with a key.
func serveGRPC(t *testing.T, s *shop, service *grpcService) func(key string) grpcAnswer {
	t.Helper()
	guard, err := idemgrpc.NewInterceptor(s.engine)
	ok(t, err)
	outer := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		_ = grpc.SetHeader(ctx, metadata.Pairs("request", "this one"))
		return handler(ctx, request)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(outer, guard.Unary))
	paymentsv1.RegisterPaymentServiceServer(server, service)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	ok(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	client := paymentsv1.NewPaymentServiceClient(conn)
	return func(key string) (a grpcAnswer) {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", key)
		a.payment, a.err = client.CreatePayment(ctx, &paymentsv1.CreatePaymentRequest{}, grpc.Header(&a.headers), grpc.Trailer(&a.trailer))
		return a
	}
}

// completes writes an entry and completes the claim with the response.
func (s *shop) completes(ctx context.Context, text string, response any) error {
	return s.enters(ctx, text, func(tx pgx.Tx) error { return pgstore.Complete(ctx, tx, response) })
}

func TestCompleteOverGRPC(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	counted := s.counted(idempotency.Policy{})
	service := &grpcService{create: func(ctx context.Context) (*paymentsv1.Payment, error) {
		_ = grpc.SetHeader(ctx, metadata.Pairs("a", "1", "b", "2", "c-bin", "\x00\x01"))
		_ = grpc.SetTrailer(ctx, metadata.Pairs("d", "3", "e", "4"))
		payment := &paymentsv1.Payment{Id: "pay_1"}
		return payment, s.completes(ctx, "payment", payment)
	}}
	call := serveGRPC(t, s, service)
	for i, replayed := range []bool{false, true} {
		a := call("key")
		ok(t, a.err)
		if a.payment.GetId() != "pay_1" || a.replayed() != replayed || strings.Join(a.headers["request"], "") != "this one" ||
			strings.Join(a.headers["c-bin"], ",") != "\x00\x01" || strings.Join(a.trailer["e"], ",") != "4" {
			t.Errorf("answer %d: %+v", i+1, a)
		}
	}
	if n := counted.rows.Load() + counted.execs.Load(); n != 2 {
		t.Errorf("the store sent %d statements of its own, want the two claims alone", n)
	}
	s.wantEntries(1)
}

// TestCommittedOutcomeReplacesTheAnswerOverGRPC, without metadata twice.
func TestCommittedOutcomeReplacesTheAnswerOverGRPC(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	after := map[string]func(ctx context.Context) (*paymentsv1.Payment, error){
		"other":   func(context.Context) (*paymentsv1.Payment, error) { return &paymentsv1.Payment{Id: "other"}, nil },
		"error":   func(context.Context) (*paymentsv1.Payment, error) { return nil, status.Error(codes.Internal, "mail") },
		"release": func(context.Context) (*paymentsv1.Payment, error) { return nil, status.Error(codes.Aborted, "late") },
	}
	service := new(grpcService)
	call := serveGRPC(t, s, service)
	for name, answer := range after {
		service.create = func(ctx context.Context) (*paymentsv1.Payment, error) {
			_ = grpc.SetHeader(ctx, metadata.Pairs("a", "1"))
			ok(t, s.completes(ctx, name, &paymentsv1.Payment{Id: "pay_1"}))
			return answer(ctx)
		}
		for range 2 {
			a := call(name)
			ok(t, a.err)
			if a.payment.GetId() != "pay_1" || !a.replayed() || strings.Join(a.headers["a"], ",") != "1" {
				t.Errorf("%s: got %+v", name, a)
			}
		}
	}
}

// TestCompleteWithAnErrorOverGRPC: a declined payment is an effect and an answer.
func TestCompleteWithAnErrorOverGRPC(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	declined := status.Error(codes.FailedPrecondition, "declined")
	call := serveGRPC(t, s, &grpcService{create: func(ctx context.Context) (*paymentsv1.Payment, error) {
		ok(t, s.completes(ctx, "declined", declined))
		return nil, declined
	}})
	for _, replayed := range []bool{false, true} {
		if a := call("key"); status.Code(a.err) != codes.FailedPrecondition || a.replayed() != replayed {
			t.Errorf("got %+v", a)
		}
	}
	s.wantEntries(1)
	call = serveGRPC(t, s, &grpcService{create: func(ctx context.Context) (*paymentsv1.Payment, error) {
		// An answer that is not recorded, and one of another type.
		for _, response := range []any{status.Error(codes.Unavailable, "later"), "pay_1"} {
			if err := s.completes(ctx, "wrong", response); err == nil {
				t.Errorf("a claim was completed with %v", response)
			}
		}
		return &paymentsv1.Payment{}, nil
	}})
	ok(t, call("another").err)
	s.wantEntries(1)
}

func TestRebuildOverGRPC(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{Rebuild: func(_ context.Context, _ idempotency.Execution, reference []byte) (any, error) {
		return &paymentsv1.Payment{Id: string(reference)}, nil
	}})
	call := serveGRPC(t, s, &grpcService{create: func(ctx context.Context) (*paymentsv1.Payment, error) {
		return &paymentsv1.Payment{Id: "pay_1"}, s.marks(ctx, "pay_1")
	}})
	for _, replayed := range []bool{false, true} {
		a := call("key")
		ok(t, a.err)
		if a.payment.GetId() != "pay_1" || a.replayed() != replayed {
			t.Errorf("got %+v", a)
		}
	}
	s.wantEntries(1)
}
