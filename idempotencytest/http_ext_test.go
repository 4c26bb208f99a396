package idempotencytest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/idempotencytest"
)

func TestAssertHTTPOnceHoldsForAGuardedHandler(t *testing.T) {
	l := &ledger{}
	handler := newHandler(t, l, idempotencytest.NewStore(t))
	holds(t, func(tb testing.TB) {
		answer := idempotencytest.AssertHTTPOnce(tb, l.Len, idempotencytest.SendTo(handler), newPayment())
		body, err := io.ReadAll(answer.Body)
		if answer.StatusCode != http.StatusCreated || string(body) != `{"id":1}` || err != nil {
			t.Errorf("got %d %q %v, want the answer of the payment", answer.StatusCode, body, err)
		}
	})
	if l.payments[0] != `{"amount":5}` {
		t.Errorf("paid %q, want the request's body", l.payments[0])
	}
}

func TestAssertHTTPOnceHoldsForAServer(t *testing.T) {
	l := &ledger{}
	wait := idempotency.WithPolicy("*", idempotency.Policy{Wait: time.Minute})
	server := httptest.NewServer(newHandler(t, l, idempotencytest.NewStore(t), wait))
	defer server.Close()
	request := httptest.NewRequest(http.MethodPost, server.URL+"/payments", strings.NewReader(`{"amount":5}`))
	holds(t, func(tb testing.TB) {
		idempotencytest.AssertHTTPOnce(tb, l.Len, server.Client().Do, request)
	})
}

func TestAssertHTTPOnceFailsForAHandlerThatIsNotIdempotent(t *testing.T) {
	l := &ledger{}
	failsWith(t, "8 calls with one key, at once, had 8 effects, want 1; the first answer is 201 Created", func(tb testing.TB) {
		idempotencytest.AssertHTTPOnce(tb, l.Len, idempotencytest.SendTo(unguarded(l)), newPayment())
	})
}

// once is a handler that has its effect once, and answers with the n-th of the
// answers.
func once(l *ledger, answers ...func(w http.ResponseWriter)) http.Handler {
	n := 0
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n == 0 {
			l.pay("5")
		}
		answers[min(n, len(answers)-1)](w)
		n++
	})
}

func answering(status int, body string, fields ...string) func(w http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(fields); i += 2 {
			w.Header().Set(fields[i], fields[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const replayed = idempotency.DefaultReplayedField

func TestAssertHTTPOnceFailsForOtherAnswers(t *testing.T) {
	created := answering(http.StatusCreated, "a", "Location", "/1", "Date", "now", "X-Request-Id", "1", "Set-Cookie", "a=1")
	for want, second := range map[string]func(http.ResponseWriter){
		"":                                   answering(http.StatusCreated, "a", "Location", "/1", replayed, "true"),
		`200 OK "a", want 201 Created "a"`:   answering(http.StatusOK, "a", "Location", "/1", replayed, "true"),
		`body "b", want "a"`:                 answering(http.StatusCreated, "b", "Location", "/1", replayed, "true"),
		`header field Location ["/2"], want`: answering(http.StatusCreated, "a", "Location", "/2", replayed, "true"),
		`header field Location [], want`:     answering(http.StatusCreated, "a", replayed, "true"),
		`header field X-New ["1"], want []`:  answering(http.StatusCreated, "a", "Location", "/1", "X-New", "1", replayed, "true"),
		`trailer Checksum ["2"], want []`: func(w http.ResponseWriter) {
			answering(http.StatusCreated, "a", "Location", "/1", replayed, "true")(w)
			w.Header().Set(http.TrailerPrefix+"Checksum", "2")
		},
		"4 of 4 answers are not marked": answering(http.StatusCreated, "a", "Location", "/1"),
	} {
		l := &ledger{}
		assert := func(tb testing.TB) {
			idempotencytest.AssertHTTPOnce(tb, l.Len, idempotencytest.SendTo(once(l, created, second)), newPayment(),
				idempotencytest.WithConcurrent(1))
		}
		if want == "" {
			holds(t, assert)
		} else {
			failsWith(t, want, assert)
		}
	}
}

func TestAssertHTTPOnceComparesWhatItsOptionsSay(t *testing.T) {
	l := &ledger{}
	handler := once(l,
		answering(http.StatusCreated, "a", "X-Serial", "1", "X-Node", "1"),
		answering(http.StatusCreated, "a", "X-Serial", "2", "X-Node", "2", "X-Again", "true"))
	holds(t, func(tb testing.TB) {
		idempotencytest.AssertHTTPOnce(tb, l.Len, idempotencytest.SendTo(handler), newPayment(),
			idempotencytest.WithConcurrent(1), idempotencytest.WithReplayedField("x-again"),
			idempotencytest.WithUncomparedFields("x-serial"), idempotencytest.WithUncomparedFields("X-Node"))
	})
	l = &ledger{}
	holds(t, func(tb testing.TB) {
		idempotencytest.AssertHTTPOnce(tb, l.Len, idempotencytest.SendTo(once(l, answering(http.StatusOK, ""))), newPayment(),
			idempotencytest.WithConcurrent(1), idempotencytest.WithReplayedField(""))
	})
}

// TestAssertHTTPOnceKeepsTheContextOfTheRequest: its values, such as the user that
// authentication found, with the deadline of the assertion.
func TestAssertHTTPOnceKeepsTheContextOfTheRequest(t *testing.T) {
	type user struct{}
	l := &ledger{}
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, limited := r.Context().Deadline(); !limited || r.Context().Value(user{}) != "ann" {
			t.Errorf("got context %v, want a deadline and the user", r.Context())
		}
		if l.Len() == 0 {
			l.pay("5")
		}
	})
	idempotencytest.AssertHTTPOnce(t, l.Len, idempotencytest.SendTo(handler),
		newPayment().WithContext(context.WithValue(t.Context(), user{}, "ann")),
		idempotencytest.WithConcurrent(1), idempotencytest.WithReplayedField(""))
}

// TestAssertHTTPOnceSendsEqualRequests with the key of the request, of the option
// or a new one.
func TestAssertHTTPOnceSendsEqualRequests(t *testing.T) {
	for _, each := range []struct {
		key, field string
		options    []idempotencytest.Option
	}{
		{"of-the-request", "Idempotency-Key", nil},
		{"of-the-option", "Idempotency-Key", []idempotencytest.Option{idempotencytest.WithKey("of-the-option"), idempotencytest.WithKeyField("")}},
		{"", "Idempotency-Key", nil},
		{"", "X-Key", []idempotencytest.Option{idempotencytest.WithKeyField("x-key")}},
	} {
		l, seen := &ledger{}, map[string]int{}
		handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			seen[r.Method+r.RequestURI+string(body)+strconv.FormatInt(r.ContentLength, 10)+r.Header.Get("X-Other")+r.Header.Get(each.field)]++
			if key := r.Header.Get(each.field); key == "" || each.key != "" && key != each.key {
				t.Errorf("got key %q, want %q", key, each.key)
			}
			if len(seen) == 1 && l.Len() == 0 {
				l.pay("5")
			}
		})
		request := newPayment()
		request.Header.Set("X-Other", "1")
		if each.options == nil && each.key != "" {
			request.Header.Set("Idempotency-Key", each.key)
		}
		idempotencytest.AssertHTTPOnce(t, l.Len, idempotencytest.SendTo(handler), request,
			append(each.options, idempotencytest.WithConcurrent(1), idempotencytest.WithReplayedField(""))...)
		if len(seen) != 1 {
			t.Errorf("got requests %v, want equal ones", seen)
		}
	}
}

