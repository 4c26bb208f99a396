package httpmw_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/internal/mark"
)

// shape writes refusals in another format.
func shape(w http.ResponseWriter, r *http.Request, refusal *idempotency.Error) {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusTeapot)
	fmt.Fprint(w, r.Method, " ", refusal.Reason, " ", refusal.Next())
}

// TestRefusalWriter gets every refusal, and each has a mark if its key is known.
func TestRefusalWriter(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	broken := func(*http.Request, []byte) ([]byte, error) { return nil, errors.New("broken") }
	tests := map[string]struct {
		engine  *idempotency.Engine
		options []httpmw.Option
		change  func(*http.Request)
		status  int
		body    string
		marked  bool
	}{
		"missing": {
			newEngine(t, keyRequired), nil,
			func(r *http.Request) { r.Header.Del("Idempotency-Key") }, http.StatusTeapot, "POST KEY_MISSING fix_request", false,
		},
		"invalid": {
			newEngine(t), nil,
			func(r *http.Request) { r.Header.Set("Idempotency-Key", "a b") }, http.StatusTeapot, "POST KEY_INVALID fix_request", false,
		},
		"store": {
			engineOn(t, downStore{}), nil,
			func(*http.Request) {}, http.StatusTeapot, "POST STORE_UNAVAILABLE retry_same_key", true,
		},
		"too large": {
			newEngine(t), []httpmw.Option{httpmw.WithMaxRequest(1)},
			func(*http.Request) {}, http.StatusTeapot, "POST REQUEST_TOO_LARGE fix_request", true,
		},
		"unreadable": {
			newEngine(t), nil,
			func(r *http.Request) { r.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF)) }, http.StatusTeapot, "POST REQUEST_UNREADABLE fix_request", true,
		},
		"no fingerprint": {
			newEngine(t), []httpmw.Option{httpmw.WithFingerprint(broken)},
			func(*http.Request) {}, http.StatusTeapot, "POST REQUEST_UNREADABLE fix_request", true,
		},
		"outcome unreadable": {
			engineOn(t, doneStore{outcome: []byte("?")}), nil,
			func(*http.Request) {}, http.StatusTeapot, "POST OUTCOME_UNREADABLE ask_operator", true,
		},
		"hung up": {
			newEngine(t), nil,
			func(r *http.Request) { *r = *r.WithContext(gone) }, 499, "POST STORE_UNAVAILABLE retry_same_key", true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			handler := count(ok)
			guard := newGuard(t, test.engine, append(test.options, httpmw.WithRefusalWriter(shape))...)
			request := newRequest(key, "{}")
			test.change(request)
			got := do(guard.Wrap(handler), request)
			if got.status != test.status || got.body != test.body || got.header.Get("Content-Type") != "text/plain" {
				t.Errorf("got %d %v %q", got.status, got.header, got.body)
			}
			text := got.header.Get(mark.Field)
			if mark.Matches(text, "POST /v1/payments", key) != test.marked {
				t.Errorf("got mark %q", text)
			}
			handler.ran(t, 0)
		})
	}
}

// TestRefusalFields: the header has what every refusal needs before the writer is
// called, and no fields that an outer handler set for another body.
func TestRefusalFields(t *testing.T) {
	for name, option := range map[string]httpmw.Option{
		"default": httpmw.WithRefusalWriter(nil), "own": httpmw.WithRefusalWriter(shape), "types": httpmw.WithTypeBase("urn:x:"),
	} {
		t.Run(name, func(t *testing.T) {
			guarded := newGuard(t, engineOn(t, downStore{}), option).Wrap(http.HandlerFunc(ok))
			outer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for _, name := range []string{"Content-Encoding", "Content-Length", "Retry-After", mark.Field, "X-Outer"} {
					w.Header().Set(name, "7")
				}
				guarded.ServeHTTP(w, r)
			})
			header := post(outer, key, "{}").header
			_, coded := header["Content-Encoding"]
			if coded || header.Get("Content-Length") == "7" || header.Get("Retry-After") != "1" ||
				header.Get("Cache-Control") != "no-store" || header.Get("X-Outer") != "7" ||
				header.Get(mark.Field) == "7" || header.Get(mark.Field) == "" {
				t.Errorf("got %v", header)
			}
		})
	}
}

// TestRefusalCannotHide: with any refusal writer an outer guard releases.
func TestRefusalCannotHide(t *testing.T) {
	engine, handler := newEngine(t), count(ok)
	inner := newGuard(t, engine, httpmw.WithMaxRequest(4), httpmw.WithRefusalWriter(
		func(w http.ResponseWriter, _ *http.Request, refusal *idempotency.Error) {
			http.Error(w, refusal.Detail(), http.StatusBadRequest)
		})).Wrap(handler)
	outer := newGuard(t, newEngine(t)).Wrap(inner)
	for range 2 {
		got := post(outer, key, "12345")
		if got.status != http.StatusBadRequest || got.replayed() {
			t.Errorf("got %+v", got)
		}
	}
}

func TestTypeBase(t *testing.T) {
	for base, want := range map[string]string{
		"":                              httpmw.DefaultTypeBase + "key-invalid",
		"urn:problem:":                  "urn:problem:key-invalid",
		"https://api.example/problems#": "https://api.example/problems#key-invalid",
	} {
		guarded := newGuard(t, newEngine(t), httpmw.WithTypeBase(base)).Wrap(http.HandlerFunc(ok))
		got := post(guarded, "a b", "{}")
		if !strings.Contains(got.body, `"type":"`+want+`"`) || !strings.Contains(got.body, `"rule":"characters"`) {
			t.Errorf("base %q: got %s", base, got.body)
		}
	}
}

// TestKeyEcho in the first answer, a replay and refusals, as it was sent.
func TestKeyEcho(t *testing.T) {
	guard := newGuard(t, newEngine(t, idempotency.WithKeyRules(idempotency.KeyRules{Field: "X-Once"})), httpmw.WithKeyEcho())
	server := startHTTP1(t, guard.Wrap(http.HandlerFunc(ok)))
	send := func(key, body string) answer {
		request := server.request("", strings.NewReader(body))
		request.Header.Del("Idempotency-Key")
		if key != "" {
			request.Header.Set("X-Once", key)
		}
		return server.send(request)
	}
	tests := []struct{ key, body, echo, got string }{
		{`"abc"`, "1", `"abc"`, "200 first"},
		{"abc", "1", "abc", "200 replay"},
		{"abc", "2", "abc", "422 first"},
		{"a b", "1", "", "422 first"},
		{"", "1", "", "200 first"},
	}
	for _, test := range tests {
		got := send(test.key, test.body)
		kind := "first"
		if got.replayed() {
			kind = "replay"
		}
		if text := fmt.Sprint(got.status, " ", kind); text != test.got || got.header.Get("X-Once") != test.echo || len(got.header["X-Once"]) > 1 {
			t.Errorf("key %q: got %s with %q", test.key, text, got.header["X-Once"])
		}
	}
	plain := newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(ok))
	if echo, sent := post(plain, key, "{}").header["Idempotency-Key"]; sent {
		t.Errorf("the key %q is sent back without the option", echo)
	}
}
