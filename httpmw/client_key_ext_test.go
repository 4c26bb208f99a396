package httpmw_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

func TestClientKeys(t *testing.T) {
	const minted = "(minted)"
	tests := map[string]struct {
		method  string
		named   string // by idempotency.WithKey
		header  http.Header
		options []httpmw.ClientOption
		want    string
	}{
		"POST":                   {method: "POST", want: minted},
		"PATCH":                  {method: "PATCH", want: minted},
		"method in lower case":   {method: "post", want: minted},
		"named key":              {method: "POST", named: "order-17", want: "order-17"},
		"key in the header":      {method: "POST", named: "order-17", header: http.Header{"Idempotency-Key": {"own"}}, want: "own"},
		"blank field":            {method: "POST", header: http.Header{"Idempotency-Key": {""}}},
		"GET":                    {method: "GET", named: "order-17"},
		"PUT":                    {method: "PUT", named: "order-17"},
		"PUT with its own key":   {method: "PUT", header: http.Header{"Idempotency-Key": {"own"}}, want: "own"},
		"PUT that takes keys":    {method: "PUT", options: []httpmw.ClientOption{httpmw.WithClientMethods("put")}, want: minted},
		"POST that takes none":   {method: "POST", options: []httpmw.ClientOption{httpmw.WithClientMethods("PUT")}},
		"net/http's empty field": {method: "POST", header: http.Header{"Idempotency-Key": {}}},
		"field with other name":  {method: "POST", options: []httpmw.ClientOption{httpmw.WithClientKeyField("request-id")}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := &wire{steps: []step{done}}
			request := newCall(t, test.method, "")
			if test.header != nil {
				request.Header = test.header
			}
			if test.named != "" {
				request = request.WithContext(idempotency.WithKey(request.Context(), test.named))
			}
			before := request.Header.Clone()
			w.gets(t, request, http.StatusCreated, 1, test.options...)
			got := w.keys[0]
			if test.want == minted && len(got) == 36 {
				got = minted
			}
			if got != test.want {
				t.Errorf("sent key %q, want %q", got, test.want)
			}
			if !reflect.DeepEqual(request.Header, before) {
				t.Errorf("the caller's header became %v", request.Header)
			}
		})
	}
}

func TestClientKeyField(t *testing.T) {
	var got string
	next := roundTripFunc(func(request *http.Request) (*http.Response, error) {
		got = request.Header.Get("Request-Id")
		return done(request)
	})
	newTransport(t, next, httpmw.WithClientKeyField("request-ID")).RoundTrip(newCall(t, "POST", ""))
	if len(got) != 36 {
		t.Errorf("sent key %q", got)
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestReusedRequestIsSeveralIntents, since the caller's request has no key
// afterwards. What was sent is in the answer.
func TestReusedRequestIsSeveralIntents(t *testing.T) {
	w := &wire{steps: []step{done}}
	transport, request := newTransport(t, w), newCall(t, "POST", "")
	seen := map[string]bool{}
	for range 3 {
		request.Body, _ = request.GetBody()
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		seen[response.Request.Header.Get("Idempotency-Key")] = true
	}
	for _, key := range w.keys {
		delete(seen, key)
	}
	if len(w.keys) != 3 || w.keys[0] == w.keys[1] || w.keys[1] == w.keys[2] || len(seen) != 0 {
		t.Errorf("sent keys %v", w.keys)
	}
	if request.Header.Get("Idempotency-Key") != "" {
		t.Error("the caller's request has a key")
	}
}

// TestEmptyNamedKeyIsSentOnce, so that the server refuses it. A new key in its place
// would be another one for every call.
func TestEmptyNamedKeyIsSentOnce(t *testing.T) {
	w := &wire{steps: []step{fails(errReset)}}
	request := newCall(t, "POST", "")
	_, err := w.exchange(t, request.WithContext(idempotency.WithKey(request.Context(), "")))
	if w.sent(t, 1); err == nil || w.keys[0] != "" {
		t.Errorf("sent key %q, got error %v", w.keys[0], err)
	}
}

// TestRedirectKeepsTheKey when it keeps the method.
func TestRedirectKeepsTheKey(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusTemporaryRedirect: "POST",
		http.StatusPermanentRedirect: "POST",
		http.StatusSeeOther:          "GET",
	} {
		var keys, seen []string
		mux := http.NewServeMux()
		mux.HandleFunc("/from", func(w http.ResponseWriter, r *http.Request) {
			keys = append(keys, r.Header.Get("Idempotency-Key"))
			http.Redirect(w, r, "/to", status)
		})
		mux.HandleFunc("/to", func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			keys = append(keys, r.Header.Get("Idempotency-Key"))
			seen = append(seen, r.Method, string(body))
		})
		server := httptest.NewServer(mux)
		client := server.Client()
		client.Transport = newTransport(t, client.Transport)
		response, err := client.Post(server.URL+"/from", "text/plain", strings.NewReader("five"))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		server.Close()
		if seen[0] != want || len(keys[0]) != 36 {
			t.Errorf("%d: redirected to %v with keys %q", status, seen, keys)
		}
		if kept := keys[0] == keys[1]; kept != (want == "POST") || kept && seen[1] != "five" {
			t.Errorf("%d: redirected to %v with keys %q", status, seen, keys)
		}
	}
}
