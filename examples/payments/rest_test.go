package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// send makes a REST request with a JSON body and a key.
func (d restDoor) send(t *testing.T, method, path, key, body string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+d.httpAddress+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	response, err := d.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return readREST(response)
}

func TestRESTUpdate(t *testing.T) {
	w := start(t, nil)
	d := restDoor{w, httpClient(t)}
	made := d.create(t.Context(), charge("key-1")).payment
	path := "/v1/payments/" + made.GetId()
	first := d.send(t, http.MethodPatch, path, "key-2", `{"description": "two books"}`)
	if first.payment.GetDescription() != "two books" || first.replayed {
		t.Errorf("first: %+v", first)
	}
	d.send(t, http.MethodPatch, path, "key-2", `{"description": "two books"}`).wantReplayOf(t, first)
	d.send(t, http.MethodPatch, path, "key-2", `{"description": "three"}`).wantRefusal(t, keyReused)

	// A GET is safe as it is, and knows no keys.
	for range 2 {
		got := d.send(t, http.MethodGet, path, "key-2", "")
		if got.payment.GetDescription() != "two books" || got.replayed {
			t.Errorf("got %+v", got)
		}
	}
	if missing := d.send(t, http.MethodGet, "/v1/payments/pay_0", "key-3", ""); missing.http != http.StatusNotFound {
		t.Errorf("got %+v, want 404", missing)
	}
}

// The edge compares JSON by what it says, not by how it is written.
func TestRESTRewrittenRetry(t *testing.T) {
	w := start(t, nil)
	d := restDoor{w, httpClient(t)}
	first := d.send(t, http.MethodPost, "/v1/payments", "key-1", `{"amount": 1250, "currency": "EUR", "customer": "ada"}`)
	retry := d.send(t, http.MethodPost, "/v1/payments", "key-1", `{"customer":"ada","currency":"EUR","amount":1250}`)
	retry.wantReplayOf(t, first)
	if created := first.payment.GetCreatedAt(); !created.IsValid() || created.AsTime().After(timestamppb.Now().AsTime()) {
		t.Errorf("created at %v", created)
	}
	w.wantEntries(1)
}

// Metadata that a client hands through the gateway cannot name another tenant.
func TestRESTSmuggledTenant(t *testing.T) {
	w := start(t, perTenant)
	d := restDoor{w, httpClient(t)}
	d.create(t.Context(), charge("key-1").by("acme")).wantFirst(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+d.httpAddress+"/v1/payments", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Tenant", "globex")
	request.Header.Set("Grpc-Metadata-X-Tenant", "acme")
	response, err := d.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || strings.Contains(string(body), "pay_") {
		t.Errorf("globex got %s, %v", body, err)
	}
}
