package main

import (
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

func (w *world) list(client paymentsv1connect.PaymentServiceClient, tenant string) ([]*paymentsv1.Payment, error) {
	request := connect.NewRequest(&paymentsv1.ListPaymentsRequest{})
	if w.tenantHeader != "" {
		request.Header().Set(w.tenantHeader, tenant)
	}
	response, err := client.ListPayments(w.t.Context(), request)
	if err != nil {
		return nil, err
	}
	return response.Msg.GetPayments(), nil
}

// settle lets all calls go on that are held open.
func (w *world) settle() {
	w.t.Helper()
	if err := w.trySettle(); err != nil {
		w.t.Fatalf("settle: %v", err)
	}
}

func (w *world) trySettle() error {
	return w.manage(func(client paymentsv1connect.PaymentServiceClient) error {
		payments, err := w.list(client, "")
		for _, payment := range payments {
			if err == nil && payment.GetStatus() == paymentsv1.PaymentStatus_PAYMENT_STATUS_PENDING {
				_, err = client.UpdatePayment(w.t.Context(), connect.NewRequest(&paymentsv1.UpdatePaymentRequest{
					Id: payment.GetId(), Status: paymentsv1.PaymentStatus_PAYMENT_STATUS_SUCCEEDED,
				}))
			}
		}
		return err
	})
}

// keepSettling lets calls go on, from now to the end of the test, as soon as
// they are held open.
func (w *world) keepSettling() {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for w.t.Context().Err() == nil {
			_ = w.trySettle() // a server that does not answer holds nothing open
			time.Sleep(10 * time.Millisecond)
		}
	}()
	w.t.Cleanup(func() { <-ended })
}
