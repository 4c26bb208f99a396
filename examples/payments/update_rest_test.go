package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// send sends a REST request with a JSON body and a key.
func (c restClient) send(t *testing.T, method, path, key, body string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+c.httpAddress+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	response, err := c.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return readREST(response)
}

func TestRESTUpdate(t *testing.T) {
	s := start(t, nil)
	c := restClient{s, httpClient(t)}
	made := c.create(t.Context(), charge("key-1")).payment
	path := "/v1/payments/" + made.GetId()
	first := c.send(t, http.MethodPatch, path, "key-2", `{"description": "two books"}`)
	if first.payment.GetDescription() != "two books" || first.replayed {
		t.Errorf("first: %+v", first)
	}
	c.send(t, http.MethodPatch, path, "key-2", `{"description": "two books"}`).wantReplayOf(t, first)
	c.send(t, http.MethodPatch, path, "key-2", `{"description": "three"}`).wantRefusal(t, keyReused)

	// A GET needs no key: it is never guarded.
	for range 2 {
		got := c.send(t, http.MethodGet, path, "key-2", "")
		if got.payment.GetDescription() != "two books" || got.replayed {
			t.Errorf("got %+v", got)
		}
	}
	if missing := c.send(t, http.MethodGet, "/v1/payments/pay_0", "key-3", ""); missing.http != http.StatusNotFound {
		t.Errorf("got %+v, want 404", missing)
	}
}

// The edge compares the content of JSON bodies, not their bytes.
func TestRESTRewrittenRetry(t *testing.T) {
	s := start(t, nil)
	c := restClient{s, httpClient(t)}
	first := c.send(t, http.MethodPost, "/v1/payments", "key-1", `{"amount": 1250, "currency": "EUR", "customer": "ada"}`)
	retry := c.send(t, http.MethodPost, "/v1/payments", "key-1", `{"customer":"ada","currency":"EUR","amount":1250}`)
	retry.wantReplayOf(t, first)
	if created := first.payment.GetCreatedAt(); !created.IsValid() || created.AsTime().After(timestamppb.Now().AsTime()) {
		t.Errorf("created at %v", created)
	}
	s.wantEntries(1)
}

// Metadata that a client sends through the gateway cannot name another tenant.
func TestRESTSmuggledTenant(t *testing.T) {
	s := start(t, perTenant)
	c := restClient{s, httpClient(t)}
	c.create(t.Context(), charge("key-1").by("acme")).wantFirst(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+c.httpAddress+"/v1/payments", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Tenant", "globex")
	request.Header.Set("Grpc-Metadata-X-Tenant", "acme")
	response, err := c.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || strings.Contains(string(body), "pay_") {
		t.Errorf("globex got %s, %v", body, err)
	}
}
