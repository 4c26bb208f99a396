package idemgateway_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

// teapot is an error handler of the user.
func teapot(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, err.Error(), http.StatusTeapot)
}

func TestOwnErrorHandler(t *testing.T) {
	service := &payments{fail: func(context.Context) error { return errors.New("out of luck") }}
	address, _ := serve(t, service, newEngine(t))
	rest := newREST(t, newMux(t, address, idemgateway.ServeMuxOptions(idemgateway.WithErrorHandler(teapot))...))
	first, second := rest.post("key-1"), rest.post("key-1")
	wantReplay(t, first, second)
	if second.status != http.StatusTeapot || !strings.Contains(second.body, "out of luck") {
		t.Errorf("got %d %s", second.status, second.body)
	}
	wantRefusal(t, rest.post("two words"), http.StatusUnprocessableEntity, idempotency.ReasonKeyInvalid, idempotency.NextFixRequest)
}

func TestOwnMatchers(t *testing.T) {
	only := func(wanted, field string) runtime.HeaderMatcherFunc {
		return func(name string) (string, bool) { return field, name == wanted }
	}
	address, _ := serve(t, new(payments), newEngine(t))
	rest := newREST(t, newMux(t, address, idemgateway.ServeMuxOptions(
		idemgateway.WithOutgoingHeaderMatcher(only("x-region", "X-Where")),
		idemgateway.WithOutgoingTrailerMatcher(only("x-cost", "X-Price")),
	)...))
	send := func() answer {
		return rest.send(http.MethodPost, collection, body, http.Header{"Idempotency-Key": {"key-1"}, "Te": {"trailers"}})
	}
	first, second := send(), send()
	wantReplay(t, first, second)
	if second.header.Get("X-Where") != "eu" || second.trailer.Get("X-Price") != "7" {
		t.Errorf("header %v, trailer %v", second.header, second.trailer)
	}
	for name := range second.header {
		if strings.HasPrefix(name, "Grpc-Metadata-") {
			t.Errorf("%s came through", name)
		}
	}
}

// TestNilOptions: a nil or empty value means the default.
func TestNilOptions(t *testing.T) {
	service := new(payments)
	address, _ := serve(t, service, newEngine(t))
	rest := newREST(t, newMux(t, address, idemgateway.ServeMuxOptions(
		idemgateway.WithKeyField(""), idemgateway.WithReplayedField(""), idemgateway.WithErrorHandler(nil),
		idemgateway.WithOutgoingHeaderMatcher(nil), idemgateway.WithOutgoingTrailerMatcher(nil),
	)...))
	wantReplay(t, rest.post("key-1"), rest.post("key-1"))
	wantRuns(t, service, 1)
}

func TestRoutingErrors(t *testing.T) {
	service := new(payments)
	guarded := guardedService(t, service, all(idempotency.Policy{Key: idempotency.KeyRequired}))
	plain := newREST(t, runtime.NewServeMux())
	for _, path := range []string{"/nowhere", collection + "/42/more"} {
		send := func(r rest) answer {
			return r.send(http.MethodPost, path, body, http.Header{"Idempotency-Key": {"key-1"}})
		}
		got, want := send(guarded), send(plain)
		if got.status != http.StatusNotFound || got.status != want.status || got.body != want.body {
			t.Errorf("got %d %s, want %d %s", got.status, got.body, want.status, want.body)
		}
	}
	wantRuns(t, service, 0)
}
