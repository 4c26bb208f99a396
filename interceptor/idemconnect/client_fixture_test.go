package idemconnect_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

func newClientInterceptor(tb testing.TB, options ...idemconnect.ClientOption) connect.Interceptor {
	tb.Helper()
	client, err := idemconnect.NewClientInterceptor(options...)
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

// inBubble runs a case whose pauses take no time.
func inBubble(t *testing.T, name string, run func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, run) })
}

// A step is what one try of a call gets.
type step func(context.Context, connect.AnyRequest) (connect.AnyResponse, error)

// wire is the innermost interceptor of a client, in place of the connection and the
// server: its tries get the given steps, and the last step repeats. It keeps what was
// sent.
type wire struct {
	steps []step

	mu    sync.Mutex
	keys  []string
	times []time.Time
}

func (w *wire) wrap(connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		w.mu.Lock()
		n := len(w.times)
		w.keys = append(w.keys, request.Header().Get(keyField))
		w.times = append(w.times, time.Now())
		w.mu.Unlock()
		return w.steps[min(n, len(w.steps)-1)](ctx, request)
	}
}

// client returns a client over the wire.
func (w *wire) client(tb testing.TB, options ...idemconnect.ClientOption) paymentsv1connect.PaymentServiceClient {
	tb.Helper()
	return paymentsv1connect.NewPaymentServiceClient(http.DefaultClient, "http://payments.test",
		connect.WithInterceptors(newClientInterceptor(tb, options...), connect.UnaryInterceptorFunc(w.wrap)))
}

// sent requires so many tries, all with the same key.
func (w *wire) sent(t *testing.T, want int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.times) != want {
		t.Errorf("sent %d times, want %d", len(w.times), want)
	}
	for i, key := range w.keys {
		if key != w.keys[0] {
			t.Errorf("try %d has key %q, the first one %q", i+1, key, w.keys[0])
		}
	}
}

// gets sends a call, and requires an error with this code, or none for 0, after so
// many tries.
func (w *wire) gets(t *testing.T, code connect.Code, tries int, options ...idemconnect.ClientOption) {
	t.Helper()
	_, err := w.client(t, options...).CreatePayment(t.Context(), connect.NewRequest(new(paymentsv1.CreatePaymentRequest)))
	if (err != nil || code != 0) && connect.CodeOf(err) != code {
		t.Errorf("got %v, want %v", err, code)
	}
	w.sent(t, tries)
}

func done(context.Context, connect.AnyRequest) (connect.AnyResponse, error) {
	return connect.NewResponse(&paymentsv1.Payment{Id: "pay_1"}), nil
}

func fails(err error) step {
	return func(context.Context, connect.AnyRequest) (connect.AnyResponse, error) { return nil, err }
}

// answers is the error of a server, with metadata.
func answers(code connect.Code, meta ...string) step {
	err := connect.NewWireError(code, errors.New("no"))
	for i := 0; i < len(meta); i += 2 {
		err.Meta().Set(meta[i], meta[i+1])
	}
	return fails(err)
}

// asksFor is the error of a server with a RetryInfo.
func asksFor(t *testing.T, code connect.Code, delay time.Duration) step {
	t.Helper()
	err := connect.NewWireError(code, errors.New("later"))
	detail, failed := connect.NewErrorDetail(&errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
	if failed != nil {
		t.Fatal(failed)
	}
	err.AddDetail(detail)
	return fails(err)
}

// takes is a step that lasts so long, unless its context ends before.
func takes(d time.Duration, then step) step {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		select {
		case <-time.After(d):
			return then(ctx, request)
		case <-ctx.Done():
			return nil, connect.NewError(connect.CodeCanceled, ctx.Err())
		}
	}
}

// waiting makes a try that meets another one wait for it, instead of 1 s.
var waiting = idempotency.WithPolicy("*", idempotency.Policy{Wait: time.Minute})

// ledger enters each payment, and counts how often it did.
type ledger struct {
	mu      sync.Mutex
	entries map[string]int
}

func newLedger() *ledger { return &ledger{entries: map[string]int{}} }

func (l *ledger) create(_ context.Context, request *createRequest) (*createResponse, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries[request.Msg.GetCustomer()]++
	return connect.NewResponse(&paymentsv1.Payment{Id: "pay_" + request.Msg.GetCustomer()}), nil
}

// balances requires each of n payments once.
func (l *ledger) balances(t *testing.T, n int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for payment, times := range l.entries {
		if times != 1 {
			t.Errorf("payment %s was entered %d times", payment, times)
		}
	}
	if len(l.entries) != n {
		t.Errorf("%d payments were entered, want %d", len(l.entries), n)
	}
}

// payAll makes n payments, some at the same time, and requires that each succeeds. It
// returns how long each took.
func payAll(tb testing.TB, client paymentsv1connect.PaymentServiceClient, n, workers int) []time.Duration {
	tb.Helper()
	took, todo := make([]time.Duration, n), make(chan int)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for i := range todo {
				start, payment := time.Now(), strconv.Itoa(i)
				paid, err := client.CreatePayment(tb.Context(), connect.NewRequest(&paymentsv1.CreatePaymentRequest{Customer: payment}))
				if err != nil || paid.Msg.GetId() != "pay_"+payment {
					tb.Errorf("payment %s: %v, %v", payment, paid, err)
				}
				took[i] = time.Since(start)
			}
		})
	}
	for i := range n {
		todo <- i
	}
	close(todo)
	running.Wait()
	return took
}

// same requires that two requests are equal, in what connect-go noted in them too.
func same(t *testing.T, got, want *createRequest) {
	t.Helper()
	if !reflect.DeepEqual(got.Header(), want.Header()) || got.HTTPMethod() != want.HTTPMethod() || got.Spec() != want.Spec() || got.Peer().Addr != want.Peer().Addr {
		t.Errorf("got %v, want %v", got, want)
	}
}
