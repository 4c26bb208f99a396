package idemgateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
	"github.com/oncewire/idempotency/internal/mark"
)

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

// TestInnerRefusalOfSpelledKey: the service and the edge have different canonical
// forms of the key, a UUID. The edge recognises the refusal in spite of that, in the
// gateway's process and in front of it, and does not record it.
func TestInnerRefusalOfSpelledKey(t *testing.T) {
	const key = "5F0B8F0E2F0A4A3C9A350D4A0D3A8A11"
	store := memstore.New()
	address, _ := serve(t, new(payments), newEngineOn(t, store, idempotency.WithKeyRules(idempotency.KeyRules{UUID: true})))
	mux := newMux(t, address, idemgateway.ServeMuxOptions()...)
	if err := store.Close(); err != nil { // every call is refused
		t.Fatal(err)
	}
	gateway := newREST(t, mux)
	target, err := url.Parse(gateway.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, handler := range map[string]http.Handler{
		"same process":  mux,
		"other process": httputil.NewSingleHostReverseProxy(target),
	} {
		t.Run(name, func(t *testing.T) {
			rest := newREST(t, edge(t, newEngine(t, all(idempotency.Policy{OnAbandoned: idempotency.Reject}))).Wrap(handler))
			for range 2 {
				got := rest.post(key)
				wantRefusal(t, got, http.StatusServiceUnavailable, idempotency.ReasonStoreUnavailable, idempotency.NextRetrySameKey)
			}
		})
	}
}
