package httpmw_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

func TestWriteRefusal(t *testing.T) {
	tests := map[idempotency.Reason]struct {
		status int
		anchor string
	}{
		idempotency.ReasonInProgress:        {409, "in-progress"},
		idempotency.ReasonOutcomeUnknown:    {409, "outcome-unknown"},
		idempotency.ReasonOutcomeNotKept:    {409, "outcome-not-kept"},
		idempotency.ReasonKeyReused:         {422, "key-reused"},
		idempotency.ReasonKeyInvalid:        {422, "key-invalid"},
		idempotency.ReasonKeyMissing:        {400, "key-missing"},
		idempotency.ReasonStoreUnavailable:  {503, "store-unavailable"},
		idempotency.ReasonScopeUnknown:      {401, "scope-unknown"},
		idempotency.ReasonRequestTooLarge:   {413, "request-too-large"},
		idempotency.ReasonRequestUnreadable: {400, "request-unreadable"},
		idempotency.ReasonNotSupported:      {400, "not-supported"},
		"FROM_THE_FUTURE":                   {500, "from-the-future"},
	}
	for reason, test := range tests {
		t.Run(string(reason), func(t *testing.T) {
			recorder := httptest.NewRecorder()
			refusal := &idempotency.Error{Reason: reason, RetryAfter: 1001 * time.Millisecond}
			httpmw.WriteRefusal(recorder, nil, refusal)
			got := read(recorder.Result())
			got.refuses(t, test.status, reason)
			if got.header.Get("Retry-After") != "2" || got.header.Get("Cache-Control") != "no-store" ||
				got.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("got header %v", got.header)
			}
			var body map[string]any
			if err := json.Unmarshal([]byte(got.body), &body); err != nil {
				t.Fatal(err)
			}
			uri := "https://github.com/oncewire/idempotency/blob/main/docs/errors.md#" + test.anchor
			if body["type"] != uri || body["title"] != refusal.Title() || body["status"] != float64(test.status) ||
				body["detail"] != refusal.Detail() || body["reason"] != string(reason) {
				t.Errorf("got body %s", got.body)
			}
			if next, _ := body["next"].(string); next != string(refusal.Next()) {
				t.Errorf("got next %q", next)
			}
		})
	}
}

func TestInProgress(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	handler := count(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-end
		ok(w, r)
	})
	guarded := newGuard(t, newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{RetryAfter: 1500 * time.Millisecond}))).Wrap(handler)
	first := make(chan answer)
	go func() { first <- post(guarded, key, "{}") }()
	<-begun
	second := post(guarded, key, "{}")
	second.refuses(t, http.StatusConflict, idempotency.ReasonInProgress)
	if got := second.header.Get("Retry-After"); got != "2" {
		t.Errorf("got Retry-After %q", got)
	}
	if strings.Contains(second.body, key) {
		t.Error("the key is echoed")
	}
	post(guarded, key, "{ }").refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused)
	close(end)
	(<-first).is(t, http.StatusOK, "done", false)
	post(guarded, key, "{}").is(t, http.StatusOK, "done", true)
	handler.ran(t, 1)
}

func TestKeyRules(t *testing.T) {
	uuids := idempotency.WithKeyRules(idempotency.KeyRules{UUID: true})
	tests := map[string]struct {
		option idempotency.Option
		keys   []string
		status int
		reason idempotency.Reason
	}{
		"none":              {nil, nil, 200, ""},
		"blank":             {nil, []string{" "}, 422, idempotency.ReasonKeyInvalid},
		"bare":              {nil, []string{"abc"}, 200, ""},
		"quoted":            {nil, []string{`"abc"`}, 200, ""},
		"two":               {nil, []string{"abc", "abc"}, 422, idempotency.ReasonKeyInvalid},
		"spaces":            {nil, []string{"a b"}, 422, idempotency.ReasonKeyInvalid},
		"too long":          {nil, []string{strings.Repeat("k", 256)}, 422, idempotency.ReasonKeyInvalid},
		"UUID":              {uuids, []string{key}, 200, ""},
		"no UUID":           {uuids, []string{"abc"}, 422, idempotency.ReasonKeyInvalid},
		"required, none":    {keyRequired, nil, 400, idempotency.ReasonKeyMissing},
		"required, blank":   {keyRequired, []string{""}, 422, idempotency.ReasonKeyInvalid},
		"required, present": {keyRequired, []string{key}, 200, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var options []idempotency.Option
			if test.option != nil {
				options = append(options, test.option)
			}
			guarded := newGuard(t, newEngine(t, options...)).Wrap(http.HandlerFunc(ok))
			for range 2 { // the second may take a short cut
				request := newRequest("", "{}")
				request.Header["Idempotency-Key"] = test.keys
				do(guarded, request).refuses(t, test.status, test.reason)
			}
		})
	}
}

func TestQuotedKeyIsTheSame(t *testing.T) {
	guarded := newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(ok))
	post(guarded, "abc", "").is(t, http.StatusOK, "done", false)
	post(guarded, `"abc"`, "").is(t, http.StatusOK, "done", true)
}

