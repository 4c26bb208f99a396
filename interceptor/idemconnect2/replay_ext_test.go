package idemconnect2_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"
	"google.golang.org/protobuf/proto"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	paymentsv1connect "github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// TestReplayAcrossProtocols records over each protocol and codec, and in process, and
// replays over each.
func TestReplayAcrossProtocols(t *testing.T) {
	for name, options := range map[string][]idemconnect2.Option{"decoded": nil, "raw": {idemconnect2.WithRawReplays()}} {
		t.Run(name, func(t *testing.T) { replayAcrossProtocols(t, options) })
	}
}

func replayAcrossProtocols(t *testing.T, options []idemconnect2.Option) {
	t.Helper()
	service := new(service)
	everywhere := newServer(service, newGuard(t, newEngine(t), options...))
	clients := clientsOf(serve(t, mounted(everywhere)), everywhere)
	request := &paymentsv1.CreatePaymentRequest{Amount: 5, Simulate: &paymentsv1.Simulate{Code: 0}}
	for recorder, client := range clients {
		runs := service.runs.Load()
		first, err := create(client, keyOf(recorder), request)
		if err != nil || first.marked() {
			t.Fatalf("%s: %v, marked %t", recorder, err, first.marked())
		}
		for player, client := range clients {
			again, err := create(client, keyOf(recorder), request)
			if err != nil {
				t.Errorf("recorded over %s, replayed over %s: %v", recorder, player, err)
				continue
			}
			if !proto.Equal(first.Payment, again.Payment) || again.info.ResponseHeader().Get(marker) != "true" {
				t.Errorf("recorded over %s, replayed over %s: %v, marked %t", recorder, player, again.Payment, again.marked())
			}
		}
		if service.runs.Load() != runs+1 {
			t.Errorf("%s: %d runs", recorder, service.runs.Load()-runs)
		}
	}
}

// clientsOf returns a client for each protocol, and one in the process.
func clientsOf(server server, inProcess *connect.Server) map[string]paymentsv1connect.PaymentServiceClient {
	clients := map[string]paymentsv1connect.PaymentServiceClient{
		"in process": paymentsv1connect.NewPaymentServiceClient(connect.NewClient(connectinprocess.New(inProcess))),
	}
	for protocol, options := range protocols {
		clients[protocol] = server.newClient(options...)
	}
	return clients
}

func TestMethodWithoutSideEffectsPasses(t *testing.T) {
	service := new(service)
	server := payments(t, service, newEngine(t))
	for _, client := range []paymentsv1connect.PaymentServiceClient{server.newClient(), server.newClient(connecthttp.WithHTTPGet())} {
		ctx, info := connect.NewClientContext(t.Context())
		info.RequestHeader().Set(keyField, "k")
		if _, err := client.GetPayment(ctx, &paymentsv1.GetPaymentRequest{Id: "p"}); err != nil {
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

func setFields(header *connect.Header) {
	for name, values := range fields {
		header.SetValues(name, slices.Clone(values))
	}
}

func setAllFields(ctx context.Context) {
	info, _ := connect.CallInfoForServerContext(ctx)
	setFields(info.ResponseHeader())
	setFields(info.ResponseTrailer())
}

func TestMetadataComesBack(t *testing.T) {
	service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		setAllFields(ctx)
		return new(paymentsv1.Payment), nil
	}}
	everywhere := newServer(service, newGuard(t, newEngine(t)))
	for protocol, client := range clientsOf(serve(t, mounted(everywhere)), everywhere) {
		first, err1 := create(client, keyOf(protocol), nil)
		again, err2 := create(client, keyOf(protocol), nil)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatalf("%s: %v", protocol, err)
		}
		compareFields(t, "header over "+protocol, first.info.ResponseHeader(), again.info.ResponseHeader())
		compareFields(t, "trailer over "+protocol, first.info.ResponseTrailer(), again.info.ResponseTrailer())
	}
}

func compareFields(t *testing.T, where string, first, again *connect.Header) {
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

// TestErrorComesBack with the fields where they were: in the header or in the trailer.
func TestErrorComesBack(t *testing.T) {
	service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		setAllFields(ctx)
		return nil, detailed(t, "café closed")
	}}
	everywhere := newServer(service, newGuard(t, newEngine(t)))
	for protocol, client := range clientsOf(serve(t, mounted(everywhere)), everywhere) {
		first, err1 := create(client, keyOf(protocol), nil)
		again, err2 := create(client, keyOf(protocol), nil)
		compareFields(t, "header over "+protocol, first.info.ResponseHeader(), again.info.ResponseHeader())
		compareFields(t, "trailer over "+protocol, first.info.ResponseTrailer(), again.info.ResponseTrailer())
		checkSameError(t, protocol, errorIn(t, err2), errorIn(t, err1))
		inTrailer := strings.HasPrefix(protocol, "grpc")
		if first.marked() || again.info.ResponseTrailer().Has(marker) != inTrailer || again.info.ResponseHeader().Has(marker) == inTrailer {
			t.Errorf("%s: marked %t, then %v and %v", protocol, first.marked(), again.info.ResponseHeader(), again.info.ResponseTrailer())
		}
	}
	if int(service.runs.Load()) != len(protocols)+1 {
		t.Errorf("%d runs", service.runs.Load())
	}
}

func TestLargeAnswerIsNotKept(t *testing.T) {
	service := &service{create: func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		return &paymentsv1.Payment{Description: string(make([]byte, 1000))}, nil
	}}
	client := payments(t, service, newEngine(t), idemconnect2.WithMaxResponse(1000)).newClient()
	first, err := create(client, "k", nil)
	if err != nil || len(first.GetDescription()) != 1000 {
		t.Errorf("the first caller gets %v", err)
	}
	_, err = create(client, "k", nil)
	if connect.CodeOf(err) != connect.CodeFailedPrecondition || service.runs.Load() != 1 {
		t.Errorf("then %v, %d runs", err, service.runs.Load())
	}
}
