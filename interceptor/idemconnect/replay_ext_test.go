package idemconnect_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

// TestReplayAcrossProtocols records over each protocol and codec, and replays over
// each.
func TestReplayAcrossProtocols(t *testing.T) {
	service := new(service)
	server := payments(t, service, newEngine(t))
	request := &paymentsv1.CreatePaymentRequest{Amount: 5, Simulate: &paymentsv1.Simulate{Code: 0}}
	for recorder, options := range protocols {
		runs := service.runs.Load()
		first, err := create(server.newClient(options...), keyOf(recorder), request)
		if err != nil || first.Header().Get(marker) != "" {
			t.Fatalf("%s: %v, marked %q", recorder, err, first.Header().Get(marker))
		}
		for player, options := range protocols {
			again, err := create(server.newClient(options...), keyOf(recorder), request)
			if err != nil {
				t.Errorf("recorded over %s, replayed over %s: %v", recorder, player, err)
				continue
			}
			if !proto.Equal(first.Msg, again.Msg) || again.Header().Get(marker) != "true" {
				t.Errorf("recorded over %s, replayed over %s: %v, marked %q", recorder, player, again.Msg, again.Header().Get(marker))
			}
		}
		if service.runs.Load() != runs+1 {
			t.Errorf("%s: %d runs", recorder, service.runs.Load()-runs)
		}
	}
}

func TestMethodWithoutSideEffectsPasses(t *testing.T) {
	service := new(service)
	server := payments(t, service, newEngine(t))
	for _, client := range []paymentsv1connect.PaymentServiceClient{server.newClient(), server.newClient(connect.WithHTTPGet())} {
		request := connect.NewRequest(&paymentsv1.GetPaymentRequest{Id: "p"})
		request.Header().Set(keyField, "k")
		if _, err := client.GetPayment(context.Background(), request); err != nil {
			t.Fatal(err)
		}
	}
	if service.runs.Load() != 2 {
		t.Errorf("%d runs", service.runs.Load())
	}
}

// fields are the metadata of a handler.
var fields = map[string][]string{
	"Ledger":     {"a", "b"},
	"Seal-Bin":   {connect.EncodeBinaryHeader([]byte("\x00\xff"))},
	"Set-Cookie": {"session=1"},
}

func setFields(header http.Header) {
	for name, values := range fields {
		header[name] = slices.Clone(values)
	}
}

// TestMetadataComesBack sets it in the response, and through the context as handlers
// without wrappers do.
func TestMetadataComesBack(t *testing.T) {
	handlers := map[string]func(context.Context, *createRequest) (*createResponse, error){
		"response": func(context.Context, *createRequest) (*createResponse, error) {
			response := connect.NewResponse(new(paymentsv1.Payment))
			setFields(response.Header())
			setFields(response.Trailer())
			return response, nil
		},
		"context": func(ctx context.Context, _ *createRequest) (*createResponse, error) {
			info, _ := connect.CallInfoForHandlerContext(ctx)
			setFields(info.ResponseHeader())
			setFields(info.ResponseTrailer())
			return connect.NewResponse(new(paymentsv1.Payment)), nil
		},
	}
	for way, handler := range handlers {
		server := payments(t, &service{create: handler}, newEngine(t))
		for protocol, options := range protocols {
			client := server.newClient(options...)
			first, err1 := create(client, keyOf(protocol), nil)
			again, err2 := create(client, keyOf(protocol), nil)
			if err := errors.Join(err1, err2); err != nil {
				t.Fatalf("%s over %s: %v", way, protocol, err)
			}
			compareFields(t, way+" header over "+protocol, first.Header(), again.Header())
			compareFields(t, way+" trailer over "+protocol, first.Trailer(), again.Trailer())
		}
	}
}

func compareFields(t *testing.T, where string, first, again http.Header) {
	t.Helper()
	for name := range fields {
		sent, replayed := first.Values(name), again.Values(name)
		switch {
		case len(sent) == 0:
			t.Errorf("%s: the first caller does not get %s", where, name)
		case name == "Set-Cookie" && len(replayed) != 0:
			t.Errorf("%s: a cookie is replayed", where)
		case name != "Set-Cookie" && !slices.Equal(sent, replayed):
			t.Errorf("%s: %s is %q, first %q", where, name, replayed, sent)
		}
	}
}

