package idemvanguard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/httpmw/idemvanguard"
	"github.com/oncewire/idempotency/internal/mark"
)

// wantRefusal checks that the answer is that of package httpmw to a refusal. The time
// after which to retry is that of the engine.
func wantRefusal(t *testing.T, got answer, want *idempotency.Error) {
	t.Helper()
	recorder := httptest.NewRecorder()
	httpmw.WriteRefusal(recorder, nil, want)
	if got.status != recorder.Code || got.body != recorder.Body.String() {
		t.Errorf("got %d %s\nwant %d %s", got.status, got.body, recorder.Code, recorder.Body)
	}
	for _, name := range []string{"Content-Type", "Content-Length", "Cache-Control"} {
		if expected := recorder.Header()[name]; !reflect.DeepEqual(got.header[name], expected) {
			t.Errorf("%s is %q, want %q", name, got.header[name], expected)
		}
	}
	if after := got.header.Get("Retry-After"); (after != "") != (want.Next() == idempotency.NextRetrySameKey) {
		t.Errorf("Retry-After is %q", after)
	}
	if got.replayed() {
		t.Error("a refusal is marked as a replay")
	}
}

// wantMark checks that a guard around Vanguard recognises the refusal as one of its
// call, and of no other call.
func wantMark(t *testing.T, a answer, key string) {
	t.Helper()
	text := a.header.Get(mark.Field)
	for _, test := range []struct {
		operation, key string
		want           bool
	}{
		{procedure, key, true},
		{"POST " + collection, key, true},
		{procedure, key + "0", false},
		{"POST /v1/other", key, false},
	} {
		if mark.Matches(text, test.operation, test.key) != test.want {
			t.Errorf("mark %q for %s %s: want %t", text, test.operation, test.key, test.want)
		}
	}
}

func TestKeyReused(t *testing.T) {
	eachFramework(t, func(t *testing.T, f framework) {
		h := new(handling)
		server := start(t, f, h)
		server.post("key-1")
		got := server.send(`{"amount":"7"}`, "key-1")
		wantRefusal(t, got, &idempotency.Error{Reason: idempotency.ReasonKeyReused})
		wantMark(t, got, "key-1")
		wantRuns(t, h, 1)
	})
}

func TestInProgress(t *testing.T) {
	eachFramework(t, func(t *testing.T, f framework) {
		started, finish := make(chan struct{}), make(chan struct{})
		h := &handling{run: func() {
			close(started)
			<-finish
		}}
		server, first := start(t, f, h), make(chan answer, 1)
		go func() { first <- server.post("key-1") }()
		select {
		case <-started:
		case answer := <-first:
			t.Fatalf("the handler did not run: %d %s", answer.status, answer.body)
		}
		got := server.post("key-1")
		wantRefusal(t, got, &idempotency.Error{Reason: idempotency.ReasonInProgress})
		wantMark(t, got, "key-1")
		close(finish)
		if answer := <-first; answer.status != http.StatusOK {
			t.Errorf("first answer %d %s", answer.status, answer.body)
		}
	})
}

func TestKeyMissing(t *testing.T) {
	eachFramework(t, func(t *testing.T, f framework) {
		h := new(handling)
		required := idempotency.WithPolicy("*", idempotency.Policy{Key: idempotency.KeyRequired})
		got := start(t, f, h, required).post()
		wantRefusal(t, got, &idempotency.Error{Reason: idempotency.ReasonKeyMissing})
		wantRuns(t, h, 0)
	})
}

func TestKeyInvalid(t *testing.T) {
	eachFramework(t, func(t *testing.T, f framework) {
		h := new(handling)
		server := start(t, f, h)
		for name, keys := range map[string][]string{"blank": {""}, "two": {"a", "b"}, "space": {"a b"}, "not ASCII": {"é"}} {
			got := server.post(keys...)
			var problem struct {
				Rule string `json:"rule"`
			}
			if err := json.Unmarshal([]byte(got.body), &problem); err != nil || problem.Rule == "" {
				t.Errorf("%s: %v in %s", name, err, got.body)
			}
			wantRefusal(t, got, &idempotency.Error{Reason: idempotency.ReasonKeyInvalid, Rule: problem.Rule})
		}
		wantRuns(t, h, 0)
	})
}

// down is a store that cannot be reached.
type down struct{ backend.Store }

func (down) Claim(context.Context, backend.Key, backend.Claim) (backend.Record, error) {
	return backend.Record{}, errors.New("connection refused")
}

func TestStoreDown(t *testing.T) {
	eachFramework(t, func(t *testing.T, f framework) {
		h := new(handling)
		engine := newEngine(t, down{memstore.New()})
		got := listen(t, idemvanguard.Handler(newVanguard(t, f, engine, h))).post("key-1")
		wantRefusal(t, got, &idempotency.Error{Reason: idempotency.ReasonStoreUnavailable})
		wantMark(t, got, "key-1")
		wantRuns(t, h, 0)
	})
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var one, other bytes.Buffer // protojson varies its spaces
	if err := errors.Join(json.Compact(&one, []byte(a)), json.Compact(&other, []byte(b))); err != nil {
		t.Error(err)
	}
	return one.String() == other.String()
}
