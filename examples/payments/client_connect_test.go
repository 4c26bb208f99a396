package main

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
)

// connectClient is a client of connect-go with one of its protocols and codecs.
type connectClient struct {
	*testServer

	client paymentsv1connect.PaymentServiceClient
}

func dialConnect(options ...connect.ClientOption) func(*testing.T, *testServer) client {
	return func(t *testing.T, s *testServer) client {
		t.Helper()
		return connectClient{s, paymentsv1connect.NewPaymentServiceClient(h2cClient(t), "http://"+s.httpAddress, options...)}
	}
}

// h2cClient uses HTTP/2 without TLS, which gRPC needs.
func h2cClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (c connectClient) create(ctx context.Context, call call) answer {
	request := connect.NewRequest(call.request)
	request.Header()["Idempotency-Key"] = call.keys
	if call.tenant != "" {
		request.Header().Set(c.tenantHeader, call.tenant)
	}
	response, err := c.client.CreatePayment(ctx, request)
	if err != nil {
		return readConnectError(err)
	}
	return answer{
		payment:   response.Msg,
		replayed:  response.Header().Get("Idempotent-Replayed") == "true",
		paymentID: response.Header().Get(headerPaymentID),
		attempt:   response.Header().Get(headerAttempt),
		entries:   response.Trailer().Get(trailerEntries),
	}
}

func readConnectError(err error) answer {
	failed, ok := errors.AsType[*connect.Error](err)
	if !ok || !connect.IsWireError(err) {
		return answer{failure: err}
	}
	a := answer{
		code:     codes.Code(failed.Code()),
		message:  failed.Message(),
		replayed: failed.Meta().Get("Idempotent-Replayed") == "true",
		entries:  failed.Meta().Get(trailerEntries),
	}
	for _, detail := range failed.Details() {
		a.details = append(append(a.details, detail.Type()...), detail.Bytes()...)
		if value, err := detail.Value(); err == nil {
			readDetail(&a, value)
		}
	}
	return a
}

func readDetail(a *answer, detail any) {
	switch detail := detail.(type) {
	case *errdetails.ErrorInfo:
		a.reason = detail.GetReason()
	case *errdetails.RetryInfo:
		a.retryAfter = detail.GetRetryDelay().AsDuration()
	}
}
