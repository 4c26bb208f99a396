package idemgrpc_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

func TestReplay(t *testing.T) {
	service := new(service)
	client := serve(t, service, guarded(t, newEngine(t)))
	request := &paymentsv1.CreatePaymentRequest{Amount: 5}
	first, again, other := create(client, "k", request), create(client, "k", request), create(client, "l", request)
	if first.err != nil || !proto.Equal(first.payment, again.payment) {
		t.Errorf("first %v, %v; then %v, %v", first.payment, first.err, again.payment, again.err)
	}
	if in, _ := first.replayed(); in {
		t.Error("the first answer is marked as a replay")
	}
	if headers, trailers := again.replayed(); !headers || trailers {
		t.Errorf("marker in headers %t, in trailers %t", headers, trailers)
	}
	if other.payment.GetId() == first.payment.GetId() || service.runs.Load() != 2 {
		t.Errorf("%d runs for two keys", service.runs.Load())
	}
}

func TestNoKeyRunsEveryTime(t *testing.T) {
	service := new(service)
	client := serve(t, service, guarded(t, newEngine(t)))
	for range 2 {
		if _, err := client.CreatePayment(context.Background(), &paymentsv1.CreatePaymentRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	if service.runs.Load() != 2 {
		t.Errorf("%d runs", service.runs.Load())
	}
}

func TestMethodWithoutSideEffectsPasses(t *testing.T) {
	service := new(service)
	client := serve(t, service, guarded(t, newEngine(t)))
	ctx := metadata.AppendToOutgoingContext(context.Background(), keyField, "k")
	for range 2 {
		if _, err := client.GetPayment(ctx, &paymentsv1.GetPaymentRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	if service.runs.Load() != 2 {
		t.Errorf("%d runs", service.runs.Load())
	}
}

// sendMetadata sends metadata in every way that a handler can.
func sendMetadata(ctx context.Context) error {
	return errors.Join(
		grpc.SetHeader(ctx, metadata.Pairs("ledger", "a", "ledger", "b", "seal-bin", "\x00\xff", "x-request-id", "1")),
		grpc.SendHeader(ctx, metadata.Pairs("sent", "yes")),
		grpc.SetTrailer(ctx, metadata.Pairs("entries", "7", "proof-bin", "\x01\x02")),
		grpc.SetTrailer(ctx, metadata.Pairs("entries", "8")),
	)
}

func TestMetadataComesBack(t *testing.T) {
	service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		return &paymentsv1.Payment{Id: "p"}, sendMetadata(ctx)
	}}
	client := serve(t, service, guarded(t, newEngine(t)))
	first, again := create(client, "k", nil), create(client, "k", nil)
	if first.err != nil || again.err != nil {
		t.Fatal(first.err, again.err)
	}
	for _, name := range []string{"ledger", "seal-bin", "sent"} {
		if got, want := again.headers.Get(name), first.headers.Get(name); len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("header %s: %q, first %q", name, got, want)
		}
	}
	for _, name := range []string{"entries", "proof-bin"} {
		if got, want := again.trailer.Get(name), first.trailer.Get(name); len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("trailer %s: %q, first %q", name, got, want)
		}
	}
	if len(first.headers.Get("x-request-id")) != 1 || len(again.headers.Get("x-request-id")) != 0 {
		t.Error("the first caller's request id is replayed, or is missing for the first caller")
	}
}

// TestOuterMetadataIsNotDoubled : an outer interceptor sets its metadata again at the
// replay, so it is not recorded.
func TestOuterMetadataIsNotDoubled(t *testing.T) {
	outer := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if err := grpc.SetHeader(ctx, metadata.Pairs("ledger", "outer")); err != nil {
			return nil, err
		}
		return handler(ctx, request)
	}
	service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		return &paymentsv1.Payment{}, grpc.SetHeader(ctx, metadata.Pairs("ledger", "inner"))
	}}
	client := serve(t, service, grpc.ChainUnaryInterceptor(outer, newGuard(t, newEngine(t)).Unary))
	for range 3 {
		if got := create(client, "k", nil).headers.Get("ledger"); !slices.Equal(got, []string{"outer", "inner"}) {
			t.Errorf("header is %q", got)
		}
	}
}

