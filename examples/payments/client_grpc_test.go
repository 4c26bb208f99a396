package main

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// grpcClient is a client of grpc-go.
type grpcClient struct {
	*testServer

	client paymentsv1.PaymentServiceClient
}

func dialGRPC(t *testing.T, s *testServer) client {
	t.Helper()
	return grpcClient{s, newGRPCClient(t, s.grpcAddress)}
}

func newGRPCClient(t *testing.T, address string, options ...grpc.DialOption) paymentsv1.PaymentServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(address, append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return paymentsv1.NewPaymentServiceClient(conn)
}

func (c grpcClient) create(ctx context.Context, call call) answer {
	sent := metadata.MD{"idempotency-key": call.keys}
	if call.tenant != "" {
		sent.Set(c.tenantHeader, call.tenant)
	}
	ctx = metadata.NewOutgoingContext(ctx, sent)
	var header, trailer metadata.MD
	payment, err := c.client.CreatePayment(ctx, call.request, grpc.Header(&header), grpc.Trailer(&trailer))
	if ctx.Err() != nil {
		return answer{failure: ctx.Err()}
	}
	a := readStatus(status.Convert(err))
	a.payment = payment
	a.replayed = value(header, "idempotent-replayed") == "true" || err != nil && value(trailer, "idempotent-replayed") == "true"
	a.paymentID, a.attempt, a.entries = value(header, headerPaymentID), value(header, headerAttempt), value(trailer, trailerEntries)
	return a
}

func readStatus(failed *status.Status) answer {
	a := answer{code: failed.Code(), message: failed.Message()}
	for _, packed := range failed.Proto().GetDetails() {
		name := strings.TrimPrefix(packed.GetTypeUrl(), "type.googleapis.com/")
		a.details = append(append(a.details, name...), packed.GetValue()...)
		if detail, err := packed.UnmarshalNew(); err == nil {
			readDetail(&a, detail)
		}
	}
	return a
}

func value(md metadata.MD, name string) string { return strings.Join(md.Get(name), ",") }
