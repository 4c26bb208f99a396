package idemconnect_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

func TestClientSendsKeys(t *testing.T) {
	var sent []string
	service := &service{create: func(_ context.Context, request *createRequest) (*createResponse, error) {
		sent = request.Header().Values(keyField)
		return connect.NewResponse(new(paymentsv1.Payment)), nil
	}}
	client := serveWith(t, service).newClient(connect.WithInterceptors(newClientInterceptor(t)))
	call := func(ctx context.Context, key string) string {
		request := connect.NewRequest(new(paymentsv1.CreatePaymentRequest))
		if key != "" {
			request.Header().Set(keyField, key)
		}
		if _, err := client.CreatePayment(ctx, request); err != nil {
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

// TestReusedRequest: one request sent three times is three payments, with hedging
// too, and has what it has without the interceptor.
func TestReusedRequest(t *testing.T) {
	for name, options := range map[string][]idemconnect.ClientOption{"plain": nil, "hedging": {idemconnect.WithHedging(time.Minute)}} {
		t.Run(name, func(t *testing.T) {
			service := new(service)
			server := payments(t, service, newEngine(t))
			send := func(client paymentsv1connect.PaymentServiceClient) *createRequest {
				request := connect.NewRequest(&paymentsv1.CreatePaymentRequest{Amount: 5})
				for range 3 {
					answer, err := client.CreatePayment(t.Context(), request)
					if err != nil || idemconnect.Replayed(answer.Header()) {
						t.Errorf("got %v, %v", answer, err)
					}
				}
				return request
			}
			got := send(server.newClient(connect.WithInterceptors(newClientInterceptor(t, options...))))
			if service.runs.Load() != 3 || got.Msg.GetAmount() != 5 {
				t.Errorf("%d payments, message %v", service.runs.Load(), got.Msg)
			}
			same(t, got, send(server.newClient()))
		})
	}
}

// TestClientCallInfo: the call info of the caller's context has what the call got.
func TestClientCallInfo(t *testing.T) {
	for name, options := range map[string][]idemconnect.ClientOption{"plain": nil, "hedging": {idemconnect.WithHedging(time.Minute)}} {
		t.Run(name, func(t *testing.T) {
			var header string
			service := &service{create: func(_ context.Context, request *createRequest) (*createResponse, error) {
				header = request.Header().Get("X-Caller")
				answer := connect.NewResponse(new(paymentsv1.Payment))
				answer.Header().Set("X-Answer", "header")
				answer.Trailer().Set("X-Answer", "trailer")
				return answer, nil
			}}
			seen := ""
			inner := connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
				return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
					seen = request.Spec().Procedure + request.Peer().Addr
					return next(ctx, request)
				}
			})
			server := payments(t, service, newEngine(t))
			client := server.newClient(connect.WithInterceptors(newClientInterceptor(t, options...), inner))
			ctx, info := connect.NewClientContext(t.Context())
			info.RequestHeader().Set("X-Caller", "header")
			if _, err := client.CreatePayment(ctx, connect.NewRequest(new(paymentsv1.CreatePaymentRequest))); err != nil {
				t.Fatal(err)
			}
			if got := info.ResponseHeader().Get("X-Answer") + info.ResponseTrailer().Get("X-Answer"); got != "headertrailer" {
				t.Errorf("the answer has %q", got)
			}
			if info.HTTPMethod() != "POST" || info.Spec().Procedure+info.Peer().Addr != seen || info.RequestHeader().Get("X-Caller") != header {
				t.Errorf("the call info has %s %s %s %v", info.HTTPMethod(), info.Spec().Procedure, info.Peer().Addr, info.RequestHeader())
			}
			if !strings.HasSuffix("http://"+seen, server.url[len("http://"):]) || header != "header" {
				t.Errorf("an inner interceptor sees %q, the server %q", seen, header)
			}
		})
	}
}

// TestWhoIsSentAgain: calls with a key and those without side effects.
func TestWhoIsSentAgain(t *testing.T) {
	inBubble(t, "without side effects", func(t *testing.T) {
		w := &wire{steps: []step{answers(connect.CodeUnavailable), done}}
		ctx := idempotency.WithKey(t.Context(), "mine")
		if _, err := w.client(t).GetPayment(ctx, connect.NewRequest(new(paymentsv1.GetPaymentRequest))); err != nil || w.keys[0] != "" {
			t.Errorf("got %v, key %q", err, w.keys[0])
		}
		w.sent(t, 2)
	})
	inBubble(t, "infrastructure", func(t *testing.T) {
		w := &wire{steps: []step{answers(connect.CodeUnavailable)}}
		health := connect.NewClient[paymentsv1.GetPaymentRequest, paymentsv1.Payment](nil, "http://payments.test/grpc.health.v1.Health/Check",
			connect.WithInterceptors(newClientInterceptor(t), connect.UnaryInterceptorFunc(w.wrap)))
		if _, err := health.CallUnary(t.Context(), connect.NewRequest(new(paymentsv1.GetPaymentRequest))); err == nil || w.keys[0] != "" {
			t.Errorf("got %v, key %q", err, w.keys[0])
		}
		w.sent(t, 1)
	})
	inBubble(t, "an empty key", func(t *testing.T) {
		w := &wire{steps: []step{answers(connect.CodeUnavailable)}}
		ctx := idempotency.WithKey(t.Context(), "")
		if _, err := w.client(t).CreatePayment(ctx, connect.NewRequest(new(paymentsv1.CreatePaymentRequest))); err == nil {
			t.Error("no error")
		}
		w.sent(t, 1)
	})
}

// TestBadClientOptionsAreReportedTogether, each with the package's name.
func TestBadClientOptionsAreReportedTogether(t *testing.T) {
	client, err := idemconnect.NewClientInterceptor(nil, idemconnect.WithClientKeyField("a key"),
		idemconnect.WithMaxAttempts(-1), idemconnect.WithHedging(1), idemconnect.WithMaxPause(-1))
	if client != nil || err == nil {
		t.Fatalf("made %v, %v", client, err)
	}
	for _, part := range []string{"idemconnect: client option 1 is nil", `idemconnect: key field "a key"`, "idemconnect: -1 attempts", "hedging", "pause"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in the error %v", part, err)
		}
	}
}

func TestZeroClientOptionsAreDefaults(t *testing.T) {
	inBubble(t, "zeros", func(t *testing.T) {
		w := &wire{steps: []step{answers(connect.CodeUnavailable)}}
		w.gets(t, connect.CodeUnavailable, idemconnect.DefaultMaxAttempts,
			idemconnect.WithClientKeyField(""), idemconnect.WithMaxAttempts(0), idemconnect.WithBackoff(0, 0),
			idemconnect.WithMaxPause(0), idemconnect.WithRetryBudget(0, 0), idemconnect.WithHedging(0))
	})
}
