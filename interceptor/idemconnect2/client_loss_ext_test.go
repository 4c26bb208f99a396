package idemconnect2_test

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
	"github.com/oncewire/idempotency/internal/losstest"
)

// TestLostReplies: 30 % of the replies are lost after the server acted. Every payment
// succeeds, and is made once.
func TestLostReplies(t *testing.T) {
	payments := 2000
	if testing.Short() {
		payments = 200
	}
	hedging := idemconnect2.WithHedging(2 * time.Millisecond)
	for name, test := range map[string]struct {
		payments int
		http2    bool
		lose     losstest.Loss
		protocol string
		options  []idemconnect2.ClientOption
	}{
		"connect, connections":              {payments, false, losstest.Abort, "connect proto", nil},
		"connect, streams":                  {payments, true, losstest.Abort, "connect proto", nil},
		"connect, resets":                   {payments / 4, false, losstest.Reset, "connect json", nil},
		"connect, cut answers":              {payments / 4, false, losstest.Cut, "connect proto", nil},
		"connect, cut streams":              {payments / 4, true, losstest.Cut, "connect proto", nil},
		"grpc, streams":                     {payments, true, losstest.Abort, "grpc", nil},
		"grpc, cut streams":                 {payments / 4, true, losstest.Cut, "grpc", nil},
		"grpc-web, connections":             {payments / 4, false, losstest.Abort, "grpc-web", nil},
		"grpc-web, cut answers":             {payments / 4, false, losstest.Cut, "grpc-web", nil},
		"connect, connections with hedging": {payments / 4, false, losstest.Abort, "connect proto", []idemconnect2.ClientOption{hedging}},
		"grpc, streams with hedging":        {payments / 4, true, losstest.Abort, "grpc", []idemconnect2.ClientOption{hedging}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger()
			guarded := mounted(newServer(&service{create: l.create}, newGuard(t, newEngine(t, waiting))))
			server := losstest.Start(t, guarded, test.http2, test.lose)
			interceptor := newClientInterceptor(t, append(test.options, idemconnect2.WithMaxAttempts(100),
				idemconnect2.WithRetryBudget(float64(20*payments), 1), idemconnect2.WithBackoff(time.Millisecond, 2*time.Millisecond))...)
			payAll(t, clientOf(server.Client, server.URL, protocols[test.protocol], interceptor), test.payments, 16)
			l.balances(t, test.payments)
			if lost := server.Lost(); lost < int64(test.payments/4) {
				t.Errorf("only %d replies were lost", lost)
			}
		})
	}
}

// A caller whose context ends gets its own error, not that of a broken connection.
func TestEndOfTheContextIsNoBrokenConnection(t *testing.T) {
	started := make(chan struct{}, 10)
	service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		started <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	client := payments(t, service, newEngine(t)).intercepted(nil, newClientInterceptor(t))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-started
		cancel()
	}()
	if _, err := client.CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest)); connect.CodeOf(err) != connect.CodeCanceled {
		t.Errorf("got %v", err)
	}
	if runs := service.runs.Load(); runs != 1 {
		t.Errorf("%d runs", runs)
	}
}
