package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestRetry(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go serve(listener)

	url := "http://" + listener.Addr().String() + "/orders"
	first, body := post(t, url, `{"item": "a book"}`)
	if first.StatusCode != http.StatusCreated || first.Header.Get("Idempotent-Replayed") != "" {
		t.Fatalf("got %s, %v, %s", first.Status, first.Header, body)
	}
	retry, again := post(t, url, `{"item": "a book"}`)
	if retry.StatusCode != http.StatusCreated || retry.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("got %s, %v", retry.Status, retry.Header)
	}
	if again != body || retry.Header.Get("Location") != first.Header.Get("Location") {
		t.Errorf("got %s, want %s", again, body)
	}
	if other, body := post(t, url, `{"item": "two books"}`); other.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("got %s, %s", other.Status, body)
	}
}

func post(t *testing.T, url, body string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Idempotency-Key", "order-1")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(answer)
}
