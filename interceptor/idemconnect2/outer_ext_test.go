package idemconnect2_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

func paid(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	return &paymentsv1.Payment{
		Id: "p", Amount: 5, Customer: "c", CreatedAt: &timestamppb.Timestamp{Seconds: 1790000000, Nanos: 7},
	}, nil
}

// TestNestedFieldIsRedacted : a field of a nested message that an outer interceptor
// finds by Range and clears is also cleared in a replay.
func TestNestedFieldIsRedacted(t *testing.T) {
	redact := func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			return next(ctx, spec, spy{stream, func(any) {}, func(response any) {
				response.(proto.Message).ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
					if field.Message() != nil {
						value.Message().Clear(field.Message().Fields().ByName("seconds"))
					}
					return true
				})
			}})
		}
	}
	server := serveWith(t, &service{create: paid}, redact, newGuard(t, newEngine(t)))
	for protocol, options := range protocols {
		for range 2 {
			got, err := create(server.newClient(options...), "k", nil)
			if err != nil || got.GetCreatedAt().GetSeconds() != 0 || got.GetCreatedAt().GetNanos() != 7 {
				t.Errorf("%s: %v, %v", protocol, got, err)
			}
		}
	}
}

// TestOuterInterceptorRefuses a request that it sees in Receive: it leaves no claim.
func TestOuterInterceptorRefuses(t *testing.T) {
	invalid := connect.NewError(connect.CodeInvalidArgument, "no amount")
	validate := func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			return next(ctx, spec, validating{stream, invalid})
		}
	}
	service := new(service)
	client := serveWith(t, service, validate, newGuard(t, newEngine(t))).newClient()
	_, refused := create(client, "k", nil)
	got, err := create(client, "k", &paymentsv1.CreatePaymentRequest{Amount: 5})
	if connect.CodeOf(refused) != invalid.Code() || err != nil || got.marked() || service.runs.Load() != 1 {
		t.Errorf("%v, then %v, %v, %d runs", refused, got, err, service.runs.Load())
	}
}

type validating struct {
	connect.ServerStream

	invalid error
}

func (v validating) Receive(into any) error {
	if err := v.ServerStream.Receive(into); err != nil {
		return err
	}
	if into.(*paymentsv1.CreatePaymentRequest).GetAmount() == 0 {
		return v.invalid
	}
	return nil
}

// jsonCodec encodes Go types, as several projects do.
type jsonCodec struct{}

func (jsonCodec) MarshalWrite(_ context.Context, to io.Writer, v any) error {
	return json.NewEncoder(to).Encode(v)
}

func (jsonCodec) UnmarshalRead(_ context.Context, from io.Reader, v any) error {
	return json.NewDecoder(from).Decode(v)
}
func (jsonCodec) Name() string { return "json" }

// methodCodec requires methods of the generated types, as the codec of vtprotobuf
// does.
type methodCodec struct{}

func (methodCodec) MarshalWrite(_ context.Context, to io.Writer, v any) error {
	if _, ok := v.(interface{ GetCurrency() string }); !ok {
		return fmt.Errorf("cannot marshal a %T", v)
	}
	raw, err := proto.Marshal(v.(proto.Message))
	if err == nil {
		_, err = to.Write(raw)
	}
	return err
}

func (methodCodec) UnmarshalRead(_ context.Context, from io.Reader, v any) error {
	if _, ok := v.(interface{ GetCurrency() string }); !ok {
		return fmt.Errorf("cannot unmarshal a %T", v)
	}
	raw, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	return proto.Unmarshal(raw, v.(proto.Message))
}
func (methodCodec) Name() string { return "proto" }

func TestCodecsOfGoTypes(t *testing.T) {
	for name, codec := range map[string]connect.Codec{"json": jsonCodec{}, "methods": methodCodec{}} {
		only := []connecthttp.Option{connecthttp.WithCodecs(codec), connecthttp.WithSendCodec(codec.Name())}
		server := newServer(&service{create: paid}, newGuard(t, newEngine(t)))
		client := serve(t, mounted(server, only...)).newClient(only...)
		first, err1 := create(client, "k", nil)
		again, err2 := create(client, "k", nil)
		if err := errors.Join(err1, err2); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if first.GetId() != "p" || !proto.Equal(first.Payment, again.Payment) {
			t.Errorf("%s: %v, first %v", name, again.Payment, first.Payment)
		}
	}
}

