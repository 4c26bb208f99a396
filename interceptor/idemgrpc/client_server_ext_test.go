package idemgrpc_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
	"github.com/oncewire/idempotency/internal/refusal"
)

// TestServiceConfigRetriesHaveTheKey: the retries of grpc-go happen inside a try.
func TestServiceConfigRetriesHaveTheKey(t *testing.T) {
	var mu sync.Mutex
	var keys, attempts []string
	service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		mu.Lock()
		defer mu.Unlock()
		incoming, _ := metadata.FromIncomingContext(ctx)
		keys = append(keys, incoming.Get(keyField)...)
		attempts = append(attempts, incoming.Get("grpc-previous-rpc-attempts")...)
		if len(keys) < 3 {
			return nil, status.Error(codes.Unavailable, "down")
		}
		return &paymentsv1.Payment{}, nil
	}}
	config := `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.001s",
		"maxBackoff": "0.001s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`
	conn := dial(t, service, []grpc.ServerOption{guarded(t, newEngine(t))}, grpc.WithDefaultServiceConfig(config),
		grpc.WithUnaryInterceptor(newClient(t, idemgrpc.WithMaxAttempts(1)).Unary))
	if _, err := paymentsv1.NewPaymentServiceClient(conn).CreatePayment(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 3 || keys[1] != keys[0] || keys[2] != keys[0] || len(attempts) != 2 {
		t.Errorf("keys %q, previous attempts %q", keys, attempts)
	}
}

// TestCallInProgressIsAwaited: the server says so until the first call is done.
func TestCallInProgressIsAwaited(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	service := &service{create: func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		close(started)
		<-finish
		return &paymentsv1.Payment{Id: "pay_1"}, nil
	}}
	quick := idempotency.WithPolicy("*", idempotency.Policy{RetryAfter: time.Millisecond})
	refused := make(chan error, 1000)
	watch := func(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		err := invoke(ctx, method, request, reply, conn, options...)
		if err != nil {
			refused <- err
		}
		return err
	}
	interceptor := newClient(t, idemgrpc.WithBackoff(time.Millisecond, time.Millisecond))
	conn := dial(t, service, []grpc.ServerOption{guarded(t, newEngine(t, quick))}, grpc.WithChainUnaryInterceptor(interceptor.Unary, watch))
	client := paymentsv1.NewPaymentServiceClient(conn)
	ctx, cancel := context.WithTimeout(idempotency.WithKey(t.Context(), "k"), time.Minute)
	defer cancel()
	first := make(chan error)
	go func() {
		_, err := client.CreatePayment(ctx, nil)
		first <- err
	}()
	<-started
	go func() {
		for range 2 * idemgrpc.DefaultMaxAttempts {
			if refusal, ok := idemgrpc.Refusal(<-refused); !ok || !errors.Is(refusal, idempotency.ErrInProgress) {
				t.Errorf("refused with %v", refusal)
			}
		}
		close(finish)
	}()
	var header metadata.MD
	paid, err := client.CreatePayment(ctx, nil, grpc.Header(&header))
	if err != nil || paid.GetId() != "pay_1" || !idemgrpc.Replayed(header) {
		t.Errorf("got %v, %v, %v", paid, err, header)
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// TestOtherRefusalsAreReturned as they are, without a retry.
func TestOtherRefusalsAreReturned(t *testing.T) {
	tries := 0
	count := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		tries++
		return handler(ctx, request)
	}
	conn := dial(t, new(service), []grpc.ServerOption{grpc.ChainUnaryInterceptor(count, newGuard(t, newEngine(t)).Unary)},
		grpc.WithUnaryInterceptor(newClient(t).Unary))
	client := paymentsv1.NewPaymentServiceClient(conn)
	_, err := client.CreatePayment(idempotency.WithKey(t.Context(), "two words"), nil)
	refused, ok := idemgrpc.Refusal(err)
	if !ok || !errors.Is(refused, idempotency.ErrKeyInvalid) || refused.Rule != "characters" || refused.Next() != idempotency.NextFixRequest || tries != 1 {
		t.Errorf("refused with %+v after %d tries", refused, tries)
	}
}

// newer is the refusal of a newer server.
func newer(next idempotency.Next, after time.Duration) error {
	refused := refusal.Encode(&idempotency.Error{Reason: "NEW", Advised: next, RetryAfter: after}, createMethod)
	refused.Code = int32(codes.FailedPrecondition)
	return status.FromProto(refused).Err()
}

// TestRefusalOfANewerServer guides as that server says: the call is sent again for
// retry_same_key only, whenever that is.
func TestRefusalOfANewerServer(t *testing.T) {
	for _, next := range []idempotency.Next{
		idempotency.NextRetrySameKey, idempotency.NextUseNewKey, idempotency.NextFixRequest, idempotency.NextAskOperator,
	} {
		for _, after := range []time.Duration{0, time.Second} {
			inBubble(t, string(next), func(t *testing.T) {
				w := &wire{steps: []step{func(context.Context, *paymentsv1.Payment, []grpc.CallOption) error { return newer(next, after) }}}
				_, err := w.call(t.Context(), newClient(t, idemgrpc.WithMaxAttempts(2)), createMethod)
				refused, ok := idemgrpc.Refusal(err)
				if !ok || refused.Reason != "NEW" || refused.Next() != next || refused.RetryAfter != after {
					t.Errorf("after %v: decoded as %+v", after, refused)
				}
				if next == idempotency.NextRetrySameKey {
					w.sent(t, 2)
				} else {
					w.sent(t, 1)
				}
			})
		}
	}
}

func TestOtherErrorsAreNoRefusals(t *testing.T) {
	for _, err := range []error{nil, errors.New("no"), status.Error(codes.Aborted, "no"), context.Canceled} {
		if refused, ok := idemgrpc.Refusal(err); ok || refused != nil {
			t.Errorf("%v is the refusal %v", err, refused)
		}
	}
}

func TestReplayedReadsTheMark(t *testing.T) {
	for name, test := range map[string]struct {
		md    metadata.MD
		field []string
		want  bool
	}{
		"none":          {nil, nil, false},
		"the mark":      {metadata.Pairs(marker, "true"), nil, true},
		"another value": {metadata.Pairs(marker, "false"), nil, false},
		"another field": {metadata.Pairs("again", "true"), []string{"Again"}, true},
		"no field":      {metadata.Pairs(marker, "true"), []string{""}, true},
	} {
		if got := idemgrpc.Replayed(test.md, test.field...); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
