package main

import (
	"context"
	"net/http"
	"time"

	"connectrpc.com/connect"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
)

// manage runs a function with a client for calls without a key. It leaves no
// connection, so that it can be polled.
func (s *testServer) manage(with func(paymentsv1connect.PaymentServiceClient) error) error {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	return with(paymentsv1connect.NewPaymentServiceClient(&http.Client{Transport: transport}, "http://"+s.httpAddress))
}

// list returns the ledger entries of a tenant.
func (s *testServer) list(ctx context.Context, client paymentsv1connect.PaymentServiceClient, tenant string) ([]*paymentsv1.Payment, error) {
	request := connect.NewRequest(&paymentsv1.ListPaymentsRequest{})
	if s.tenantHeader != "" {
		request.Header().Set(s.tenantHeader, tenant)
	}
	response, err := client.ListPayments(ctx, request)
	if err != nil {
		return nil, err
	}
	return response.Msg.GetPayments(), nil
}

// resumeHeld lets all held calls finish: it updates every pending payment.
func (s *testServer) resumeHeld() {
	s.t.Helper()
	if err := s.tryResume(s.t.Context()); err != nil {
		s.t.Fatalf("resume: %v", err)
	}
}

func (s *testServer) tryResume(ctx context.Context) error {
	return s.manage(func(client paymentsv1connect.PaymentServiceClient) error {
		payments, err := s.list(ctx, client, "")
		for _, payment := range payments {
			if err == nil && payment.GetStatus() == paymentsv1.PaymentStatus_PAYMENT_STATUS_PENDING {
				_, err = client.UpdatePayment(ctx, connect.NewRequest(&paymentsv1.UpdatePaymentRequest{
					Id: payment.GetId(), Status: paymentsv1.PaymentStatus_PAYMENT_STATUS_SUCCEEDED,
				}))
			}
		}
		return err
	})
}

// keepResuming lets held calls finish as soon as they have charged, until it is
// stopped.
func (s *testServer) keepResuming() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_ = s.tryResume(ctx) // a server that does not answer has no held calls
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}
