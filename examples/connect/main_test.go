package main

import (
	"encoding/base64"
	"net"
	"net/http"
	"testing"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

func TestRetry(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go serve(listener)

	url := "http://" + listener.Addr().String()
	client, err := idemconnect.NewClientInterceptor()
	if err != nil {
		t.Fatal(err)
	}
	keys := connect.WithInterceptors(client)
	first := create(t, paymentsv1connect.NewPaymentServiceClient(http.DefaultClient, url, keys), "ada")
	if first.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("the first answer is marked: %v", first.Header())
	}
	// The retry uses another protocol.
	web := paymentsv1connect.NewPaymentServiceClient(http.DefaultClient, url, keys, connect.WithGRPCWeb())
	retry := create(t, web, "ada")
	if retry.Header().Get("Idempotent-Replayed") != "true" || retry.Msg.GetId() != first.Msg.GetId() {
		t.Errorf("got %v, %v, want %v", retry.Msg, retry.Header(), first.Msg)
	}
	other := create(t, web, "grace")
	if other.Header().Get("Idempotent-Replayed") != "" || other.Msg.GetId() == first.Msg.GetId() {
		t.Errorf("grace got %v, a replay of ada's payment", other.Msg)
	}
}

func create(t *testing.T, client paymentsv1connect.PaymentServiceClient, user string) *connect.Response[paymentsv1.Payment] {
	t.Helper()
	request := connect.NewRequest(&paymentsv1.CreatePaymentRequest{Amount: 1250, Currency: "EUR"})
	request.Header().Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":secret")))
	response, err := client.CreatePayment(idempotency.WithKey(t.Context(), "order-1"), request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}
