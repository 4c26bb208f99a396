package idemconnect_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

func paid(context.Context, *createRequest) (*createResponse, error) {
	return connect.NewResponse(&paymentsv1.Payment{
		Id: "p", Amount: 5, Customer: "c", CreatedAt: &timestamppb.Timestamp{Seconds: 1790000000, Nanos: 7},
	}), nil
}

// after returns an outer interceptor that changes answers.
func after(do func(connect.AnyResponse)) connect.Interceptor {
	return connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			response, err := next(ctx, request)
			if err == nil {
				do(response)
			}
			return response, err
		}
	})
}

// TestNestedFieldIsRedacted : a field of a nested message that an outer interceptor
// finds by Range and clears is also cleared in a replay.
func TestNestedFieldIsRedacted(t *testing.T) {
	redact := after(func(response connect.AnyResponse) {
		response.Any().(proto.Message).ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
			if field.Message() != nil {
				value.Message().Clear(field.Message().Fields().ByName("seconds"))
			}
			return true
		})
	})
	server := serveWith(t, &service{create: paid}, redact, newGuard(t, newEngine(t)))
	for protocol, options := range protocols {
		for range 2 {
			got, err := create(server.newClient(options...), "k", nil)
			if err != nil || got.Msg.GetCreatedAt().GetSeconds() != 0 || got.Msg.GetCreatedAt().GetNanos() != 7 {
				t.Errorf("%s: %v, %v", protocol, got, err)
			}
		}
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
	if _, ok := v.(interface{ GetCurrency() string }); !ok {
		return nil, fmt.Errorf("cannot marshal a %T", v)
	}
	return proto.Marshal(v.(proto.Message))
}
func (methodCodec) Unmarshal(data []byte, v any) error {
	return proto.Unmarshal(data, v.(proto.Message))
}
func (methodCodec) Name() string { return "proto" }

func TestCodecsOfGoTypes(t *testing.T) {
	for name, codec := range map[string]connect.Codec{"json": jsonCodec{}, "methods": methodCodec{}} {
		mux := http.NewServeMux()
		mux.Handle(paymentsv1connect.NewPaymentServiceHandler(&service{create: paid},
			connect.WithCodec(codec), connect.WithInterceptors(newGuard(t, newEngine(t)))))
		client := serve(t, mux).newClient(connect.WithCodec(codec))
		first, err1 := create(client, "k", nil)
		again, err2 := create(client, "k", nil)
		if err := errors.Join(err1, err2); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if first.Msg.GetId() != "p" || !proto.Equal(first.Msg, again.Msg) {
			t.Errorf("%s: %v, first %v", name, again.Msg, first.Msg)
		}
	}
}

// TestOuterMetadataIsNotDoubled : an outer interceptor sets its metadata again at the
// replay, so it is not recorded.
func TestOuterMetadataIsNotDoubled(t *testing.T) {
	outer := connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			info, _ := connect.CallInfoForHandlerContext(ctx)
			for _, header := range []http.Header{info.ResponseHeader(), info.ResponseTrailer()} {
				header.Set("Ledger", "outer")
				header.Set("Outer", "1")
			}
			return next(ctx, request)
		}
	})
	inner := map[string]struct {
		create func(context.Context, *createRequest) (*createResponse, error)
		ledger []string
	}{
		"silent": {paid, []string{"outer"}},
		"added": {func(ctx context.Context, request *createRequest) (*createResponse, error) {
			info, _ := connect.CallInfoForHandlerContext(ctx)
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
				for where, header := range map[string]http.Header{"header": got.Header(), "trailer": got.Trailer()} {
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
	set := func(header http.Header) {
		for name, each := range values {
			header[name] = slices.Clone(each)
		}
	}
	for way, create1 := range map[string]func(context.Context, *createRequest) (*createResponse, error){
		"message": func(context.Context, *createRequest) (*createResponse, error) {
			response := connect.NewResponse(new(paymentsv1.Payment))
			set(response.Header())
			set(response.Trailer())
			return response, nil
		},
		"error": func(context.Context, *createRequest) (*createResponse, error) {
			failure := connect.NewError(connect.CodeNotFound, errors.New("no"))
			set(failure.Meta())
			return nil, failure
		},
	} {
		service := &service{create: create1}
		client := payments(t, service, newEngine(t)).newClient()
		for call := range 2 {
			got, err := create(client, "k", nil)
			headers := []http.Header{}
			if failure, ok := errors.AsType[*connect.Error](err); ok {
				headers = append(headers, failure.Meta())
			} else {
				headers = append(headers, got.Header(), got.Trailer())
			}
			for _, header := range headers {
				for name, want := range values {
					if !slices.Equal(header.Values(name), want) {
						t.Errorf("%s, call %d: %s is %q, want %q", way, call, name, header.Values(name), want)
					}
				}
			}
		}
		if service.runs.Load() != 1 {
			t.Errorf("%s: %d runs", way, service.runs.Load())
		}
	}
}

// TestUnrecordedBinaryField : a field that is not recorded is not recorded verbatim
// either.
func TestUnrecordedBinaryField(t *testing.T) {
	service := &service{create: func(context.Context, *createRequest) (*createResponse, error) {
		response := connect.NewResponse(new(paymentsv1.Payment))
		response.Header().Set("Trace-Bin", "no base64!")
		return response, nil
	}}
	client := payments(t, service, newEngine(t), idemconnect.WithUnrecordedFields("Trace-Bin")).newClient()
	first, err1 := create(client, "k", nil)
	again, err2 := create(client, "k", nil)
	if err1 != nil || err2 != nil || first.Header().Get("Trace-Bin") == "" || again.Header().Get("Trace-Bin") != "" {
		t.Errorf("%v, %v", err1, err2)
	}
}
