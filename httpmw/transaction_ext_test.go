package httpmw_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/internal/mark"
	"github.com/oncewire/idempotency/internal/txtest"
)

// spy is a ResponseWriter that knows whether anything has reached it.
type spy struct {
	*httptest.ResponseRecorder

	touched bool
}

func (s *spy) WriteHeader(status int) { s.touched = true; s.ResponseRecorder.WriteHeader(status) }

func (s *spy) Write(data []byte) (int, error) {
	s.touched = true
	return s.ResponseRecorder.Write(data)
}

func (s *spy) WriteString(text string) (int, error) { return s.Write([]byte(text)) }

func (s *spy) Flush() { s.touched = true; s.ResponseRecorder.Flush() }

// TestAnswerLeavesAfterTheCommit: neither a byte nor a field of the header before.
func TestAnswerLeavesAfterTheCommit(t *testing.T) {
	b, w := newBank(t), &spy{ResponseRecorder: httptest.NewRecorder()}
	b.BeforeCommit = func(context.Context) error {
		if w.touched || len(w.Header()) > 0 {
			t.Errorf("before the commit the answer has %v, touched: %t", w.Header(), w.touched)
		}
		return nil
	}
	handler := writing(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, strings.Repeat("x", 1<<16))
		_, _ = io.Copy(w, onlyReader("y"))
		if _, can := w.(http.Flusher); can || http.NewResponseController(w).Flush() == nil {
			t.Error("the answer can be flushed")
		}
	})
	b.guard(t, handler).ServeHTTP(w, newRequest(key, ""))
	got := read(w.Result())
	got.is(t, http.StatusCreated, strings.Repeat("x", 1<<16)+"y", false)
	if got.header.Get("X-Handler") != "1" {
		t.Errorf("got %v", got.header)
	}
	b.wrote(t, "payment")
}

// TestRolledBackAnswerIsNotSent: the client gets a refusal with nothing of the handler's
// answer, and the next call runs.
func TestRolledBackAnswerIsNotSent(t *testing.T) {
	for protocol, start := range protocols {
		for name, test := range map[string]struct {
			failure error
			reason  idempotency.Reason
		}{
			"rolled back": {errors.Join(backend.ErrNotCommitted, errDown), idempotency.ReasonRolledBack},
			"unknown":     {errDown, idempotency.ReasonCommitUnknown},
		} {
			t.Run(protocol+" "+name, func(t *testing.T) {
				b := newBank(t)
				b.BeforeCommit = failsWith(test.failure)
				handler := writing(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Length", "9")
					w.Header().Set("Trailer", "X-Sum")
					w.WriteHeader(http.StatusCreated)
					_, _ = io.WriteString(w, "the money")
					w.Header().Set("X-Sum", "42")
				})
				outer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-Outer", "1")
					b.guard(t, handler).ServeHTTP(w, r)
				})
				server := start(t, outer)
				got := server.post(key, "")
				got.refuses(t, http.StatusServiceUnavailable, test.reason)
				if got.header.Get("Retry-After") != "1" || got.header.Get("X-Outer") != "1" || got.header.Get("X-Handler") != "" ||
					len(got.trailer) > 0 || strings.Contains(got.body, "money") || strings.Contains(got.body, "10.1.2.3") || got.replayed() {
					t.Errorf("got %+v", got)
				}
				if marked := mark.Matches(got.header.Get(mark.Field), "POST /v1/payments", key); marked != (test.reason == idempotency.ReasonRolledBack) {
					t.Errorf("marked: %t", marked)
				}
				b.wrote(t)
				b.BeforeCommit = nil
				server.post(key, "").is(t, http.StatusCreated, "the money", false)
				server.post(key, "").is(t, http.StatusCreated, "the money", true)
				handler.ran(t, 2)
				b.wrote(t, "payment")
			})
		}
	}
}

