package idemconnect2_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	paymentsv1connect "github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

func TestClientSendsKeys(t *testing.T) {
	var sent []string
	service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		info, _ := connect.CallInfoForServerContext(ctx)
		sent = info.RequestHeader().Values(keyField)
		return new(paymentsv1.Payment), nil
	}}
	client := serveWith(t, service).intercepted(nil, newClientInterceptor(t))
	call := func(ctx context.Context, key string) string {
		ctx, info := connect.NewClientContext(ctx)
		if key != "" {
			info.RequestHeader().Set(keyField, key)
		}
		if _, err := client.CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest)); err != nil {
			t.Fatal(err)
		}
		if len(sent) != 1 {
			t.Fatalf("keys sent: %q", sent)
		}
		return sent[0]
	}
	ctx := context.Background()
	if a, b := call(ctx, ""), call(ctx, ""); a == b || len(a) != 36 {
		t.Errorf("fresh keys are %q and %q", a, b)
	}
	if key := call(idempotency.WithKey(ctx, "mine"), ""); key != "mine" {
		t.Errorf("the named key is sent as %q", key)
	}
	if key := call(idempotency.WithKey(ctx, "mine"), "before"); key != "before" {
		t.Errorf("a key that was set before is sent as %q", key)
	}
}

// plainAndHedging are options under which a call that succeeds at once is the same.
var plainAndHedging = map[string][]idemconnect2.ClientOption{"plain": nil, "hedging": {idemconnect2.WithHedging(time.Minute)}}

// TestReusedContext: three calls with one context and one message are three payments,
// and leave in its call info what they leave without the interceptor.
func TestReusedContext(t *testing.T) {
	for name, options := range plainAndHedging {
		t.Run(name, func(t *testing.T) {
			service := new(service)
			server := payments(t, service, newEngine(t))
			ctx, info := connect.NewClientContext(t.Context())
			info.RequestHeader().Set("X-Caller", "ada")
			client, message := server.intercepted(nil, newClientInterceptor(t, options...)), &paymentsv1.CreatePaymentRequest{Amount: 5}
			for range 3 {
				payment, err := client.CreatePayment(ctx, message)
				if err != nil || idemconnect2.Replayed(info) || payment.GetAmount() != 5 {
					t.Errorf("got %v, %v", payment, err)
				}
			}
			if service.runs.Load() != 3 || message.GetAmount() != 5 || info.RequestHeader().Len() != 1 {
				t.Errorf("%d payments, message %v, header %v", service.runs.Load(), message, info.RequestHeader())
			}
		})
	}
}

// TestClientCallInfo: the call info of the caller's context has what it has without the
// interceptor. One inside has another, with the key.
func TestClientCallInfo(t *testing.T) {
	for name, options := range plainAndHedging {
		t.Run(name, func(t *testing.T) {
			service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
				info, _ := connect.CallInfoForServerContext(ctx)
				info.ResponseHeader().Set("X-Answer", "header of "+info.RequestHeader().Get("X-Caller"))
				info.ResponseTrailer().Set("X-Answer", "trailer")
				return &paymentsv1.Payment{Id: "p"}, nil
			}}
			server, inside := payments(t, service, newEngine(t)), ""
			inner := func(next connect.ClientFunc) connect.ClientFunc {
				return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
					info, _ := connect.CallInfoForClientContext(ctx)
					inside = info.RequestHeader().Get(keyField)
					return next(ctx, spec)
				}
			}
			call := func(client caller) *connect.CallInfo {
				ctx, info := connect.NewClientContext(t.Context())
				info.RequestHeader().Set("X-Caller", "ada")
				if payment, err := client.CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest)); err != nil || payment.GetId() != "p" {
					t.Fatal(payment, err)
				}
				return info
			}
			got, want := call(server.intercepted(nil, newClientInterceptor(t, options...), inner)), call(server.newClient())
			for _, info := range []*connect.CallInfo{got, want} {
				if info.ResponseHeader().Get("X-Answer") != "header of ada" || info.ResponseTrailer().Get("X-Answer") != "trailer" || info.RequestHeader().Len() != 1 {
					t.Errorf("the answer has %v and %v, the request %v", info.ResponseHeader(), info.ResponseTrailer(), info.RequestHeader())
				}
			}
			if got.PeerAddr != want.PeerAddr || got.Protocol != want.Protocol || got.Codec != want.Codec || got.SendStats != want.SendStats ||
				got.ReceiveStats != want.ReceiveStats || got.Spec.Procedure != want.Spec.Procedure || got.TransportInfo == nil || len(inside) != 36 {
				t.Errorf("the call info is %+v, without interceptor %+v; the key inside is %q", got, want, inside)
			}
		})
	}
}

