package httpmw_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// TestHost: a request to another site does not get this site's answer; a request to
// another replica does.
func TestHost(t *testing.T) {
	shared := httpmw.WithHost(func(*http.Request) string { return "payments" })
	none := httpmw.WithHost(func(*http.Request) string { return "" })
	tests := map[string]struct {
		option       httpmw.Option
		tls          bool
		first, again string
		same         bool
	}{
		"same":                     {nil, false, "a.example", "a.example", true},
		"other":                    {nil, false, "a.example", "b.example", false},
		"other port":               {nil, false, "a.example:8080", "a.example:8081", false},
		"case":                     {nil, false, "a.example", "A.Example", true},
		"default port":             {nil, false, "a.example", "a.example:80", true},
		"default port of TLS":      {nil, true, "a.example", "a.example:443", true},
		"port of the other scheme": {nil, false, "a.example", "a.example:443", false},
		"ends in a digit":          {nil, false, "pay1", "pay2", false},
		"replicas by IPv4":         {nil, false, "10.0.0.1:8080", "10.0.0.2:8080", true},
		"replicas by IPv6":         {nil, false, "[::1]:8080", "[fd00::2]", true},
		"replicas here":            {nil, false, "localhost:8080", "LOCALHOST:8081", true},
		"address and name":         {nil, false, "10.0.0.1", "a.example", false},
		"nil option":               {httpmw.WithHost(nil), false, "a.example", "b.example", false},
		"shared name":              {shared, false, "pay-0.svc", "pay-1.svc", true},
		"no name":                  {none, false, "pay-0.svc", "pay-1.svc", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var options []httpmw.Option
			if test.option != nil {
				options = append(options, test.option)
			}
			handler := count(ok)
			guarded := newGuard(t, newEngine(t), options...).Wrap(handler)
			send := func(host string) answer {
				request := newRequest(key, "{}")
				request.Host = host
				if test.tls {
					request.TLS = new(tls.ConnectionState)
				}
				return do(guarded, request)
			}
			send(test.first).is(t, http.StatusOK, "done", false)
			wantSame(t, send(test.again), test.same)
			handler.ran(t, 1)
		})
	}
}

// wantSame expects a replay of "done" for the same request, and a refusal for any
// other.
func wantSame(t *testing.T, got answer, same bool) {
	t.Helper()
	if same {
		got.is(t, http.StatusOK, "done", true)
	} else {
		got.refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused)
	}
}

// TestMounts: one guarded handler under two prefixes does not answer a request
// for one with the answer to the other.
func TestMounts(t *testing.T) {
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			handler := count(ok)
			guarded := newGuard(t, newEngine(t)).Wrap(handler)
			mux := http.NewServeMux()
			mux.Handle("/a/", http.StripPrefix("/a", guarded))
			mux.Handle("/b/", http.StripPrefix("/b", guarded))
			server := start(t, mux)
			send := func(path string) answer {
				request := server.request(key, strings.NewReader("{}"))
				request.URL.Path = path
				return server.send(request)
			}
			send("/a/pay").is(t, http.StatusOK, "done", false)
			send("/a/pay").is(t, http.StatusOK, "done", true)
			send("/b/pay").refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused)
			handler.ran(t, 1)
		})
	}
}

// TestPath: the path is compared as the client sent it, in any form of the target.
func TestPath(t *testing.T) {
	one := httpmw.WithOperation(func(*http.Request) string { return "pay" })
	tests := map[string]struct {
		first, again string // RequestURI; "" for a request that was made by hand
		same         bool
	}{
		"same":                       {"/v1/payments?a=1", "/v1/payments?a=1", true},
		"one operation, other path":  {"/v1/payments", "/v2/payments", false},
		"absolute":                   {"/v1/payments", "http://example.com/v1/payments", true},
		"absolute, other path":       {"/v1/payments", "http://example.com/v2/payments", false},
		"absolute, no path":          {"/", "http://example.com", true},
		"a URL in the path":          {"/proxy/http://x/pay", "/proxy/http://y/pay", false},
		"asterisk":                   {"*", "/", false},
		"made by hand":               {"", "/v1/payments", true},
		"made by hand, other path":   {"", "/v2/payments", false},
		"escaped in another way":     {"/v1/a%2fb", "/v1/a/b", false},
		"two slashes":                {"/v1/payments", "//v1/payments", false},
		"one path starts the other ": {"/v1/pay", "/v1/payments", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			guarded := newGuard(t, newEngine(t), one).Wrap(http.HandlerFunc(ok))
			send := func(target string) answer {
				request := newRequest(key, "{}")
				request.RequestURI = target
				return do(guarded, request)
			}
			send(test.first).is(t, http.StatusOK, "done", false)
			wantSame(t, send(test.again), test.same)
		})
	}
}

// TestAbsoluteTarget: a client of a proxy sends the whole URL, whose host overrides
// the Host field.
func TestAbsoluteTarget(t *testing.T) {
	server := startHTTP1(t, newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(ok)))
	send := func(target, host string) answer {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nIdempotency-Key: k\r\nContent-Length: 2\r\n\r\n{}", target, host)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		return read(response)
	}
	send("/pay", "a.example").is(t, http.StatusOK, "done", false)
	send("http://a.example/pay", "a.example").is(t, http.StatusOK, "done", true)
	send("http://a.example/pay", "b.example").is(t, http.StatusOK, "done", true)
	send("http://b.example/pay", "a.example").refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused)
}

func TestFingerprintHeaders(t *testing.T) {
	named := httpmw.WithFingerprintHeaders("x-mode", "Stripe-account", "X-Mode")
	tests := map[string]struct {
		option       httpmw.Option
		first, again http.Header
		same         bool
	}{
		"not named":     {httpmw.WithFingerprintHeaders(), http.Header{"Stripe-Account": {"acct_1"}}, http.Header{"Stripe-Account": {"acct_2"}}, true},
		"same":          {named, http.Header{"Stripe-Account": {"acct_1"}}, http.Header{"Stripe-Account": {"acct_1"}}, true},
		"other":         {named, http.Header{"Stripe-Account": {"acct_1"}}, http.Header{"Stripe-Account": {"acct_2"}}, false},
		"case":          {named, http.Header{"Stripe-Account": {"acct_1"}}, http.Header{"Stripe-Account": {"ACCT_1"}}, false},
		"left out":      {named, http.Header{"Stripe-Account": {"acct_1"}}, nil, false},
		"both left out": {named, nil, nil, true},
		"empty":         {named, http.Header{"Stripe-Account": {""}}, nil, false},
		"other field":   {named, http.Header{"Stripe-Account": {"1"}}, http.Header{"X-Mode": {"1"}}, false},
		"one more":      {named, http.Header{"X-Mode": {"a"}}, http.Header{"X-Mode": {"a", "b"}}, false},
		"split":         {named, http.Header{"X-Mode": {"a", "b"}}, http.Header{"X-Mode": {"ab"}}, false},
		"unnamed field": {named, nil, http.Header{"X-Other": {"1"}}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			guarded := newGuard(t, newEngine(t), test.option).Wrap(http.HandlerFunc(ok))
			send := func(header http.Header) answer {
				request := newRequest(key, "{}")
				maps.Copy(request.Header, header)
				return do(guarded, request)
			}
			send(test.first).is(t, http.StatusOK, "done", false)
			wantSame(t, send(test.again), test.same)
		})
	}
}
