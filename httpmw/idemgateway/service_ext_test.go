package idemgateway_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

// guardedService returns a client of an unguarded gateway to a guarded service.
func guardedService(t *testing.T, service *payments, options ...idempotency.Option) rest {
	t.Helper()
	address, _ := serve(t, service, newEngine(t, options...))
	return newREST(t, newMux(t, address, idemgateway.ServeMuxOptions()...))
}

func TestReplayOfSuccess(t *testing.T) {
	service := new(payments)
	rest := guardedService(t, service)
	first, second := rest.post("key-1"), rest.post("key-1")
	wantReplay(t, first, second)
	wantRuns(t, service, 1)
	if first.status != http.StatusOK || !strings.Contains(first.body, "1250") {
		t.Errorf("first answer %d %s", first.status, first.body)
	}
	for _, a := range []answer{first, second} {
		if a.header.Get("Grpc-Metadata-X-Region") != "eu" {
			t.Errorf("header lost: %v", a.header)
		}
	}
	if _, prefixed := second.header["Grpc-Metadata-Idempotent-Replayed"]; prefixed {
		t.Error("marker came under the gateway's prefix too")
	}
	if other := rest.post("key-2"); other.replayed() || other.body == first.body {
		t.Errorf("another key was replayed: %s", other.body)
	}
}

func TestReplayOfError(t *testing.T) {
	service := &payments{fail: func(context.Context) error { return declined(t) }}
	rest := guardedService(t, service)
	first, second := rest.post("key-1"), rest.post("key-1")
	wantReplay(t, first, second)
	wantRuns(t, service, 1)
	if second.status != http.StatusBadRequest || !strings.Contains(second.body, "CARD_DECLINED") {
		t.Errorf("details lost: %d %s", second.status, second.body)
	}
	if second.header.Get("Content-Type") != "application/json" {
		t.Errorf("a handler's error became a problem: %v", second.header)
	}
}

// declined returns an error of the handler, with details that resemble those of a
// refusal.
func declined(t *testing.T) error {
	t.Helper()
	s, err := status.New(codes.FailedPrecondition, "declined").WithDetails(&errdetails.ErrorInfo{
		Reason: "CARD_DECLINED", Domain: "payments.example", Metadata: map[string]string{"operation": procedure},
	})
	if err != nil {
		t.Error(err)
	}
	return s.Err()
}

func TestReplayOfPatch(t *testing.T) {
	service := new(payments)
	rest := guardedService(t, service)
	patch := func(body string) answer {
		return rest.send(http.MethodPatch, collection+"/42", body, http.Header{"Idempotency-Key": {"key-1"}})
	}
	wantReplay(t, patch(`{"description":"tea"}`), patch(`{ "description": "tea" }`))
	wantRuns(t, service, 1)
}

func TestReadingMethodIgnoresKeys(t *testing.T) {
	service := new(payments)
	rest := guardedService(t, service, all(idempotency.Policy{Key: idempotency.KeyRequired}))
	for _, key := range []string{"key-1", "key-1", "not a key"} {
		got := rest.send(http.MethodGet, collection+"/42", "", http.Header{"Idempotency-Key": {key}})
		if got.status != http.StatusOK || got.replayed() {
			t.Errorf("key %q: %d %v", key, got.status, got.header)
		}
	}
	wantRuns(t, service, 3)
}

func TestInProgress(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	service := &payments{fail: func(context.Context) error {
		close(started)
		<-release
		return nil
	}}
	rest := guardedService(t, service)
	first := make(chan answer)
	go func() { first <- rest.post("key-1") }()
	<-started
	refused := rest.post("key-1")
	close(release)
	wantRefusal(t, refused, http.StatusConflict, idempotency.ReasonInProgress, idempotency.NextRetrySameKey)
	if refused.header.Get("Grpc-Metadata-X-Served-By") != "node-1" {
		t.Errorf("header of an outer interceptor lost: %v", refused.header)
	}
	wantReplay(t, <-first, rest.post("key-1"))
	wantRuns(t, service, 1)
}

func TestKeyReused(t *testing.T) {
	rest := guardedService(t, new(payments))
	rest.post("key-1")
	refused := rest.send(http.MethodPost, collection, `{"amount":"1"}`, http.Header{"Idempotency-Key": {"key-1"}})
	wantRefusal(t, refused, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused, idempotency.NextUseNewKey)
}

func TestKeyMalformed(t *testing.T) {
	service := new(payments)
	rest := guardedService(t, service)
	for name, test := range map[string]struct {
		rule string
		keys []string
	}{
		"space":       {"characters", []string{"two words"}},
		"several":     {"single", []string{"key-1", "key-2"}},
		"same twice":  {"single", []string{"key-1", "key-1"}},
		"unfinished":  {"quotes", []string{`"key-1`}},
		"too long":    {"length", []string{strings.Repeat("k", 256)}},
		"blank":       {"blank", []string{""}},
		"not ASCII":   {"characters", []string{"ключ"}},
		"Latin-1":     {"characters", []string{"cl\xe9"}},
		"inner tab":   {"characters", []string{"key\t1"}},
		"quoted, tab": {"characters", []string{"\"key\t1\""}},
	} {
		t.Run(name, func(t *testing.T) {
			got := rest.post(test.keys...)
			wantRefusal(t, got, http.StatusUnprocessableEntity, idempotency.ReasonKeyInvalid, idempotency.NextFixRequest)
			detail := (&idempotency.Error{Reason: idempotency.ReasonKeyInvalid, Rule: test.rule}).Detail()
			if !strings.Contains(got.body, `"rule":"`+test.rule+`"`) || !strings.Contains(got.body, detail) {
				t.Errorf("the answer does not contain rule %s: %s", test.rule, got.body)
			}
		})
	}
	wantRuns(t, service, 0)
}

func TestKeyMissing(t *testing.T) {
	service := new(payments)
	rest := guardedService(t, service, all(idempotency.Policy{Key: idempotency.KeyRequired}))
	wantRefusal(t, rest.post(), http.StatusBadRequest, idempotency.ReasonKeyMissing, idempotency.NextFixRequest)
	wantRuns(t, service, 0)
}

func TestNoKey(t *testing.T) {
	service := new(payments)
	rest := guardedService(t, service)
	for range 2 {
		if got := rest.post(); got.status != http.StatusOK || got.replayed() {
			t.Errorf("got %d %v", got.status, got.header)
		}
	}
	wantRuns(t, service, 2)
}

func TestStoreDown(t *testing.T) {
	service, store := new(payments), memstore.New()
	address, _ := serve(t, service, newEngineOn(t, store))
	rest := newREST(t, newMux(t, address, idemgateway.ServeMuxOptions()...))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, rest.post("key-1"), http.StatusServiceUnavailable, idempotency.ReasonStoreUnavailable, idempotency.NextRetrySameKey)
	wantRuns(t, service, 0)
}
