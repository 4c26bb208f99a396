package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	connect2 "connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// answer is what a client gets.
type answer struct {
	message         *paymentsv1.Payment
	code            uint32 // 0 without an error
	text            string
	details         []string // the type and the bytes of each
	header, trailer http.Header
	refusal         *idempotency.Error
	rest            bool // without trailers, and with headers under the gateway's names
}

func (a *answer) marked() bool { return idemconnect.Replayed(a.metadata()) }

// metadata has the header and the trailer together: an error of connect-go 1 does not
// keep them apart.
func (a *answer) metadata() http.Header {
	all := a.header.Clone()
	for name, values := range a.trailer {
		all[name] = append(all[name], values...)
	}
	return all
}

// connectCallers returns a caller for each protocol that version 1 of connect-go
// speaks.
func connectCallers(name string, server server) (callers []caller) {
	for _, each := range []struct {
		protocol string
		options  []connect.ClientOption
	}{
		{"Connect", nil},
		{"Connect JSON", []connect.ClientOption{connect.WithProtoJSON()}},
		{"gRPC", []connect.ClientOption{connect.WithGRPC()}},
		{"gRPC-Web", []connect.ClientOption{connect.WithGRPCWeb()}},
	} {
		client := paymentsv1connect.NewPaymentServiceClient(server.client, server.url, each.options...)
		callers = append(callers, caller{name + ", " + each.protocol, callConnect1(client)})
	}
	return callers
}

func callConnect1(client paymentsv1connect.PaymentServiceClient) func(context.Context, string, *paymentsv1.CreatePaymentRequest) answer {
	return func(ctx context.Context, key string, message *paymentsv1.CreatePaymentRequest) answer {
		request := connect.NewRequest(message)
		request.Header().Set(idempotency.DefaultKeyField, key)
		response, err := client.CreatePayment(ctx, request)
		if err == nil {
			return answer{message: response.Msg, header: response.Header(), trailer: response.Trailer()}
		}
		failure, _ := errors.AsType[*connect.Error](err)
		got := answer{code: uint32(failure.Code()), text: failure.Message(), header: failure.Meta()}
		got.refusal, _ = idemconnect.Refusal(err)
		for _, detail := range failure.Details() {
			got.details = append(got.details, fmt.Sprintf("%s %x", detail.Type(), detail.Bytes()))
		}
		return got
	}
}

func callConnect2(client paymentsv1connect2.PaymentServiceClient) func(context.Context, string, *paymentsv1.CreatePaymentRequest) answer {
	return func(ctx context.Context, key string, message *paymentsv1.CreatePaymentRequest) answer {
		ctx, info := connect2.NewClientContext(ctx)
		info.RequestHeader().Set(idempotency.DefaultKeyField, key)
		payment, err := client.CreatePayment(ctx, message)
		got := answer{message: payment, header: maps.Collect(info.ResponseHeader().All()), trailer: maps.Collect(info.ResponseTrailer().All())}
		if err == nil {
			return got
		}
		failure, _ := errors.AsType[*connect2.Error](err)
		got.code, got.text = uint32(failure.Code()), failure.Message()
		got.refusal, _ = idemconnect2.Refusal(err)
		for _, detail := range failure.Details() {
			name := detail.Type[strings.LastIndexByte(detail.Type, '/')+1:] // as every client of connect-go 1 sees it
			got.details = append(got.details, fmt.Sprintf("%s %x", name, detail.Value))
		}
		return got
	}
}

// isReplayOf requires the same answer, with the fields of a handling.
func (a *answer) isReplayOf(t *testing.T, which string, first *answer, h *handling) {
	t.Helper()
	if !proto.Equal(a.message, first.message) || a.code != first.code || a.text != first.text || !a.sameDetails(first) {
		t.Errorf("%s: %v %d %q %q, first %v %d %q %q", which, a.message, a.code, a.text, a.details, first.message, first.code, first.text, first.details)
	}
	if first.marked() || !a.marked() {
		t.Errorf("%s: marked %t, first %t", which, a.marked(), first.marked())
	}
	if first.rest || a.rest {
		return
	}
	if first.code != 0 {
		sameFields(t, which, a.metadata(), first.metadata(), h.headers, h.trailers)
		return
	}
	sameFields(t, which+", header", a.header, first.header, h.headers)
	sameFields(t, which+", trailer", a.trailer, first.trailer, h.trailers)
}

// sameDetails compares the types and the bytes. JSON does not keep the bytes.
func (a *answer) sameDetails(first *answer) bool {
	return slices.EqualFunc(a.details, first.details, func(one, other string) bool {
		if a.rest || first.rest {
			one, _, _ = strings.Cut(one, " ")
			other, _, _ = strings.Cut(other, " ")
		}
		return one == other
	})
}

func sameFields(t *testing.T, which string, got, first http.Header, expected ...map[string][]string) {
	t.Helper()
	for _, fields := range expected {
		for name := range fields {
			a, b := slices.Sorted(slices.Values(got.Values(name))), slices.Sorted(slices.Values(first.Values(name)))
			if len(b) == 0 || !slices.Equal(a, b) {
				t.Errorf("%s: %s is %q, first %q", which, name, a, b)
			}
		}
	}
}
