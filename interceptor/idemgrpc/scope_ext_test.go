package idemgrpc_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// from returns the context of a caller with a verified certificate.
func from(name string) context.Context {
	leaf := &x509.Certificate{Subject: pkix.Name{CommonName: name}}
	state := tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{leaf}}}
	return peer.NewContext(keyed("k"), &peer.Peer{AuthInfo: credentials.TLSInfo{State: state}})
}

func TestPeerScope(t *testing.T) {
	guard := newGuard(t, newEngine(t, idempotency.WithScope(idemgrpc.PeerScope))).Unary
	runs := 0
	handler := func(context.Context, any) (any, error) { runs++; return new(paymentsv1.Payment), nil }
	call := func(ctx context.Context) error {
		_, err := guard(ctx, createRequest(), createInfo, handler)
		return err
	}
	for _, name := range []string{"anna", "berta", "anna"} {
		if err := call(from(name)); err != nil {
			t.Fatal(err)
		}
	}
	if runs != 2 {
		t.Errorf("%d runs for two callers", runs)
	}
	for _, ctx := range []context.Context{keyed("k"), peer.NewContext(keyed("k"), &peer.Peer{})} {
		checkRefusal(t, call(ctx), codes.Unauthenticated, idempotency.ReasonScopeUnknown, false)
	}
}

func TestOperations(t *testing.T) {
	server := grpc.NewServer()
	paymentsv1.RegisterPaymentServiceServer(server, new(service))
	if operations, err := idemgrpc.Operations(server); err != nil || len(operations) != 4 || !slices.Contains(operations, createMethod) {
		t.Errorf("operations are %q", operations)
	}
}

// unscoped counts the events about callers without a scope.
type unscoped int

func (u *unscoped) Observe(_ context.Context, event idempotency.Event) {
	if event.Kind == idempotency.EventUnscoped {
		*u++
	}
}

func TestCredentialsWithoutScopeAreObserved(t *testing.T) {
	observed := new(unscoped)
	guard := newGuard(t, newEngine(t, idempotency.WithObserver(observed))).Unary
	for _, md := range []metadata.MD{
		metadata.Pairs(keyField, "k"), metadata.Pairs(keyField, "k", "authorization", "secret"), metadata.Pairs(keyField, "k", "authorization", "secret"),
	} {
		if _, err := guard(metadata.NewIncomingContext(context.Background(), md), createRequest(), createInfo, createHandler); err != nil {
			t.Fatal(err)
		}
	}
	if *observed != 1 {
		t.Errorf("observed %d times", *observed)
	}
}
