package idemgrpc_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

const getMethod = paymentsv1.PaymentService_GetPayment_FullMethodName

func newClient(tb testing.TB, options ...idemgrpc.ClientOption) *idemgrpc.ClientInterceptor {
	tb.Helper()
	client, err := idemgrpc.NewClientInterceptor(options...)
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

// A step is what one try of a call gets.
type step func(ctx context.Context, reply *paymentsv1.Payment, options []grpc.CallOption) error

// wire stands for the connection and the server: its tries get the given steps, and
// the last step repeats. It keeps what was sent.
type wire struct {
	steps []step

	mu    sync.Mutex
	keys  []string
	times []time.Time
}

func (w *wire) invoke(ctx context.Context, _ string, _, reply any, _ *grpc.ClientConn, options ...grpc.CallOption) error {
	outgoing, _ := metadata.FromOutgoingContext(ctx)
	w.mu.Lock()
	n := len(w.times)
	w.keys = append(w.keys, "")
	if keys := outgoing.Get(keyField); len(keys) > 0 {
		w.keys[n] = keys[0]
	}
	w.times = append(w.times, time.Now())
	w.mu.Unlock()
	payment, _ := reply.(*paymentsv1.Payment)
	return w.steps[min(n, len(w.steps)-1)](ctx, payment, options)
}

// call sends a call over the wire.
func (w *wire) call(ctx context.Context, client *idemgrpc.ClientInterceptor, method string, options ...grpc.CallOption) (*paymentsv1.Payment, error) {
	reply := new(paymentsv1.Payment)
	return reply, client.Unary(ctx, method, new(paymentsv1.CreatePaymentRequest), reply, nil, w.invoke, options...)
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

// gets sends a call, and requires an error with this code after so many tries.
func (w *wire) gets(t *testing.T, method string, code codes.Code, tries int, options ...idemgrpc.ClientOption) {
	t.Helper()
	if _, err := w.call(t.Context(), newClient(t, options...), method); status.Code(err) != code {
		t.Errorf("got %v, want %v", err, code)
	}
	w.sent(t, tries)
}

func done(_ context.Context, reply *paymentsv1.Payment, _ []grpc.CallOption) error {
	reply.Id = "pay_1"
	return nil
}

func fails(code codes.Code) step {
	return func(context.Context, *paymentsv1.Payment, []grpc.CallOption) error { return status.Error(code, "no") }
}

// asksFor is an error with a RetryInfo.
func asksFor(code codes.Code, delay time.Duration) step {
	return func(context.Context, *paymentsv1.Payment, []grpc.CallOption) error {
		detailed, err := status.New(code, "later").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
		if err != nil {
			return err
		}
		return detailed.Err()
	}
}

// trailing is a step whose trailers have the pairs.
func trailing(then step, pairs ...string) step {
	return func(ctx context.Context, reply *paymentsv1.Payment, options []grpc.CallOption) error {
		for _, option := range options {
			if trailer, is := option.(grpc.TrailerCallOption); is {
				*trailer.TrailerAddr = metadata.Pairs(pairs...)
			}
		}
		return then(ctx, reply, options)
	}
}

// takes is a step that lasts so long, unless its context ends before.
func takes(d time.Duration, then step) step {
	return func(ctx context.Context, reply *paymentsv1.Payment, options []grpc.CallOption) error {
		select {
		case <-time.After(d):
			return then(ctx, reply, options)
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
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

func (l *ledger) create(_ context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries[request.GetCustomer()]++
	return &paymentsv1.Payment{Id: "pay_" + request.GetCustomer()}, nil
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

// payAll makes n payments, with one worker for each connection, and requires that
// each succeeds. It returns how long each took.
func payAll(tb testing.TB, conns []*grpc.ClientConn, n int) []time.Duration {
	tb.Helper()
	took, todo := make([]time.Duration, n), make(chan int)
	var running sync.WaitGroup
	for _, conn := range conns {
		running.Go(func() {
			client := paymentsv1.NewPaymentServiceClient(conn)
			for i := range todo {
				start, payment := time.Now(), strconv.Itoa(i)
				paid, err := client.CreatePayment(tb.Context(), &paymentsv1.CreatePaymentRequest{Customer: payment})
				if err != nil || paid.GetId() != "pay_"+payment {
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
