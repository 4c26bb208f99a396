package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

func TestRetry(t *testing.T) {
	rest, rpc := listen(t), listen(t)
	go serve(rest, rpc)

	url := "http://" + rest.Addr().String() + "/v1/payments"
	first, header := post(t, url)
	if header.Get("Idempotent-Replayed") != "" {
		t.Errorf("the first answer is marked: %v", header)
	}
	retry, header := post(t, url)
	if header.Get("Idempotent-Replayed") != "true" || retry.GetId() != first.GetId() {
		t.Errorf("got %v, %v, want %v", retry, header, first)
	}
	overGRPC, md := call(t, rpc.Addr().String())
	if len(md.Get("idempotent-replayed")) != 1 || overGRPC.GetId() != first.GetId() {
		t.Errorf("over gRPC got %v, %v, want %v", overGRPC, md, first)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

func post(t *testing.T, url string) (*paymentsv1.Payment, http.Header) {
	t.Helper()
	body := strings.NewReader(`{"amount": 1250, "currency": "EUR", "customer": "ada"}`)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Idempotency-Key", "order-1")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	payment := new(paymentsv1.Payment)
	if err != nil || protojson.Unmarshal(answer, payment) != nil || payment.GetId() == "" {
		t.Fatalf("%s %s, %v", response.Status, answer, err)
	}
	return payment, response.Header
}

func call(t *testing.T, address string) (*paymentsv1.Payment, metadata.MD) {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var header metadata.MD
	ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", "order-1")
	payment, err := paymentsv1.NewPaymentServiceClient(conn).CreatePayment(ctx,
		&paymentsv1.CreatePaymentRequest{Amount: 1250, Currency: "EUR", Customer: "ada"}, grpc.Header(&header))
	if err != nil {
		t.Fatal(err)
	}
	return payment, header
}
