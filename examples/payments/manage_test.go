package main

import (
	"context"
	"net/http"
	"time"

	"connectrpc.com/connect"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
)

// manage gives its caller a client for what needs no key. It may be polled, so
// nothing is left of it.
func (w *world) manage(with func(paymentsv1connect.PaymentServiceClient) error) error {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	return with(paymentsv1connect.NewPaymentServiceClient(&http.Client{Transport: transport}, "http://"+w.httpAddress))
}

func (w *world) list(ctx context.Context, client paymentsv1connect.PaymentServiceClient, tenant string) ([]*paymentsv1.Payment, error) {
	request := connect.NewRequest(&paymentsv1.ListPaymentsRequest{})
	if w.tenantHeader != "" {
		request.Header().Set(w.tenantHeader, tenant)
	}
	response, err := client.ListPayments(ctx, request)
	if err != nil {
		return nil, err
	}
	return response.Msg.GetPayments(), nil
}

// settle lets all calls go on that are held open.
func (w *world) settle() {
	w.t.Helper()
	if err := w.trySettle(w.t.Context()); err != nil {
		w.t.Fatalf("settle: %v", err)
	}
}

func (w *world) trySettle(ctx context.Context) error {
	return w.manage(func(client paymentsv1connect.PaymentServiceClient) error {
		payments, err := w.list(ctx, client, "")
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

// keepSettling lets calls go on as soon as they are held open, until it is
// stopped.
func (w *world) keepSettling() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_ = w.trySettle(ctx) // a server that does not answer holds nothing open
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}