func TestMissingKeyIsObservedWithItsOperation(t *testing.T) {
	var events observed
	engine := newEngine(t, keyRequired, idempotency.WithObserver(&events))
	post(newGuard(t, engine).Wrap(http.HandlerFunc(ok)), "", "")
	if len(events) != 1 || events[0].Operation != "POST /v1/payments" || events[0].Reason != idempotency.ReasonKeyMissing {
		t.Fatalf("observed %+v", events)
	}
}

type observed []idempotency.Event

func (o *observed) Observe(_ context.Context, event idempotency.Event) { *o = append(*o, event) }

func TestStoreDown(t *testing.T) {
	handler := count(ok)
	closed := newGuard(t, engineOn(t, downStore{})).Wrap(handler)
	got := post(closed, key, "")
	got.refuses(t, http.StatusServiceUnavailable, idempotency.ReasonStoreUnavailable)
	if got.header.Get("Retry-After") != "1" || strings.Contains(got.body, "10.1.2.3") {
		t.Errorf("got %+v", got)
	}
	handler.ran(t, 0)
	open := newGuard(t, engineOn(t, downStore{}, idempotency.WithFailOpen())).Wrap(handler)
	post(open, key, "").is(t, http.StatusOK, "done", false)
	handler.ran(t, 1)
}

func TestScopes(t *testing.T) {
	type account struct{}
	engine := newEngine(t, idempotency.WithScope(func(ctx context.Context) (string, error) {
		name, ok := ctx.Value(account{}).(string)
		if !ok {
			return "", errors.New("secret reason")
		}
		return name, nil
	}))
	handler := count(ok)
	guarded := newGuard(t, engine).Wrap(handler)
	as := func(name string) answer {
		request := newRequest(key, name)
		return do(guarded, request.WithContext(context.WithValue(request.Context(), account{}, name)))
	}
	as("alice").is(t, http.StatusOK, "done", false)
	as("bob").is(t, http.StatusOK, "done", false)
	as("alice").is(t, http.StatusOK, "done", true)
	handler.ran(t, 2)
	got := post(guarded, key, "")
	got.refuses(t, http.StatusUnauthorized, idempotency.ReasonScopeUnknown)
	if strings.Contains(got.body, "secret") {
		t.Error("the scope's error is shown")
	}
}

func TestRequestTooLarge(t *testing.T) {
	handler := count(ok)
	guarded := newGuard(t, newEngine(t), httpmw.WithMaxRequest(4)).Wrap(handler)
	post(guarded, key, "1234").is(t, http.StatusOK, "done", false)
	post(guarded, key, "12345").refuses(t, http.StatusRequestEntityTooLarge, idempotency.ReasonRequestTooLarge)
	request := newRequest(key, "")
	request.Body, request.ContentLength = io.NopCloser(strings.NewReader("12345")), -1
	do(guarded, request).refuses(t, http.StatusRequestEntityTooLarge, idempotency.ReasonRequestTooLarge)
	post(guarded, "", "12345").is(t, http.StatusOK, "done", false)

	limited := http.MaxBytesHandler(newGuard(t, newEngine(t)).Wrap(handler), 4)
	request = newRequest(key, "")
	request.Body, request.ContentLength = io.NopCloser(strings.NewReader("12345")), -1
	do(limited, request).refuses(t, http.StatusRequestEntityTooLarge, idempotency.ReasonRequestTooLarge)
	handler.ran(t, 2)
}

func TestUnreadableBody(t *testing.T) {
	handler := count(ok)
	guarded := newGuard(t, newEngine(t)).Wrap(handler)
	request := newRequest(key, "")
	request.Body, request.ContentLength = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF)), 10
	got := do(guarded, request)
	if got.status != http.StatusBadRequest || got.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("got %+v", got)
	}
	post(guarded, key, "").is(t, http.StatusOK, "done", false)
	handler.ran(t, 1)
}

func TestCallerGone(t *testing.T) {
	handler := count(ok)
	guarded := newGuard(t, newEngine(t)).Wrap(handler)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	for ctx, status := range map[context.Context]int{canceled: 499, expired: http.StatusServiceUnavailable} {
		got := do(guarded, newRequest(key, "").WithContext(ctx))
		got.refuses(t, status, idempotency.ReasonStoreUnavailable)
	}
	handler.ran(t, 0)
}

func TestAbandonedAndRejected(t *testing.T) {
	handler := count(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	guarded := newGuard(t, newEngine(t, rejectAbandoned)).Wrap(handler)
	func() {
		defer func() {
			if recovered := recover(); recovered != any(http.ErrAbortHandler) {
				t.Errorf("recovered %v", recovered)
			}
		}()
		post(guarded, key, "")
	}()
	post(guarded, key, "").refuses(t, http.StatusConflict, idempotency.ReasonOutcomeUnknown)
	handler.ran(t, 1)
}

// TestRefusalIsNotEncoded: an outer middleware may have announced a content coding.
func TestRefusalIsNotEncoded(t *testing.T) {
	guarded := newGuard(t, newEngine(t, keyRequired)).Wrap(http.HandlerFunc(ok))
	got := do(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		guarded.ServeHTTP(w, r)
	}), newRequest("", "{}"))
	got.refuses(t, http.StatusBadRequest, idempotency.ReasonKeyMissing)
	if encoding, ok := got.header["Content-Encoding"]; ok {
		t.Errorf("got Content-Encoding %q", encoding)
	}
}