// TestWhoIsSentAgain: calls with a key and those without side effects.
func TestWhoIsSentAgain(t *testing.T) {
	inBubble(t, "without side effects", func(t *testing.T) {
		w := &wire{steps: []step{answers(connect.CodeUnavailable), done}}
		ctx := idempotency.WithKey(t.Context(), "mine")
		if _, err := w.client(t).GetPayment(ctx, new(paymentsv1.GetPaymentRequest)); err != nil || w.keys[0] != "" {
			t.Errorf("got %v, key %q", err, w.keys[0])
		}
		w.sent(t, 2)
	})
	inBubble(t, "infrastructure", func(t *testing.T) {
		w := &wire{steps: []step{answers(connect.CodeUnavailable)}}
		health := connect.NewClient(w, newClientInterceptor(t))
		err := health.CallUnary(t.Context(), connect.Spec{Procedure: "/grpc.health.v1.Health/Check"}, new(paymentsv1.GetPaymentRequest), new(paymentsv1.Payment))
		if err == nil || w.keys[0] != "" {
			t.Errorf("got %v, key %q", err, w.keys[0])
		}
		w.sent(t, 1)
	})
	inBubble(t, "an empty key", func(t *testing.T) {
		w := &wire{steps: []step{answers(connect.CodeUnavailable)}}
		ctx := idempotency.WithKey(t.Context(), "")
		if _, err := w.client(t).CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest)); err == nil {
			t.Error("no error")
		}
		w.sent(t, 1)
	})
	inBubble(t, "a stream", func(t *testing.T) {
		w := &wire{steps: []step{answers(connect.CodeUnavailable)}}
		client := connect.NewClient(w, newClientInterceptor(t))
		stream, err := client.CallServerStream(t.Context(), connect.Spec{Procedure: "/s.S/M", StreamType: connect.StreamTypeServer}, new(paymentsv1.Payment))
		if err != nil || stream.Receive(new(paymentsv1.Payment)) == nil || w.keys[0] != "" {
			t.Errorf("got %v, key %q", err, w.keys)
		}
		w.sent(t, 1)
	})
}

// TestRetriesInProcess: a call in the same process is a retry too.
func TestRetriesInProcess(t *testing.T) {
	service := failing(connect.NewError(connect.CodeUnavailable, "no"))
	services := newServer(service, newGuard(t, newEngine(t)))
	client := paymentsv1connect.NewPaymentServiceClient(connect.NewClient(connectinprocess.New(services),
		newClientInterceptor(t, idemconnect2.WithBackoff(time.Millisecond, time.Millisecond))))
	if _, err := client.CreatePayment(t.Context(), new(paymentsv1.CreatePaymentRequest)); err != nil || service.runs.Load() != 2 {
		t.Errorf("got %v, %d runs", err, service.runs.Load())
	}
}

// TestBadClientOptionsAreReportedTogether, each with the package's name.
func TestBadClientOptionsAreReportedTogether(t *testing.T) {
	client, err := idemconnect2.NewClientInterceptor(nil, idemconnect2.WithClientKeyField("a key"),
		idemconnect2.WithMaxAttempts(-1), idemconnect2.WithHedging(1), idemconnect2.WithMaxPause(-1))
	if client != nil || err == nil {
		t.Fatalf("made %v", err)
	}
	for _, part := range []string{"idemconnect2: client option 1 is nil", `idemconnect2: key field "a key"`, "idemconnect2: -1 attempts", "hedging", "pause"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in the error %v", part, err)
		}
	}
}

func TestZeroClientOptionsAreDefaults(t *testing.T) {
	inBubble(t, "zeros", func(t *testing.T) {
		w := &wire{steps: []step{answers(connect.CodeUnavailable)}}
		w.gets(t, connect.CodeUnavailable, idemconnect2.DefaultMaxAttempts,
			idemconnect2.WithClientKeyField(""), idemconnect2.WithMaxAttempts(0), idemconnect2.WithBackoff(0, 0),
			idemconnect2.WithMaxPause(0), idemconnect2.WithRetryBudget(0, 0), idemconnect2.WithHedging(0))
	})
}