func TestErrorComesBack(t *testing.T) {
	service := &service{create: func(ctx context.Context, _ *createRequest) (*createResponse, error) {
		info, _ := connect.CallInfoForHandlerContext(ctx)
		info.ResponseHeader().Set("Ledger-Header", "h")
		err := connect.NewError(connect.CodeFailedPrecondition, errors.New("café closed"))
		detail, _ := connect.NewErrorDetail(&errdetails.ErrorInfo{Reason: "CLOSED", Metadata: map[string]string{"a": "1", "b": "2", "c": "3"}})
		err.AddDetail(detail)
		err.Meta().Set("Ledger", "a")
		return nil, err
	}}
	server := payments(t, service, newEngine(t))
	for protocol, options := range protocols {
		client := server.newClient(options...)
		_, err1 := create(client, "k", nil)
		_, err2 := create(client, "k", nil)
		first, again := new(connect.Error), new(connect.Error)
		if !errors.As(err1, &first) || !errors.As(err2, &again) {
			t.Fatal(err1, err2)
		}
		if again.Code() != connect.CodeFailedPrecondition || again.Message() != "café closed" || len(again.Details()) != 1 {
			t.Fatalf("%s: %v with %d details", protocol, again, len(again.Details()))
		}
		if a, b := first.Details()[0], again.Details()[0]; a.Type() != b.Type() || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: detail %x, first %x", protocol, b.Bytes(), a.Bytes())
		}
		for _, name := range []string{"Ledger", "Ledger-Header"} {
			if got := again.Meta().Values(name); !slices.Equal(got, first.Meta().Values(name)) || len(got) != 1 {
				t.Errorf("%s: %s is %q, first %q", protocol, name, got, first.Meta().Values(name))
			}
		}
		if again.Meta().Get(marker) != "true" {
			t.Errorf("%s: an error is not marked", protocol)
		}
	}
	if service.runs.Load() != 1 {
		t.Errorf("%d runs", service.runs.Load())
	}
}

// TestHandlerBuiltByHand has no schema: the replay uses the type in the record.
func TestHandlerBuiltByHand(t *testing.T) {
	const procedure = "/by.Hand/Make"
	runs := 0
	build := func(context.Context, *connect.Request[wrapperspb.StringValue]) (*connect.Response[structpb.Struct], error) {
		runs++
		return connect.NewResponse(&structpb.Struct{Fields: map[string]*structpb.Value{
			"a": structpb.NewNumberValue(1), "b": structpb.NewStringValue("x"),
		}}), nil
	}
	mux := http.NewServeMux()
	mux.Handle(procedure, connect.NewUnaryHandler(procedure, build, connect.WithInterceptors(newGuard(t, newEngine(t)))))
	server := serve(t, mux)
	var first *structpb.Struct
	for protocol, options := range protocols {
		client := connect.NewClient[wrapperspb.StringValue, structpb.Struct](server.client, server.url+procedure, options...)
		request := connect.NewRequest(wrapperspb.String("in"))
		request.Header().Set(keyField, "k")
		response, err := client.CallUnary(context.Background(), request)
		if err != nil {
			t.Fatalf("%s: %v", protocol, err)
		}
		if first == nil {
			first = response.Msg
		}
		if !proto.Equal(first, response.Msg) || len(response.Msg.GetFields()) != 2 {
			t.Errorf("%s: %v, first %v", protocol, response.Msg, first)
		}
	}
	if runs != 1 {
		t.Errorf("%d runs", runs)
	}
}

func TestLargeAnswerIsNotKept(t *testing.T) {
	service := &service{create: func(context.Context, *createRequest) (*createResponse, error) {
		return connect.NewResponse(&paymentsv1.Payment{Description: string(make([]byte, 1000))}), nil
	}}
	client := payments(t, service, newEngine(t), idemconnect.WithMaxResponse(1000)).newClient()
	first, err := create(client, "k", nil)
	if err != nil || len(first.Msg.GetDescription()) != 1000 {
		t.Errorf("the first caller gets %v", err)
	}
	_, err = create(client, "k", nil)
	if connect.CodeOf(err) != connect.CodeFailedPrecondition || service.runs.Load() != 1 {
		t.Errorf("then %v, %d runs", err, service.runs.Load())
	}
}

// TestOuterInterceptorSeesTheMessage in its Go type, and with raw replays through
// reflection.
func TestOuterInterceptorSeesTheMessage(t *testing.T) {
	for _, raw := range []bool{false, true} {
		var seen []proto.Message
		outer := connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
			return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
				response, err := next(ctx, request)
				seen = append(seen, response.Any().(proto.Message))
				return response, err
			}
		})
		var options []idemconnect.Option
		if raw {
			options = append(options, idemconnect.WithRawReplays())
		}
		client := serveWith(t, new(service), outer, newGuard(t, newEngine(t), options...)).newClient()
		for range 2 {
			if _, err := create(client, "k", nil); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok := seen[1].(*paymentsv1.Payment); ok == raw || !proto.Equal(seen[0], seen[1]) {
			t.Errorf("raw %t: an outer interceptor sees %T %v, first %v", raw, seen[1], seen[1], seen[0])
		}
	}
}
