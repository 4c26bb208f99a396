package idemconnect2_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	paymentsv1connect "github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

func newClientInterceptor(tb testing.TB, options ...idemconnect2.ClientOption) connect.ClientInterceptor {
	tb.Helper()
	client, err := idemconnect2.NewClientInterceptor(options...)
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

// try is one try of a call on the wire.
type try struct {
	info    *connect.CallInfo
	request any
}

// A step is what one try of a call gets.
type step func(context.Context, try) (proto.Message, error)

// wire is a [connect.Transport] without a connection and a server: its tries get the
// given steps, and the last step repeats. It keeps what was sent.
type wire struct {
	steps []step

	mu     sync.Mutex
	keys   []string
	times  []time.Time
	closed int
}

// NewClientStream implements [connect.Transport].
func (w *wire) NewClientStream(ctx context.Context, _ connect.Spec) (connect.ClientStream, error) {
	info, _ := connect.CallInfoForClientContext(ctx)
	return &wireStream{wire: w, ctx: ctx, try: try{info: info}}, nil
}

type wireStream struct {
	wire *wire
	ctx  context.Context
	try  try
}

func (*wireStream) SendHeaders() error { return nil }
func (*wireStream) CloseSend() error   { return nil }

func (s *wireStream) Send(message any) error {
	s.try.request = message
	return nil
}

func (s *wireStream) Receive(into any) error {
	w := s.wire
	w.mu.Lock()
	n := len(w.times)
	w.keys = append(w.keys, s.try.info.RequestHeader().Get(keyField))
	w.times = append(w.times, time.Now())
	w.mu.Unlock()
	answer, err := w.steps[min(n, len(w.steps)-1)](s.ctx, s.try)
	if err == nil {
		proto.Merge(into.(proto.Message), answer)
	}
	return err
}

func (s *wireStream) Close() error {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	s.wire.closed++
	return nil
}

// client returns a client over the wire.
func (w *wire) client(tb testing.TB, options ...idemconnect2.ClientOption) caller {
	tb.Helper()
	return paymentsv1connect.NewPaymentServiceClient(connect.NewClient(w, newClientInterceptor(tb, options...)))
}

// sent requires so many tries, all with the same key, and that their streams are
// closed.
func (w *wire) sent(t *testing.T, want int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.times) != want || w.closed > want {
		t.Errorf("sent %d times, want %d; %d streams are closed", len(w.times), want, w.closed)
	}
	for i, key := range w.keys {
		if key != w.keys[0] {
			t.Errorf("try %d has key %q, the first one %q", i+1, key, w.keys[0])
		}
	}
}

// gets sends a call, and requires an error with this code, or none for 0, after so
// many tries.
func (w *wire) gets(t *testing.T, code connect.Code, tries int, options ...idemconnect2.ClientOption) {
	t.Helper()
	_, err := w.client(t, options...).CreatePayment(t.Context(), new(paymentsv1.CreatePaymentRequest))
	if (err != nil || code != 0) && connect.CodeOf(err) != code {
		t.Errorf("got %v, want %v", err, code)
	}
	w.sent(t, tries)
}

func done(context.Context, try) (proto.Message, error) { return &paymentsv1.Payment{Id: "pay_1"}, nil }

func fails(err error) step {
	return func(context.Context, try) (proto.Message, error) { return nil, err }
}

// answers is the error of a server, with fields in its header.
func answers(code connect.Code, fields ...string) step {
	return func(_ context.Context, t try) (proto.Message, error) {
		for i := 0; i < len(fields); i += 2 {
			t.info.ResponseHeader().Set(fields[i], fields[i+1])
		}
		return nil, connect.NewError(code, "no").WithRemote()
	}
}

// ends is the error of a server, with a field in its trailer.
func ends(code connect.Code, name, value string) step {
	return func(_ context.Context, t try) (proto.Message, error) {
		t.info.ResponseTrailer().Set(name, value)
		return nil, connect.NewError(code, "no").WithRemote()
	}
}

// asksFor is the error of a server with a RetryInfo.
func asksFor(t *testing.T, code connect.Code, delay time.Duration) step {
	t.Helper()
	detail, err := connectproto.NewErrorDetail(&errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
	if err != nil {
		t.Fatal(err)
	}
	return fails(connect.NewError(code, "later").WithDetail(detail).WithRemote())
}

// takes is a step that lasts so long, unless its context ends before.
func takes(d time.Duration, then step) step {
	return func(ctx context.Context, t try) (proto.Message, error) {
		select {
		case <-time.After(d):
			return then(ctx, t)
		case <-ctx.Done():
			return nil, connect.NewError(connect.CodeCanceled, "canceled").WithCause(ctx.Err())
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

// payAll makes n payments, some at the same time, and requires that each succeeds.
func payAll(tb testing.TB, client caller, n, workers int) {
	tb.Helper()
	todo := make(chan int)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for i := range todo {
				payment := strconv.Itoa(i)
				paid, err := client.CreatePayment(tb.Context(), &paymentsv1.CreatePaymentRequest{Customer: payment})
				if err != nil || paid.GetId() != "pay_"+payment {
					tb.Errorf("payment %s: %v, %v", payment, paid, err)
				}
			}
		})
	}
	for i := range n {
		todo <- i
	}
	close(todo)
	running.Wait()
}