func TestErrorComesBackInItsBytes(t *testing.T) {
	failure, err := status.New(codes.FailedPrecondition, "café closed").WithDetails(
		&errdetails.ErrorInfo{Reason: "CLOSED", Domain: "cafe", Metadata: map[string]string{"a": "1", "b": "2", "c": "3"}},
		&errdetails.Help{Links: []*errdetails.Help_Link{{Url: "https://example.com"}}},
	)
	if err != nil {
		t.Fatal(err)
	}
	service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		return nil, errors.Join(failure.Err(), grpc.SetTrailer(ctx, metadata.Pairs("entries", "7")))
	}}
	client := serve(t, service, guarded(t, newEngine(t)))
	first, again := create(client, "k", nil), create(client, "k", nil)
	if status.Code(first.err) != codes.FailedPrecondition || service.runs.Load() != 1 {
		t.Fatalf("first %v, %d runs", first.err, service.runs.Load())
	}
	sent, replayed := status.Convert(first.err).Proto().GetDetails(), status.Convert(again.err).Proto().GetDetails()
	if len(sent) != 2 || len(replayed) != 2 || status.Convert(first.err).Message() != status.Convert(again.err).Message() {
		t.Fatalf("first %v, then %v", first.err, again.err)
	}
	for i := range sent {
		if sent[i].GetTypeUrl() != replayed[i].GetTypeUrl() || !bytes.Equal(sent[i].GetValue(), replayed[i].GetValue()) {
			t.Errorf("detail %d: %x, first %x", i, replayed[i].GetValue(), sent[i].GetValue())
		}
	}
	if headers, trailers := again.replayed(); headers || !trailers {
		t.Errorf("marker in headers %t, in trailers %t", headers, trailers)
	}
	if got := again.trailer.Get("entries"); !slices.Equal(got, []string{"7"}) {
		t.Errorf("trailer is %q", got)
	}
}

func TestLargeAnswerIsNotKept(t *testing.T) {
	service := &service{create: func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		return &paymentsv1.Payment{Description: string(make([]byte, 1000))}, nil
	}}
	client := serve(t, service, guarded(t, newEngine(t), idemgrpc.WithMaxResponse(1000)))
	first, again := create(client, "k", nil), create(client, "k", nil)
	if first.err != nil || len(first.payment.GetDescription()) != 1000 {
		t.Errorf("the first caller gets %v", first.err)
	}
	if status.Code(again.err) != codes.FailedPrecondition || service.runs.Load() != 1 {
		t.Errorf("then %v, %d runs", again.err, service.runs.Load())
	}
}

// TestOuterInterceptorSeesTheMessage in its Go type, and with raw replays through
// reflection.
func TestOuterInterceptorSeesTheMessage(t *testing.T) {
	for _, raw := range []bool{false, true} {
		var seen []proto.Message
		outer := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			response, err := handler(ctx, request)
			seen = append(seen, response.(proto.Message))
			return response, err
		}
		var options []idemgrpc.Option
		if raw {
			options = append(options, idemgrpc.WithRawReplays())
		}
		client := serve(t, new(service), grpc.ChainUnaryInterceptor(outer, newGuard(t, newEngine(t), options...).Unary))
		first, again := create(client, "k", nil), create(client, "k", nil)
		if first.err != nil || again.err != nil {
			t.Fatal(first.err, again.err)
		}
		if !proto.Equal(seen[0], seen[1]) {
			t.Errorf("raw %t: an outer interceptor sees %v, first %v", raw, seen[1], seen[0])
		}
		if _, ok := seen[1].(*paymentsv1.Payment); ok == raw {
			t.Errorf("raw %t: an outer interceptor sees a %T", raw, seen[1])
		}
	}
}
