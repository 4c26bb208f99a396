package httpmw_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

func TestNotKept(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"too large": func(w http.ResponseWriter, _ *http.Request) {
			for range 5 {
				_, _ = io.WriteString(w, "ab")
			}
		},
		"too large at once":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ababababab") },
		"too large, read from": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, onlyReader("ababababab")) },
		"too large, announced": func(w http.ResponseWriter, r *http.Request) { serveContent(w, r, "ababababab") },
		"too large, flushed": func(w http.ResponseWriter, _ *http.Request) {
			for range 5 {
				_, _ = io.WriteString(w, "ab")
				w.(http.Flusher).Flush()
			}
		},
		"events": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/Event-Stream ; charset=utf-8")
			_, _ = io.WriteString(w, "ab")
			w.(http.Flusher).Flush()
		},
	}
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					bare := start(t, test).post(key, "")
					handler := count(test)
					server := start(t, newGuard(t, newEngine(t), httpmw.WithMaxResponse(8)).Wrap(handler))
					server.post(key, "").is(t, http.StatusOK, bare.body, false)
					server.again(key, "").refuses(t, http.StatusConflict, idempotency.ReasonOutcomeNotKept)
					handler.ran(t, 1)
				})
			}
		})
	}
}

// onlyReader has no WriteTo, so that io.Copy uses ReadFrom.
func onlyReader(text string) io.Reader { return io.MultiReader(strings.NewReader(text)) }

func serveContent(w http.ResponseWriter, r *http.Request, text string) {
	http.ServeContent(w, r, "name.txt", time.Time{}, strings.NewReader(text))
}

func TestLimitItselfIsRecorded(t *testing.T) {
	guarded := newGuard(t, newEngine(t), httpmw.WithMaxResponse(4)).Wrap(http.HandlerFunc(ok))
	post(guarded, key, "").is(t, http.StatusOK, "done", false)
	post(guarded, key, "").is(t, http.StatusOK, "done", true)
}

func TestTooLargeAndReleased(t *testing.T) {
	handler := count(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "too much text", http.StatusServiceUnavailable)
	})
	guarded := newGuard(t, newEngine(t), httpmw.WithMaxResponse(4)).Wrap(handler)
	post(guarded, key, "")
	post(guarded, key, "").is(t, http.StatusServiceUnavailable, "too much text\n", false)
	handler.ran(t, 2)
}

func TestCutShort(t *testing.T) {
	handler := count(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		ok(w, nil)
	})
	guarded := newGuard(t, newEngine(t)).Wrap(handler)
	post(guarded, key, "")
	post(guarded, key, "").refuses(t, http.StatusConflict, idempotency.ReasonOutcomeNotKept)
}

func TestHijack(t *testing.T) {
	hijackers := map[string]func(http.ResponseWriter) error{
		"asserted":   func(w http.ResponseWriter) error { return reply(w.(http.Hijacker)) },
		"controlled": func(w http.ResponseWriter) error { return reply(http.NewResponseController(w)) },
	}
	for name, hijack := range hijackers {
		for _, hide := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				handler := count(func(w http.ResponseWriter, _ *http.Request) {
					if err := hijack(w); err != nil {
						t.Error(err)
					}
				})
				guarded := newGuard(t, newEngine(t)).Wrap(handler)
				server := startHTTP1(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if hide {
						w = wrapper{w}
					}
					guarded.ServeHTTP(w, r)
				}))
				server.post(key, "").is(t, http.StatusOK, "raw", false)
				server.again(key, "").refuses(t, http.StatusConflict, idempotency.ReasonOutcomeNotKept)
				handler.ran(t, 1)
			})
		}
	}
}

// wrapper can be unwrapped by http.ResponseController only.
type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func reply(hijacker http.Hijacker) error {
	connection, _, err := hijacker.Hijack()
	if err != nil {
		return err
	}
	defer connection.Close()
	_, err = io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nraw")
	return err
}