// TestGuardAroundATransaction releases its claim if the transaction was rolled back, and
// abandons it if that is unknown.
func TestGuardAroundATransaction(t *testing.T) {
	b := newBank(t)
	handler := writing(t, ok)
	around := newGuard(t, newEngine(t, rejectAbandoned)).Wrap(b.guard(t, handler))

	b.BeforeCommit = failsWith(backend.ErrNotCommitted)
	for range 2 {
		post(around, "rolled-back", "").refuses(t, http.StatusServiceUnavailable, idempotency.ReasonRolledBack)
	}
	b.BeforeCommit = nil
	post(around, "rolled-back", "").is(t, http.StatusOK, "done", false)
	post(around, "rolled-back", "").is(t, http.StatusOK, "done", true)
	b.wrote(t, "payment")

	b.BeforeCommit = failsWith(errDown)
	handler.HandlerFunc = ok
	post(around, "unknown", "").refuses(t, http.StatusServiceUnavailable, idempotency.ReasonCommitUnknown)
	post(around, "unknown", "").refuses(t, http.StatusConflict, idempotency.ReasonOutcomeUnknown)
}

// TestTwoGuardsInOneTransaction: the outer one sends what the inner one has held.
func TestTwoGuardsInOneTransaction(t *testing.T) {
	b := newBank(t)
	handler := writing(t, ok)
	around := b.guard(t, b.guard(t, handler))
	post(around, key, "").is(t, http.StatusOK, "done", false)
	post(around, key, "").is(t, http.StatusOK, "done", true)
	handler.ran(t, 1)
	b.wrote(t, "payment")
}

// TestStatusEndsTheTransaction as the verdicts say. The answer is sent in any case.
func TestStatusEndsTheTransaction(t *testing.T) {
	for _, test := range []struct {
		status            int
		written, recorded bool
	}{
		{http.StatusOK, true, true},
		{http.StatusSeeOther, true, true},
		{http.StatusBadRequest, false, true},
		{http.StatusInternalServerError, false, true},
		{http.StatusTooManyRequests, false, false},
		{http.StatusServiceUnavailable, false, false},
	} {
		b := newBank(t)
		handler := writing(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, "answer")
		})
		guarded := b.guard(t, handler)
		got := post(guarded, key, "")
		got.is(t, test.status, "answer", false)
		if got.header.Get("X-Handler") == "" {
			t.Errorf("%d: got %v", test.status, got.header)
		}
		if len(b.Written()) > 0 != test.written {
			t.Errorf("%d: committed are %q", test.status, b.Written())
		}
		handler.HandlerFunc = ok
		if test.recorded {
			post(guarded, key, "").is(t, test.status, "answer", true)
		} else {
			post(guarded, key, "").is(t, http.StatusOK, "done", false)
		}
	}
}

// TestAnswerThatCannotBeHeld: it is refused, and nothing is committed.
func TestAnswerThatCannotBeHeld(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"too large": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "123456789") },
		"too large in pieces": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 8))
			_, _ = w.Write(make([]byte, 1))
		},
		"too large by length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			w.WriteHeader(http.StatusOK)
		},
		"too large, released": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write(make([]byte, 9))
		},
		"too short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "8")
			_, _ = io.WriteString(w, "1234")
		},
		"longer than its length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "4")
			if n, err := io.WriteString(w, "12345"); n != 0 || !errors.Is(err, http.ErrContentLength) {
				t.Errorf("wrote %d, %v", n, err)
			}
		},
		"upgrade": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusSwitchingProtocols) },
	} {
		for protocol, start := range protocols {
			t.Run(name+" "+protocol, func(t *testing.T) {
				b := newBank(t)
				handler := writing(t, answer)
				server := start(t, b.guard(t, handler, httpmw.WithMaxResponse(8)))
				got := server.post(key, "")
				got.refuses(t, http.StatusBadRequest, idempotency.ReasonNotSupported)
				if got.header.Get("X-Handler") != "" {
					t.Errorf("got %v", got.header)
				}
				b.wrote(t)
				handler.HandlerFunc = ok
				server.post(key, "").is(t, http.StatusOK, "done", false)
			})
		}
	}
}

