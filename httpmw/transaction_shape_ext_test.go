package httpmw_test

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// answerShapes are handlers whose answers differ in form.
var answerShapes = map[string]http.HandlerFunc{
	"nothing":      func(http.ResponseWriter, *http.Request) {},
	"status alone": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) },
	"text":         ok,
	"HTML":         func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html><body>paid") },
	"no content":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
	"not modified": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.WriteHeader(http.StatusNotModified)
	},
	"body of no one": func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		_, _ = io.WriteString(w, "none")
	},
	"error": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "declined", http.StatusPaymentRequired) },
	"length": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "4")
		_, _ = io.WriteString(w, "paid")
	},
	"redirect": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/v1/payments/1", http.StatusSeeOther)
	},
	"content": func(w http.ResponseWriter, r *http.Request) { serveContent(w, r, "the receipt") },
	"pieces": func(w http.ResponseWriter, _ *http.Request) {
		for i := range 1000 {
			_, _ = fmt.Fprintf(w, "line %d of the receipt\n", i)
		}
	},
	"copied": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.Copy(w, onlyReader(strings.Repeat("receipt ", 9000)))
	},
	"values": func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["X-Many"] = []string{"a", "b", ""}
		w.Header()["x-lower"] = []string{"c"}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	},
	"outer fields": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Del("X-Outer-Gone")
		w.Header().Add("X-Outer", "more")
		w.Header().Set("Vary", "Origin")
		w.WriteHeader(http.StatusCreated)
	},
	"too late": func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		w.Header().Set("X-Late", "1")
		w.Header().Del("X-Outer")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "paid")
	},
	"trailers": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum, X-None")
		w.Header().Set(http.TrailerPrefix+"X-Early", "7")
		_, _ = io.WriteString(w, "paid")
		w.Header().Set("X-Sum", "42")
	},
}

// TestAnswerOfATransactionIsThatOfALease byte for byte, the first and the replay: the
// answer that is held is the answer that is not.
func TestAnswerOfATransactionIsThatOfALease(t *testing.T) {
	for protocol, start := range protocols {
		for _, method := range []string{http.MethodPost, http.MethodHead} {
			for name, shape := range answerShapes {
				t.Run(protocol+" "+method+" "+name, func(t *testing.T) {
					b := newBank(t)
					methods := httpmw.WithMethods(http.MethodPost, http.MethodHead)
					leased := start(t, outerFields(newGuard(t, newEngine(t), methods).Wrap(shape)))
					held := start(t, outerFields(b.guard(t, shape, methods)))
					for range 2 {
						want, got := leased.ask(method), held.ask(method)
						if !reflect.DeepEqual(got, want) {
							t.Errorf("in a transaction %+v\nunder a lease %+v", got, want)
						}
					}
				})
			}
		}
	}
}

func (s *server) ask(method string) answer {
	request := s.request(key, http.NoBody)
	request.Method = method
	s.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	got := s.settled(request)
	got.header.Del("Date")
	return got
}

// settled sends the request until no earlier call runs: a lease is recorded after its
// client has read the last byte.
func (s *server) settled(request *http.Request) (got answer) {
	s.Helper()
	soon(s, "the first call is recorded", func() bool {
		got = s.send(request)
		return got.reason() != idempotency.ReasonInProgress && got.status != http.StatusConflict
	})
	return got
}

func outerFields(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Outer", "1")
		w.Header().Set("X-Outer-Gone", "1")
		w.Header().Set("Vary", "Accept")
		next.ServeHTTP(w, r)
	})
}
