package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
)

const order = `{"amount": 1250, "currency": "EUR", "customer": "ada"}`

func TestRetry(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go serve(listener)
	url := "http://" + listener.Addr().String()

	status, header, body := post(t, url, order)
	first := parse(t, body)
	if status != http.StatusOK || header.Get("Idempotent-Replayed") != "" {
		t.Errorf("first answer: %d %v", status, header)
	}
	_, header, body = post(t, url, order)
	if retry := parse(t, body); header.Get("Idempotent-Replayed") != "true" || retry.GetId() != first.GetId() {
		t.Errorf("got %v, %v, want %v", retry, header, first)
	}
	if status, header, body = post(t, url, `{"amount": 1}`); status != http.StatusUnprocessableEntity {
		t.Errorf("reused: %d %v %s", status, header, body)
	}
	overGRPC := call(t, url)
	if overGRPC.Header().Get("Idempotent-Replayed") != "true" || overGRPC.Msg.GetId() != first.GetId() {
		t.Errorf("over gRPC got %v, want %v", overGRPC, first)
	}
}

func post(t *testing.T, url, body string) (int, http.Header, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/payments", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Idempotency-Key", "order-1")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, answer
}

func parse(t *testing.T, body []byte) *paymentsv1.Payment {
	t.Helper()
	payment := new(paymentsv1.Payment)
	if err := protojson.Unmarshal(body, payment); err != nil || payment.GetId() == "" {
		t.Fatalf("%s, %v", body, err)
	}
	return payment
}

func call(t *testing.T, url string) *connect.Response[paymentsv1.Payment] {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	request := connect.NewRequest(&paymentsv1.CreatePaymentRequest{Amount: 1250, Currency: "EUR", Customer: "ada"})
	request.Header().Set("Idempotency-Key", "order-1")
	payment, err := paymentsv1connect.NewPaymentServiceClient(client, url, connect.WithGRPC()).CreatePayment(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return payment
}
