package idemgrpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oncewire/idempotency"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

func paid(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	return &paymentsv1.Payment{
		Id: "p", Amount: 5, Customer: "c", CreatedAt: &timestamppb.Timestamp{Seconds: 1790000000, Nanos: 7},
	}, nil
}

// TestNestedFieldIsRedacted : a field of a nested message that an outer interceptor
// finds by Range and clears is also cleared in a replay.
func TestNestedFieldIsRedacted(t *testing.T) {
	redact := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		response, err := handler(ctx, request)
		response.(proto.Message).ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
			if field.Message() != nil {
				value.Message().Clear(field.Message().Fields().ByName("seconds"))
			}
			return true
		})
		return response, err
	}
	client := serve(t, &service{create: paid}, grpc.ChainUnaryInterceptor(redact, newGuard(t, newEngine(t)).Unary))
	for call := range 3 {
		got := create(client, "k", nil)
		if got.err != nil || got.payment.GetCreatedAt().GetSeconds() != 0 || got.payment.GetCreatedAt().GetNanos() != 7 {
			t.Errorf("call %d: %v, %v", call, got.payment, got.err)
		}
	}
}

// TestChangedReplayIsNotRecorded : a change that an outer interceptor makes to one
// replay is not in the next.
func TestChangedReplayIsNotRecorded(t *testing.T) {
	var seen []string
	change := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		response, err := handler(ctx, request)
		payment := response.(*paymentsv1.Payment)
		seen = append(seen, payment.GetId())
		payment.Id = "changed"
		return response, err
	}
	client := serve(t, &service{create: paid}, grpc.ChainUnaryInterceptor(change, newGuard(t, newEngine(t)).Unary))
	for range 3 {
		if got := create(client, "k", nil); got.err != nil || got.payment.GetId() != "changed" {
			t.Errorf("%v, %v", got.payment, got.err)
		}
	}
	if !slices.Equal(seen, []string{"p", "p", "p"}) {
		t.Errorf("answers were %q", seen)
	}
}

// jsonCodec encodes Go types, as several projects do.
type jsonCodec struct{}

func (jsonCodec) Marshal(v any) ([]byte, error)      { return json.Marshal(v) }
func (jsonCodec) Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }
func (jsonCodec) Name() string                       { return "json" }

// methodCodec requires a method of the generated type, as the codec of vtprotobuf
// does.
type methodCodec struct{}

func (methodCodec) Marshal(v any) ([]byte, error) {
	switch message := v.(type) {
	case interface{ GetCurrency() string }:
		return proto.Marshal(v.(proto.Message))
	default:
		return nil, fmt.Errorf("cannot marshal a %T", message)
	}
}
func (methodCodec) Unmarshal(data []byte, v any) error {
	return proto.Unmarshal(data, v.(proto.Message))
}
func (methodCodec) Name() string { return "proto" }

func TestCodecsOfGoTypes(t *testing.T) {
	for name, codec := range map[string]encoding.Codec{"json": jsonCodec{}, "methods": methodCodec{}} {
		options := []grpc.ServerOption{grpc.ForceServerCodec(codec), guarded(t, newEngine(t))}
		client := paymentsv1.NewPaymentServiceClient(dial(t, &service{create: paid}, options,
			grpc.WithDefaultCallOptions(grpc.ForceCodec(codec))))
		request := &paymentsv1.CreatePaymentRequest{Currency: "EUR"}
		first, again := create(client, "k", request), create(client, "k", request)
		if first.err != nil || again.err != nil || first.payment.GetId() != "p" || !proto.Equal(first.payment, again.payment) {
			t.Errorf("%s: %v, %v, then %v, %v", name, first.payment, first.err, again.payment, again.err)
		}
	}
}

// TestRenamedResponseType : a record with a type that no longer exists is decoded as
// the method's response.
func TestRenamedResponseType(t *testing.T) {
	message, err := proto.Marshal(&paymentsv1.Payment{Id: "p", Amount: 5})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := proto.Marshal(&idempotencyv1.Outcome{Format: 1, Kind: &idempotencyv1.Outcome_Rpc{
		Rpc: &idempotencyv1.RpcOutcome{MessageType: "payments.v0.Receipt", Message: message},
	}})
	if err != nil {
		t.Fatal(err)
	}
	engine := newEngine(t)
	record := func(context.Context) idempotency.Answer {
		return idempotency.Answer{Verdict: idempotency.Record, Outcome: raw}
	}
	if _, err := engine.Operation(createMethod, idempotency.Policy{}).Run(context.Background(), idempotency.Call{Key: "k"}, record); err != nil {
		t.Fatal(err)
	}
	service := new(service)
	got := create(serve(t, service, guarded(t, engine)), "k", nil)
	if got.err != nil || got.payment.GetId() != "p" || got.payment.GetAmount() != 5 || service.runs.Load() != 0 {
		t.Errorf("%v, %v, %d runs", got.payment, got.err, service.runs.Load())
	}
}

// sendFirst is an outer interceptor that sends the headers before the call.
func sendFirst(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if err := grpc.SendHeader(ctx, metadata.Pairs("outer", "1")); err != nil {
		return nil, err
	}
	return handler(ctx, request)
}

// TestHeadersSentBeforeTheReplay : the answer arrives, and its mark is in the
// trailers.
func TestHeadersSentBeforeTheReplay(t *testing.T) {
	for name, failure := range map[string]error{"message": nil, "error": status.Error(codes.NotFound, "no")} {
		service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
			return &paymentsv1.Payment{Id: "p"}, errors.Join(failure, grpc.SetTrailer(ctx, metadata.Pairs("entries", "7")))
		}}
		client := serve(t, service, grpc.ChainUnaryInterceptor(sendFirst, newGuard(t, newEngine(t)).Unary))
		first := create(client, "k", nil)
		for range 2 {
			again := create(client, "k", nil)
			if status.Code(again.err) != status.Code(first.err) || again.payment.GetId() != first.payment.GetId() {
				t.Errorf("%s: %v, %v, first %v, %v", name, again.payment, again.err, first.payment, first.err)
			}
			if headers, trailers := again.replayed(); headers || !trailers {
				t.Errorf("%s: marker in headers %t, in trailers %t", name, headers, trailers)
			}
			if !slices.Equal(again.trailer.Get("entries"), []string{"7"}) || !slices.Equal(again.headers.Get("outer"), []string{"1"}) {
				t.Errorf("%s: headers %v, trailers %v", name, again.headers, again.trailer)
			}
		}
		if service.runs.Load() != 1 {
			t.Errorf("%s: %d runs", name, service.runs.Load())
		}
	}
}

// TestRecordedHeadersAfterSentOnes : recorded headers are in the trailers of a replay
// whose headers have been sent.
func TestRecordedHeadersAfterSentOnes(t *testing.T) {
	engine := newEngine(t)
	service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		return new(paymentsv1.Payment), errors.Join(
			grpc.SetHeader(ctx, metadata.Pairs("ledger", "a")), grpc.SetTrailer(ctx, metadata.Pairs("ledger", "b")))
	}}
	create(serve(t, service, guarded(t, engine)), "k", nil)
	again := create(serve(t, service, grpc.ChainUnaryInterceptor(sendFirst, newGuard(t, engine).Unary)), "k", nil)
	if again.err != nil || !slices.Equal(again.trailer.Get("ledger"), []string{"a", "b"}) || service.runs.Load() != 1 {
		t.Errorf("%v, trailers %v, %d runs", again.err, again.trailer, service.runs.Load())
	}
}
