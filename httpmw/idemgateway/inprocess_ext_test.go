package idemgateway_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

// inProcess returns a guarded gateway that calls its service without gRPC.
func inProcess(t *testing.T, service *payments, engine *idempotency.Engine) http.Handler {
	t.Helper()
	mux := runtime.NewServeMux(append(idemgateway.ServeMuxOptions(),
		runtime.WithMiddlewares(idemgateway.Middleware(edge(t, engine))))...)
	if err := paymentsv1.RegisterPaymentServiceHandlerServer(t.Context(), mux, service); err != nil {
		t.Fatal(err)
	}
	return mux
}

func TestInProcess(t *testing.T) {
	for name, fail := range map[string]func(context.Context) error{
		"success": nil,
		"error":   func(context.Context) error { return declined(t) },
	} {
		t.Run(name, func(t *testing.T) {
			service := &payments{fail: fail}
			rest := newREST(t, inProcess(t, service, newEngine(t)))
			first, second := rest.post("key-1"), rest.post("key-1")
			wantReplay(t, first, second)
			wantRuns(t, service, 1)
			for _, a := range []answer{first, second} {
				if a.header.Get("Grpc-Metadata-X-Region") != "eu" || a.header.Get("Grpc-Metadata-Blob-Bin") == "" {
					t.Errorf("header lost: %v", a.header)
				}
			}
		})
	}
}

// TestInProcessPathParameters: they reach the handler, and different parameters are
// different operations.
func TestInProcessPathParameters(t *testing.T) {
	service := new(payments)
	rest := newREST(t, inProcess(t, service, newEngine(t)))
	patch := func(id string) answer {
		return rest.send(http.MethodPatch, collection+"/"+id, `{}`, http.Header{"Idempotency-Key": {"key-1"}})
	}
	wantReplay(t, patch("42"), patch("42"))
	if other := patch("43"); other.replayed() || other.status != http.StatusOK {
		t.Errorf("got %d %v", other.status, other.header)
	}
	wantRuns(t, service, 2)
}

func TestInProcessRefuses(t *testing.T) {
	service := new(payments)
	rest := newREST(t, inProcess(t, service, newEngine(t, all(idempotency.Policy{Key: idempotency.KeyRequired}))))
	wantRefusal(t, rest.post(), http.StatusBadRequest, idempotency.ReasonKeyMissing, idempotency.NextFixRequest)
	if get := rest.send(http.MethodGet, collection+"/42", "", nil); get.status != http.StatusOK {
		t.Errorf("GET: %d %s", get.status, get.body)
	}
	if nowhere := rest.send(http.MethodPost, "/nowhere", body, nil); nowhere.status != http.StatusNotFound {
		t.Errorf("unknown route: %d %s", nowhere.status, nowhere.body)
	}
}

// TestInProcessGuardedTwice: the inner guard runs under the claim of the outer one.
func TestInProcessGuardedTwice(t *testing.T) {
	service, engine := new(payments), newEngine(t)
	rest := newREST(t, edge(t, engine).Wrap(inProcess(t, service, engine)))
	wantReplay(t, rest.post("key-1"), rest.post("key-1"))
	wantRuns(t, service, 1)
}

// TestScopeOfAnHTTPMiddlewareReachesAServiceInProcess: and the access log around it
// knows which answers are replays.
func TestScopeOfAnHTTPMiddlewareReachesAServiceInProcess(t *testing.T) {
	service := new(bookings)
	gateway := localGateway(t, service, newEngine(t, idempotency.WithScope(idempotency.ScopeFromContext)))
	var replayed func() bool
	rest := newREST(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := idempotency.ContextWithScope(r.Context(), r.Header.Get("Authorization"))
		ctx, replayed = httpmw.ReplayedContext(ctx)
		gateway.ServeHTTP(w, r.WithContext(ctx))
	}))
	for _, step := range []struct {
		caller string
		again  bool
	}{{"jane", false}, {"joe", false}, {"jane", true}} {
		got := rest.send(http.MethodPost, "/v1/bookings", `{"room": "12"}`, http.Header{"Idempotency-Key": {"k"}, "Authorization": {step.caller}})
		if got.status != http.StatusOK || got.replayed() != step.again || replayed() != step.again {
			t.Errorf("%+v: got %d %s, replayed %t", step, got.status, got.body, replayed())
		}
	}
	service.wantRuns(t, 2)
}

// TestPanicInProcess reaches the goroutine of the request, where net/http ends it.
func TestPanicInProcess(t *testing.T) {
	local := idemgateway.NewInProcess(guardOf(t, newEngine(t)))
	bookingsv1.RegisterBookingServiceServer(local, &bookings{hold: func() { panic("out of rooms") }})
	defer func() {
		if reason := recover(); reason != "out of rooms" {
			t.Errorf("recovered %v", reason)
		}
	}()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", "k")
	_, err := bookingsv1.NewBookingServiceClient(local).CreateBooking(ctx, new(bookingsv1.CreateBookingRequest))
	t.Errorf("no panic, but %v", err)
}
