package main

import (
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

func TestRetry(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go serve(listener)

	keys, err := idemgrpc.NewClientInterceptor()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(keys.Unary),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client := paymentsv1.NewPaymentServiceClient(conn)
	ctx := idempotency.WithKey(t.Context(), "order-1")
	request := &paymentsv1.CreatePaymentRequest{Amount: 1250, Currency: "EUR", Customer: "ada"}

	var header metadata.MD
	first, err := client.CreatePayment(ctx, request, grpc.Header(&header))
	if err != nil || len(header.Get("idempotent-replayed")) > 0 {
		t.Fatalf("got %v, %v, %v", first, header, err)
	}
	retry, err := client.CreatePayment(ctx, request, grpc.Header(&header))
	if err != nil || len(header.Get("idempotent-replayed")) != 1 || retry.GetId() != first.GetId() {
		t.Errorf("got %v, %v, %v, want %v", retry, header, err, first)
	}
}