func TestAssertHTTPOnceFailsForAHandlerThatPanics(t *testing.T) {
	l := &ledger{}
	failsWith(t, `had 0 effects, want 1; the first answer is the error "the handler panicked: no money"`, func(tb testing.TB) {
		handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("no money") })
		if answer := idempotencytest.AssertHTTPOnce(tb, l.Len, idempotencytest.SendTo(handler), newPayment()); answer != nil {
			t.Errorf("got %v, want nil", answer)
		}
	})
}

type brokenBody struct{ io.Reader }

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("disk error") }
func (brokenBody) Close() error             { return nil }

func TestAssertHTTPOnceFailsWithoutTheRequestsBody(t *testing.T) {
	request := newPayment()
	request.Body = brokenBody{}
	failsWith(t, "the request's body cannot be read: disk error", func(tb testing.TB) {
		idempotencytest.AssertHTTPOnce(tb, func() int { return 0 }, nil, request)
	})
}

func TestAssertHTTPOnceFailsWithoutResponse(t *testing.T) {
	failsWith(t, "neither a response nor an error", func(tb testing.TB) {
		idempotencytest.AssertHTTPOnce(tb, func() int { return 0 },
			func(*http.Request) (*http.Response, error) { return nil, nil }, newPayment())
	})
}

func TestRequireReplayedLooksIntoAllHeaders(t *testing.T) {
	marked, plain := http.Header{replayed: {"true"}}, map[string][]string{"idempotent-replayed": {"false"}}
	lower := map[string][]string{"idempotent-replayed": {"true"}}
	holds(t, func(tb testing.TB) { idempotencytest.RequireReplayed(tb, marked) })
	holds(t, func(tb testing.TB) { idempotencytest.RequireReplayed(tb, plain, lower) })
	holds(t, func(tb testing.TB) { idempotencytest.RequireNotReplayed(tb, plain, nil) })
	failsWith(t, "is not marked as a replay", func(tb testing.TB) {
		idempotencytest.RequireReplayed(tb, plain)
		t.Error("the test went on")
	})
	failsWith(t, "is marked as a replay", func(tb testing.TB) {
		idempotencytest.RequireNotReplayed(tb, plain, lower)
		t.Error("the test went on")
	})
}
