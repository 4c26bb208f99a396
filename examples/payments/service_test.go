package main

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

func TestGetAndList(t *testing.T) {
	s := start(t, nil)
	client := newGRPCClient(t, s.grpcAddress)
	made := make([]*paymentsv1.Payment, 3)
	for i := range made {
		payment, err := client.CreatePayment(t.Context(), charge("").request)
		if err != nil {
			t.Fatal(err)
		}
		made[i] = payment
	}
	if got := s.entries(""); !proto.Equal(&paymentsv1.ListPaymentsResponse{Payments: got}, &paymentsv1.ListPaymentsResponse{Payments: made}) {
		t.Errorf("listed %v, want %v", got, made)
	}
	got, err := client.GetPayment(t.Context(), &paymentsv1.GetPaymentRequest{Id: made[1].GetId()})
	if err != nil || !proto.Equal(got, made[1]) {
		t.Errorf("got %v, %v, want %v", got, err, made[1])
	}
	_, err = client.GetPayment(t.Context(), &paymentsv1.GetPaymentRequest{Id: "pay_0"})
	if status.Code(err) != codes.NotFound {
		t.Errorf("got %v, want NotFound", err)
	}
}

func TestUpdate(t *testing.T) {
	s := start(t, nil)
	client := newGRPCClient(t, s.grpcAddress)
	made, err := client.CreatePayment(t.Context(), charge("").request)
	if err != nil {
		t.Fatal(err)
	}
	want := proto.CloneOf(made)
	want.Status = paymentsv1.PaymentStatus_PAYMENT_STATUS_SUCCEEDED
	request := &paymentsv1.UpdatePaymentRequest{Id: made.GetId(), Status: want.GetStatus()}
	for _, replayed := range []string{"", "true"} {
		var header metadata.MD
		ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", "key-1")
		got, err := client.UpdatePayment(ctx, request, grpc.Header(&header))
		if err != nil || !proto.Equal(got, want) || value(header, "idempotent-replayed") != replayed {
			t.Errorf("got %v, %v, %v, want %v", got, header, err, want)
		}
	}
	s.wantEntries(1)
}

// A payment of another tenant is not found, like a payment that does not exist.
func TestUpdateOfUnknown(t *testing.T) {
	s := start(t, perTenant)
	client := newGRPCClient(t, s.grpcAddress)
	acme := metadata.AppendToOutgoingContext(t.Context(), "x-tenant", "acme")
	made, err := client.CreatePayment(acme, charge("").request)
	if err != nil {
		t.Fatal(err)
	}
	globex := metadata.AppendToOutgoingContext(t.Context(), "x-tenant", "globex")
	_, err = client.UpdatePayment(globex, &paymentsv1.UpdatePaymentRequest{Id: made.GetId()})
	if status.Code(err) != codes.NotFound {
		t.Errorf("got %v, want NotFound", err)
	}
}

func TestInvalidRequests(t *testing.T) {
	s := start(t, nil)
	client := newGRPCClient(t, s.grpcAddress)
	for name, invalidate := range map[string]func(*paymentsv1.CreatePaymentRequest){
		"Amount":   func(r *paymentsv1.CreatePaymentRequest) { r.Amount = 0 },
		"Currency": func(r *paymentsv1.CreatePaymentRequest) { r.Currency = "eur" },
		"Short":    func(r *paymentsv1.CreatePaymentRequest) { r.Currency = "EU" },
		"Customer": func(r *paymentsv1.CreatePaymentRequest) { r.Customer = "" },
		"Code":     func(r *paymentsv1.CreatePaymentRequest) { r.Simulate = &paymentsv1.Simulate{Code: 17} },
		"Delay": func(r *paymentsv1.CreatePaymentRequest) {
			r.Simulate = &paymentsv1.Simulate{Delay: durationpb.New(-1)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			request := charge("").request
			invalidate(request)
			if _, err := client.CreatePayment(t.Context(), request); status.Code(err) != codes.InvalidArgument {
				t.Errorf("got %v, want InvalidArgument", err)
			}
		})
	}
	s.wantEntries(0)
	_, err := client.UpdatePayment(t.Context(), &paymentsv1.UpdatePaymentRequest{Id: "pay_0", Status: 99})
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("got %v, want InvalidArgument", err)
	}
}
