package idemvanguard_test

import (
	"net/http"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw/idemvanguard"
)

func TestFieldNames(t *testing.T) {
	eachFramework(t, func(t *testing.T, f framework) {
		h := failure(t, code.Code_NOT_FOUND, new(errdetails.ErrorInfo))
		engine := newEngine(t, memstore.New(), idempotency.WithKeyRules(idempotency.KeyRules{Field: "X-Once"}), idempotency.WithReplayedField("X-Again"))
		server := listen(t, idemvanguard.Handler(newVanguard(t, f, engine, h), nil,
			idemvanguard.WithKeyField("x-once"), idemvanguard.WithReplayedField("x-again")))
		send := func(body string) answer {
			return server.sendWith(body, http.Header{"X-Once": {"key-1"}, "Content-Type": {"application/json"}})
		}
		first, second := send(body), send(body)
		if first.header["X-Again"] != nil || second.header.Get("X-Again") != "true" {
			t.Errorf("markers: %v, then %v", first.header, second.header)
		}
		got := send(`{"amount":"7"}`)
		wantRefusal(t, got, &idempotency.Error{Reason: idempotency.ReasonKeyReused})
		wantMark(t, got, "key-1")
	})
}

func TestRefusalWriter(t *testing.T) {
	writer := func(w http.ResponseWriter, r *http.Request, refusal *idempotency.Error) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte(r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(refusal.Reason)))
	}
	for name, test := range map[string]struct {
		option idemvanguard.Option
		status int
		text   string
	}{
		"writer":    {idemvanguard.WithRefusalWriter(writer), http.StatusTeapot, collection + " application/json KEY_INVALID"},
		"nil":       {idemvanguard.WithRefusalWriter(nil), http.StatusUnprocessableEntity, `"reason":"KEY_INVALID"`},
		"type base": {idemvanguard.WithTypeBase("urn:x#"), http.StatusUnprocessableEntity, `"type":"urn:x#key-invalid"`},
	} {
		t.Run(name, func(t *testing.T) {
			vanguard := newVanguard(t, frameworks[0], newEngine(t, memstore.New()), new(handling))
			got := listen(t, idemvanguard.Handler(vanguard, test.option)).post("")
			if got.status != test.status || !strings.Contains(got.body, test.text) {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
	}
}
