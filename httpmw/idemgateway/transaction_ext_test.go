package idemgateway_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
	"github.com/oncewire/idempotency/internal/txtest"
)

// local returns a gateway that calls the service through an InProcess connection.
func local(t *testing.T, service *payments, interceptors ...grpc.UnaryServerInterceptor) http.Handler {
	t.Helper()
	connection := idemgateway.NewInProcess(interceptors...)
	paymentsv1.RegisterPaymentServiceServer(connection, service)
	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
	client := paymentsv1.NewPaymentServiceClient(connection)
	if err := paymentsv1.RegisterPaymentServiceHandlerClient(t.Context(), mux, client); err != nil {
		t.Fatal(err)
	}
	return mux
}

// places are the guards of a gateway whose handlers run in transactions.
var places = map[string]func(*testing.T, *payments, *idempotency.Engine) http.Handler{
	"at the service": func(t *testing.T, service *payments, engine *idempotency.Engine) http.Handler {
		t.Helper()
		address, _ := serve(t, service, engine)
		return newMux(t, address, idemgateway.ServeMuxOptions()...)
	},
	"in process": func(t *testing.T, service *payments, engine *idempotency.Engine) http.Handler {
		t.Helper()
		return local(t, service, guardOf(t, engine))
	},
	"middleware": func(t *testing.T, service *payments, engine *idempotency.Engine) http.Handler {
		t.Helper()
		return inProcess(t, service, engine)
	},
	"at the edge of one process": func(t *testing.T, service *payments, engine *idempotency.Engine) http.Handler {
		t.Helper()
		return edge(t, engine).Wrap(local(t, service))
	},
}

func newBank(t *testing.T) (*txtest.Store, *idempotency.Engine) {
	t.Helper()
	store := txtest.New()
	return store, newEngineOn(t, store, all(idempotency.Policy{Transaction: backend.OneCommit}))
}

func writes(ctx context.Context) error { return txtest.Write(ctx, "payment") }

// TestTransactionBehindAGateway: a call that was rolled back is refused, without
// anything of the handler's answer. The next one runs, and is replayed.
func TestTransactionBehindAGateway(t *testing.T) {
	failure := errors.New("dial tcp 10.1.2.3:5432: connection refused")
	for place, guarded := range places {
		for reason, failure := range map[idempotency.Reason]error{
			idempotency.ReasonRolledBack:    errors.Join(backend.ErrNotCommitted, failure),
			idempotency.ReasonCommitUnknown: failure,
		} {
			t.Run(place+" "+string(reason), func(t *testing.T) {
				store, engine := newBank(t)
				service := &payments{fail: writes}
				rest := newREST(t, guarded(t, service, engine))
				store.BeforeCommit = func(context.Context) error { return failure }
				got := rest.post("key-1")
				wantRefusal(t, got, http.StatusServiceUnavailable, reason, idempotency.NextRetrySameKey)
				for _, name := range []string{"Grpc-Metadata-X-Region", "Grpc-Metadata-Blob-Bin", "Grpc-Metadata-X-Request-Id"} {
					if got.header.Get(name) != "" {
						t.Errorf("got field %s of the handler", name)
					}
				}
				if strings.Contains(got.body, "10.1.2.3") || len(got.trailer) > 0 {
					t.Errorf("got %s, trailers %v", got.body, got.trailer)
				}
				store.BeforeCommit = nil
				first := rest.post("key-1")
				wantReplay(t, first, rest.post("key-1"))
				if first.status != http.StatusOK || first.header.Get("Grpc-Metadata-X-Region") != "eu" {
					t.Errorf("got %d %v", first.status, first.header)
				}
				wantRuns(t, service, 2)
				if written := store.Written(); !slices.Equal(written, []string{"payment"}) {
					t.Errorf("committed are %q", written)
				}
			})
		}
	}
}

// TestErrorInATransactionBehindAGateway is recorded, and what was written is not.
func TestErrorInATransactionBehindAGateway(t *testing.T) {
	for place, guarded := range places {
		t.Run(place, func(t *testing.T) {
			store, engine := newBank(t)
			service := &payments{fail: func(ctx context.Context) error { return errors.Join(declined(t), writes(ctx)) }}
			rest := newREST(t, guarded(t, service, engine))
			wantReplay(t, rest.post("key-1"), rest.post("key-1"))
			wantRuns(t, service, 1)
			if written := store.Written(); len(written) > 0 {
				t.Errorf("committed are %q", written)
			}
		})
	}
}

// TestTransactionsAtBoth: each guard has a record of its own, and so a transaction. That
// of the service is committed first, and a retry gets its answer.
func TestTransactionsAtBoth(t *testing.T) {
	store, engine := newBank(t)
	service := &payments{fail: writes}
	rest := newREST(t, edge(t, engine).Wrap(local(t, service, guardOf(t, engine))))
	commits := 0
	store.BeforeCommit = func(context.Context) error {
		if commits++; commits == 2 {
			return backend.ErrNotCommitted
		}
		return nil
	}
	wantRefusal(t, rest.post("key-1"), http.StatusServiceUnavailable, idempotency.ReasonRolledBack, idempotency.NextRetrySameKey)
	first := rest.post("key-1")
	if first.status != http.StatusOK || !first.replayed() {
		t.Errorf("got %d %v", first.status, first.header)
	}
	wantRuns(t, service, 1)
	if written := store.Written(); !slices.Equal(written, []string{"payment"}) {
		t.Errorf("committed are %q", written)
	}
}

// TestRolledBackServiceIsReleasedAtTheEdge, whose guard has leases.
func TestRolledBackServiceIsReleasedAtTheEdge(t *testing.T) {
	store, engine := newBank(t)
	service := &payments{fail: writes}
	outer := newEngine(t, all(idempotency.Policy{OnAbandoned: idempotency.Reject}))
	for place, guarded := range places {
		if place == "at the edge of one process" {
			continue // it is the edge
		}
		rest := newREST(t, edge(t, outer).Wrap(guarded(t, service, engine)))
		store.BeforeCommit = func(context.Context) error { return backend.ErrNotCommitted }
		key := strings.ReplaceAll(place, " ", "-")
		for range 2 {
			wantRefusal(t, rest.post(key), http.StatusServiceUnavailable, idempotency.ReasonRolledBack, idempotency.NextRetrySameKey)
		}
		store.BeforeCommit = func(context.Context) error { return errors.New("down") }
		wantRefusal(t, rest.post(key), http.StatusServiceUnavailable, idempotency.ReasonCommitUnknown, idempotency.NextRetrySameKey)
		wantRefusal(t, rest.post(key), http.StatusConflict, idempotency.ReasonOutcomeUnknown, idempotency.NextAskOperator)
	}
}
