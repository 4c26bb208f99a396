package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

// call is what differs between the requests of these tests.
type call struct{ amount, key, account string }

// send sends a call and returns the answer with its decoded body.
func send(t *testing.T, handler http.Handler, c call) (*http.Response, map[string]any) {
	t.Helper()
	form := url.Values{"amount": {c.amount}, "currency": {"eur"}}
	request := httptest.NewRequest(http.MethodPost, "/v1/charges", strings.NewReader(form.Encode()))
	request.Header = http.Header{
		"Authorization": {"Bearer sk_test_me"}, "Content-Type": {"application/x-www-form-urlencoded"}, "Idempotency-Key": {c.key},
	}
	if c.account != "" {
		request.Header.Set("Stripe-Account", c.account)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	var body map[string]any
	if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil {
		t.Fatalf("%v in %q", err, recorder.Body)
	}
	return recorder.Result(), body
}

func TestAPI(t *testing.T) {
	handler, err := newHandler(memstore.New())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name           string
		call           call
		status         int
		kind           string // of an error
		replayed, echo string
	}{
		{"charge", call{"1250", "k", "acct_1"}, 200, "", "", "k"},
		{"retry", call{"1250", "k", "acct_1"}, 200, "", "true", "k"},
		{"other amount", call{"1251", "k", "acct_1"}, 400, "idempotency_error", "", "k"},
		{"other account", call{"1250", "k", "acct_2"}, 400, "idempotency_error", "", "k"},
		{"malformed key", call{"1250", "a b", ""}, 400, "invalid_request_error", "", ""},
		{"no amount", call{"", "l", ""}, 400, "invalid_request_error", "", "l"},
		{"corrected", call{"1250", "l", ""}, 200, "", "", "l"},
	}
	for _, test := range tests {
		response, body := send(t, handler, test.call)
		kind := ""
		if failed, ok := body["error"].(map[string]any); ok {
			kind, _ = failed["type"].(string)
		}
		header := response.Header
		if response.StatusCode != test.status || kind != test.kind || header.Get("Request-Id") == "" ||
			header.Get("Idempotent-Replayed") != test.replayed || header.Get("Idempotency-Key") != test.echo {
			t.Errorf("%s: got %d %v %v", test.name, response.StatusCode, header, body)
		}
	}
}

// TestRefusals: each has a form that makes Stripe's libraries retry, or not.
func TestRefusals(t *testing.T) {
	type shape struct {
		status            int
		kind, code, retry string
	}
	for refusal, want := range map[*idempotency.Error]shape{
		idempotency.ErrInProgress:     {429, "idempotency_error", "lock_timeout", "true"},
		idempotency.ErrStore:          {429, "idempotency_error", "lock_timeout", "true"},
		idempotency.ErrKeyReused:      {400, "idempotency_error", "", "false"},
		idempotency.ErrOutcomeUnknown: {409, "idempotency_error", "idempotency_key_in_use", "false"},
		idempotency.ErrKeyInvalid:     {400, "invalid_request_error", "", "false"},
	} {
		recorder := httptest.NewRecorder()
		writeRefusal(recorder, nil, refusal)
		var body map[string]failure
		if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		got := shape{recorder.Code, body["error"].Type, body["error"].Code, recorder.Header().Get("Stripe-Should-Retry")}
		if got != want || body["error"].Message != refusal.Detail() {
			t.Errorf("%s: got %v %v, want %v", refusal.Reason, got, maps.Collect(maps.All(body)), want)
		}
	}
}