// TestWhatAHeldAnswerCannotDo: the handler sees it before it starts to stream.
func TestWhatAHeldAnswerCannotDo(t *testing.T) {
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			b := newBank(t)
			server := start(t, b.guard(t, writing(t, func(w http.ResponseWriter, r *http.Request) {
				_, flushes := w.(http.Flusher)
				_, hijacks := w.(http.Hijacker)
				_, pushes := w.(http.Pusher)
				controller := http.NewResponseController(w)
				_, _, hijack := controller.Hijack()
				if flushes || hijacks || pushes || !errors.Is(controller.Flush(), http.ErrNotSupported) || !errors.Is(hijack, http.ErrNotSupported) {
					t.Errorf("flushes %t, hijacks %t, pushes %t", flushes, hijacks, pushes)
				}
				for _, err := range []error{
					controller.SetReadDeadline(time.Now().Add(time.Hour)), controller.SetWriteDeadline(time.Now().Add(time.Hour)),
				} {
					if err != nil {
						t.Error(err)
					}
				}
				if err := controller.EnableFullDuplex(); r.ProtoMajor == 1 && err != nil {
					t.Error(err)
				}
				ok(w, r)
			})))
			server.post(key, "").is(t, http.StatusOK, "done", false)
			server.post(key, "").is(t, http.StatusOK, "done", true)
			b.wrote(t, "payment")
		})
	}
}

func TestPanicInATransaction(t *testing.T) {
	for name, value := range map[string]any{"panic": "boom", "abort": http.ErrAbortHandler} {
		b := newBank(t)
		w := &spy{ResponseRecorder: httptest.NewRecorder()}
		guarded := b.guard(t, writing(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic(value)
		}))
		func() {
			defer func() {
				if got := recover(); got != value {
					t.Errorf("%s: recovered %v", name, got)
				}
			}()
			guarded.ServeHTTP(w, newRequest(key, ""))
		}()
		if w.touched || len(w.Header()) > 0 {
			t.Errorf("%s: something was sent: %v", name, w.Header())
		}
		b.wrote(t)
		post(b.guard(t, count(ok)), key, "").is(t, http.StatusOK, "done", false)
	}
}

// TestHandlerOfATransactionGivesUp with its context: there is no answer to send.
func TestHandlerOfATransactionGivesUp(t *testing.T) {
	b := newBank(t)
	ctx, hangUp := context.WithCancel(t.Context())
	guarded := b.guard(t, writing(t, func(http.ResponseWriter, *http.Request) { hangUp() }))
	if got := do(guarded, newRequest(key, "").WithContext(ctx)); got.status != 499 || got.header.Get("X-Handler") != "" {
		t.Errorf("got %+v", got)
	}
	b.wrote(t)
	post(b.guard(t, count(ok)), key, "").is(t, http.StatusOK, "done", false)
}

// TestDuplicateOfAnOpenTransaction gets 409 with a time to wait.
func TestDuplicateOfAnOpenTransaction(t *testing.T) {
	b := newBank(t)
	var guarded http.Handler
	guarded = b.guard(t, writing(t, func(w http.ResponseWriter, r *http.Request) {
		got := post(guarded, key, "")
		got.refuses(t, http.StatusConflict, idempotency.ReasonInProgress)
		if got.header.Get("Retry-After") == "" {
			t.Errorf("got %v", got.header)
		}
		ok(w, r)
	}))
	post(guarded, key, "").is(t, http.StatusOK, "done", false)
	b.wrote(t, "payment")
}

// TestCallWithoutAKeyHasNoTransaction, and is not held.
func TestCallWithoutAKeyHasNoTransaction(t *testing.T) {
	w := &spy{ResponseRecorder: httptest.NewRecorder()}
	newBank(t).guard(t, count(func(rw http.ResponseWriter, r *http.Request) {
		if txtest.InTransaction(r.Context()) {
			t.Error("a call without a key runs in a transaction")
		}
		_, _ = io.WriteString(rw, "at once")
		if !w.touched {
			t.Error("the answer is held")
		}
	})).ServeHTTP(w, newRequest("", ""))
}
