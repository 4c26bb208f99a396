package idemgrpc_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// sent returns the keys that a call through the client interceptor sends.
func sent(ctx context.Context, t *testing.T, procedure string, options ...idemgrpc.ClientOption) []string {
	t.Helper()
	var keys []string
	invoke := func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
		outgoing, _ := metadata.FromOutgoingContext(ctx)
		for field, values := range outgoing {
			keys = append(keys, field)
			keys = append(keys, values...)
		}
		return nil
	}
	if err := newClient(t, options...).Unary(ctx, procedure, nil, nil, nil, invoke); err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestClientSendsKeys(t *testing.T) {
	ctx := context.Background()
	a, b := sent(ctx, t, createMethod), sent(ctx, t, createMethod)
	if len(a) != 2 || len(b) != 2 || a[1] == b[1] || len(a[1]) != 36 || a[0] != keyField {
		t.Errorf("fresh keys are %q and %q", a, b)
	}
	named := idempotency.WithKey(ctx, "mine")
	if keys := strings.Join(sent(named, t, createMethod), " "); keys != keyField+" mine" {
		t.Errorf("the named key is sent as %q", keys)
	}
	own := metadata.AppendToOutgoingContext(named, keyField, "set before")
	if keys := strings.Join(sent(own, t, createMethod), " "); keys != keyField+" set before" {
		t.Errorf("a key that was set before is sent as %q", keys)
	}
	if keys := strings.Join(sent(named, t, createMethod, idemgrpc.WithClientKeyField("Request-Id")), " "); keys != "request-id mine" {
		t.Errorf("in another field, the key is sent as %q", keys)
	}
	for _, method := range []string{getMethod, "/grpc.health.v1.Health/Check"} {
		if keys := sent(named, t, method); len(keys) != 0 {
			t.Errorf("%s gets %q", method, keys)
		}
	}
}

// TestWhoIsSentAgain: calls with a key and those without side effects.
func TestWhoIsSentAgain(t *testing.T) {
	for method, tries := range map[string]int{createMethod: 2, getMethod: 2, "/grpc.health.v1.Health/Check": 1} {
		inBubble(t, method, func(t *testing.T) {
			code := codes.OK
			if tries == 1 {
				code = codes.Unavailable
			}
			(&wire{steps: []step{fails(codes.Unavailable), done}}).gets(t, method, code, tries)
		})
	}
}

// TestEmptyKeyIsSentOnce: the server refuses it.
func TestEmptyKeyIsSentOnce(t *testing.T) {
	w := &wire{steps: []step{fails(codes.Unavailable)}}
	if _, err := w.call(idempotency.WithKey(t.Context(), ""), newClient(t), createMethod); err == nil {
		t.Error("no error")
	}
	w.sent(t, 1)
}

// TestBadClientOptionsAreReportedTogether, each with the package's name.
func TestBadClientOptionsAreReportedTogether(t *testing.T) {
	client, err := idemgrpc.NewClientInterceptor(nil, idemgrpc.WithClientKeyField("key-bin"),
		idemgrpc.WithMaxAttempts(-1), idemgrpc.WithHedging(1), idemgrpc.WithMaxPause(-1))
	if client != nil || err == nil {
		t.Fatalf("made %v, %v", client, err)
	}
	for _, part := range []string{"idemgrpc: client option 1 is nil", `idemgrpc: key field "key-bin"`, "idemgrpc: -1 attempts", "hedging", "pause"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in the error %v", part, err)
		}
	}
}

func TestZeroClientOptionsAreDefaults(t *testing.T) {
	inBubble(t, "zeros", func(t *testing.T) {
		w := &wire{steps: []step{fails(codes.Unavailable)}}
		w.gets(t, createMethod, codes.Unavailable, idemgrpc.DefaultMaxAttempts,
			idemgrpc.WithClientKeyField(""), idemgrpc.WithMaxAttempts(0), idemgrpc.WithBackoff(0, 0),
			idemgrpc.WithMaxPause(0), idemgrpc.WithRetryBudget(0, 0), idemgrpc.WithHedging(0))
	})
}