// TestOuterMetadataIsNotDoubled : an outer interceptor sets its metadata again at the
// replay, so it is not recorded.
func TestOuterMetadataIsNotDoubled(t *testing.T) {
	outer := func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			info, _ := connect.CallInfoForServerContext(ctx)
			for _, header := range []*connect.Header{info.ResponseHeader(), info.ResponseTrailer()} {
				header.Set("Ledger", "outer")
				header.Set("Outer", "1")
			}
			return next(ctx, spec, stream)
		}
	}
	inner := map[string]struct {
		create createFunc
		ledger []string
	}{
		"silent": {paid, []string{"outer"}},
		"added": {func(ctx context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
			info, _ := connect.CallInfoForServerContext(ctx)
			info.ResponseHeader().Add("Ledger", "inner")
			info.ResponseTrailer().Add("Ledger", "inner")
			return paid(ctx, request)
		}, []string{"outer", "inner"}},
	}
	for name, each := range inner {
		server := serveWith(t, &service{create: each.create}, outer, newGuard(t, newEngine(t)))
		for protocol, options := range protocols {
			for call := range 2 {
				got, err := create(server.newClient(options...), keyOf(protocol), nil)
				if err != nil {
					t.Fatal(err)
				}
				for where, header := range map[string]*connect.Header{"header": got.info.ResponseHeader(), "trailer": got.info.ResponseTrailer()} {
					if !slices.Equal(header.Values("Ledger"), each.ledger) || !slices.Equal(header.Values("Outer"), []string{"1"}) {
						t.Errorf("%s, call %d over %s: %s is %v", name, call, protocol, where, header)
					}
				}
			}
		}
	}
}

// TestBinaryValuesThatAreNotBase64 are replayed as the handler wrote them.
func TestBinaryValuesThatAreNotBase64(t *testing.T) {
	values := map[string][]string{
		"Text-Bin":   {"no base64!"},
		"Padded-Bin": {"AAE=", "AAEC"},
		"Joined-Bin": {"AAE,AAE"},
		"Mixed-Bin":  {connect.EncodeBinaryHeader([]byte("\x00\x01")), "?"},
		"Loose-Bin":  {"AAF"}, // bits behind the last byte
	}
	for name, failure := range map[string]error{"message": nil, "error": connect.NewError(connect.CodeNotFound, "no")} {
		service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
			info, _ := connect.CallInfoForServerContext(ctx)
			for name, each := range values {
				info.ResponseHeader().SetValues(name, slices.Clone(each))
				info.ResponseTrailer().SetValues(name, slices.Clone(each))
			}
			return new(paymentsv1.Payment), failure
		}}
		client := payments(t, service, newEngine(t)).newClient()
		for call := range 2 {
			got, _ := create(client, "k", nil)
			for _, header := range []*connect.Header{got.info.ResponseHeader(), got.info.ResponseTrailer()} {
				for field, want := range values {
					if !slices.Equal(header.Values(field), want) {
						t.Errorf("%s, call %d: %s is %q, want %q", name, call, field, header.Values(field), want)
					}
				}
			}
		}
		if service.runs.Load() != 1 {
			t.Errorf("%s: %d runs", name, service.runs.Load())
		}
	}
}

// TestUnrecordedFields : those that are named, also if they are binary and would be
// recorded verbatim, and Set-Cookie unless it is wanted.
func TestUnrecordedFields(t *testing.T) {
	service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		info, _ := connect.CallInfoForServerContext(ctx)
		info.ResponseHeader().Set("Trace-Bin", "no base64!")
		info.ResponseHeader().Set("Set-Cookie", "a=1")
		return new(paymentsv1.Payment), nil
	}}
	client := payments(t, service, newEngine(t), idemconnect2.WithUnrecordedFields("Trace-Bin"), idemconnect2.WithSetCookie()).newClient()
	first, err1 := create(client, "k", nil)
	again, err2 := create(client, "k", nil)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if !first.info.ResponseHeader().Has("Trace-Bin") || again.info.ResponseHeader().Has("Trace-Bin") || again.info.ResponseHeader().Get("Set-Cookie") != "a=1" {
		t.Errorf("first %v, then %v", first.metadata(), again.metadata())
	}
}
