package idemgateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
	"github.com/oncewire/idempotency/internal/mark"
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

// shape writes refusals as the errors of an API with its own format.
func shape(w http.ResponseWriter, r *http.Request, refusal *idempotency.Error) {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusTeapot)
	fmt.Fprint(w, r.Method, " ", refusal.Reason, " ", refusal.Rule)
}

// TestRefusalWriter: clients get the same format from a guard at the service and at
// the edge.
func TestRefusalWriter(t *testing.T) {
	address, _ := serve(t, new(payments), newEngine(t))
	service := newMux(t, address, idemgateway.ServeMuxOptions(idemgateway.WithRefusalWriter(shape))...)
	guard, err := httpmw.New(newEngine(t), httpmw.WithRefusalWriter(shape))
	if err != nil {
		t.Fatal(err)
	}
	for name, handler := range map[string]http.Handler{"service": service, "edge": guard.Wrap(service)} {
		got := newREST(t, handler).post("two words")
		if got.status != http.StatusTeapot || got.body != "POST KEY_INVALID characters" || got.header.Get("Content-Type") != "text/plain" {
			t.Errorf("%s: got %d %v %q", name, got.status, got.header, got.body)
		}
		if !mark.Matches(got.header.Get(mark.Field), "POST "+collection, "two words") {
			t.Errorf("%s: got mark %q", name, got.header.Get(mark.Field))
		}
	}
}

func TestTypeBase(t *testing.T) {
	address, _ := serve(t, new(payments), newEngine(t))
	rest := newREST(t, newMux(t, address, idemgateway.ServeMuxOptions(idemgateway.WithTypeBase("urn:problem:"))...))
	if got := rest.post("two words"); !strings.Contains(got.body, `"type":"urn:problem:key-invalid"`) {
		t.Errorf("got %s", got.body)
	}
}

// TestKeyEcho: the key is sent back in the first answer, a replay, an error and a
// refusal.
func TestKeyEcho(t *testing.T) {
	service := new(payments)
	address, _ := serve(t, service, newEngine(t))
	rest := newREST(t, newMux(t, address, idemgateway.ServeMuxOptions(idemgateway.WithKeyEcho())...))
	echo := func(what, want string, got answer) {
		if keys := strings.Join(got.header["Idempotency-Key"], "|"); keys != want {
			t.Errorf("%s: the key is sent back as %q, want %q", what, keys, want)
		}
	}
	echo("first", `"key-1"`, rest.post(`"key-1"`))
	echo("replay", "key-1", rest.post("key-1"))
	echo("reused", "key-1", rest.send(http.MethodPost, collection, `{}`, http.Header{"Idempotency-Key": {"key-1"}}))
	echo("malformed", "", rest.post("two words"))
	echo("several", "", rest.post("a", "b"))
	echo("none", "", rest.post())
	service.fail = func(context.Context) error { return errors.New("out of luck") }
	echo("error", "key-2", rest.post("key-2"))
	plain := newREST(t, newMux(t, address, idemgateway.ServeMuxOptions()...))
	echo("no option", "", plain.post("key-1"))
}
