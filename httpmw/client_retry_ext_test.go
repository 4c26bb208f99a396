package httpmw_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// TestWhatIsSentAgain, of a request that has a key. The second try is answered.
func TestWhatIsSentAgain(t *testing.T) {
	delayed := func(refusal *idempotency.Error) *idempotency.Error {
		copied := *refusal
		copied.RetryAfter = time.Second
		return &copied
	}
	again := map[string]step{
		"a broken connection":               fails(errReset),
		"an error that names a lost EOF":    fails(errors.New("http2: client connection lost")),
		"429":                               answers(429, "slow down"),
		"502":                               answers(502, ""),
		"503":                               answers(503, "", "Retry-After", "1"),
		"504":                               answers(504, ""),
		"409 with Retry-After":              answers(409, "busy", "Retry-After", "1"),
		"in progress":                       refuses(delayed(idempotency.ErrInProgress)),
		"store unavailable":                 refuses(delayed(idempotency.ErrStore)),
		"a newer server's retry_same_key":   answers(400, `{"reason":"NEW","next":"retry_same_key"}`, "Content-Type", "application/problem+json"),
		"503 with other problem details":    answers(503, `{"title":"Down"}`, "Content-Type", "application/problem+json"),
		"503 with details of another maker": answers(503, `{"reason":"DOWN"}`, "Content-Type", "application/problem+json"),
	}
	for name, first := range again {
		synctest.Test(t, func(t *testing.T) {
			t.Log(name)
			(&wire{steps: []step{first, done}}).gets(t, newCall(t, "POST", ""), http.StatusCreated, 2)
		})
	}
}

// TestWhatSettles a request: it is sent once.
func TestWhatSettles(t *testing.T) {
	type problem = string
	details := func(status int, body problem, fields ...string) step {
		return answers(status, body, append([]string{"Content-Type", "application/problem+json"}, fields...)...)
	}
	settle := map[string]step{
		"400":                           answers(400, ""),
		"409 without Retry-After":       answers(409, ""),
		"409 with a bad Retry-After":    answers(409, "", "Retry-After", "soon"),
		"500":                           answers(500, "", "Retry-After", "1"),
		"a longer pause":                answers(503, "", "Retry-After", "61"),
		"an endless pause":              answers(503, "", "Retry-After", "99999999999999999999999"),
		"a recorded 503":                answers(503, "", "Idempotent-Replayed", "true", "Retry-After", "1"),
		"key reused":                    refuses(idempotency.ErrKeyReused),
		"outcome unknown":               refuses(idempotency.ErrOutcomeUnknown),
		"409 that asks the operator":    details(409, `{"reason":"OUTCOME_UNKNOWN","next":"ask_operator"}`, "Retry-After", "1"),
		"503 that asks the operator":    details(503, `{"reason":"IN_PROGRESS","next":"ask_operator"}`, "Retry-After", "1"),
		"a reason that needs a new key": details(503, `{"reason":"KEY_REUSED","next":"retry_same_key"}`, "Retry-After", "1"),
		"a newer reason's fix_request":  details(503, `{"reason":"NEW","next":"fix_request"}`, "Retry-After", "1"),
		"a newer reason's use_new_key":  details(503, `{"reason":"NEW","next":"use_new_key"}`, "Retry-After", "1"),
	}
	for name, only := range settle {
		synctest.Test(t, func(t *testing.T) {
			t.Log(name)
			w := &wire{steps: []step{only}}
			if _, err := w.exchange(t, newCall(t, "POST", "")); err != nil {
				t.Error(err)
			}
			w.sent(t, 1)
		})
	}
}

// TestWhoIsSentAgain: requests with a key and those without side effects.
func TestWhoIsSentAgain(t *testing.T) {
	keyless := []string{"PUT", "DELETE", "QUERY"}
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE", "", "PUT", "DELETE", "QUERY"} {
		synctest.Test(t, func(t *testing.T) {
			t.Log(method)
			tries, status := 2, http.StatusCreated
			if slices.Contains(keyless, method) {
				tries, status = 1, http.StatusServiceUnavailable
			}
			steps := []step{answers(503, ""), done}
			(&wire{steps: steps}).gets(t, newCall(t, method, ""), status, tries)
			(&wire{steps: steps}).gets(t, newCall(t, method, "own"), http.StatusCreated, 2)
		})
	}
}

// TestEmptyFieldOfNetHTTP says that a request may be repeated without a key.
func TestEmptyFieldOfNetHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		request := newCall(t, "POST", "")
		request.Header["Idempotency-Key"] = nil
		(&wire{steps: []step{answers(503, ""), done}}).gets(t, request, http.StatusCreated, 2)
	})
}

// TestPermanentErrors are returned at once.
func TestPermanentErrors(t *testing.T) {
	for _, err := range []error{
		&tls.CertificateVerificationError{},
		tls.RecordHeaderError{},
		&net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")},
		&net.DNSError{IsNotFound: true},
		&net.AddrError{Err: "missing port in address"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := &wire{steps: []step{fails(err)}}
			if _, got := w.exchange(t, newCall(t, "POST", "")); !errors.Is(got, err) {
				t.Errorf("got error %v, want %v", got, err)
			}
			w.sent(t, 1)
		})
	}
}

// TestPermanentErrorsOfNetHTTP that have no type. The number of tries shows in the
// budget: it is left for one retry.
func TestPermanentErrorsOfNetHTTP(t *testing.T) {
	secret := httptest.NewUnstartedServer(http.HandlerFunc(ok))
	secret.Config.ErrorLog = silent
	secret.StartTLS()
	defer secret.Close()
	plain := httptest.NewServer(http.HandlerFunc(ok))
	defer plain.Close()
	for name, change := range map[string]func(*http.Request){
		"scheme":       func(r *http.Request) { r.URL.Scheme = "gopher" },
		"host":         func(r *http.Request) { r.URL.Host = "" },
		"field name":   func(r *http.Request) { r.Header["a b"] = []string{"c"} },
		"field value":  func(r *http.Request) { r.Header["A"] = []string{"b\nc"} },
		"key":          func(r *http.Request) { r.Header["Idempotency-Key"] = []string{"b\nc"} },
		"method":       func(r *http.Request) { r.Method = "PO ST"; r.Header.Set("Idempotency-Key", "own") },
		"length":       func(r *http.Request) { r.ContentLength = 1 },
		"certificate":  func(r *http.Request) { r.URL.Scheme, r.URL.Host = "https", secret.Listener.Addr().String() },
		"no TLS":       func(r *http.Request) { r.URL.Scheme, r.URL.Host = "https", plain.Listener.Addr().String() },
		"no transport": func(r *http.Request) { r.URL = nil },
	} {
		t.Run(name, func(t *testing.T) {
			tries := 0
			next := &http.Transport{}
			defer next.CloseIdleConnections()
			transport := newTransport(t, roundTripFunc(func(r *http.Request) (*http.Response, error) {
				tries++
				return next.RoundTrip(r)
			}))
			request := newCall(t, "POST", "")
			request.URL.Host = plain.Listener.Addr().String()
			change(request)
			if response, err := transport.RoundTrip(request); err == nil {
				response.Body.Close()
				t.Error("the request was answered")
			} else if tries != 1 {
				t.Errorf("sent %d times: %v", tries, err)
			}
		})
	}
}

func TestLastAnswerIsReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{steps: []step{answers(503, "first"), fails(errReset), answers(429, "last", "Retry-After", "1")}}
		got := w.gets(t, newCall(t, "POST", ""), http.StatusTooManyRequests, 3, httpmw.WithMaxAttempts(3))
		if got.body != "last" {
			t.Errorf("got body %q", got.body)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := &wire{steps: []step{answers(503, "first"), fails(errReset)}}
		if _, err := w.exchange(t, newCall(t, "POST", "")); !errors.Is(err, errReset) {
			t.Errorf("got error %v", err)
		}
		w.sent(t, httpmw.DefaultMaxAttempts)
	})
}

func TestClientPauses(t *testing.T) {
	tests := map[string]struct {
		first    step
		least    time.Duration
		longest  time.Duration
		settings []httpmw.ClientOption
	}{
		"backoff":     {answers(503, ""), 50 * time.Millisecond, 151 * time.Millisecond, nil},
		"own backoff": {fails(errReset), time.Second, 3*time.Second + 1, []httpmw.ClientOption{httpmw.WithBackoff(2*time.Second, time.Minute)}},
		"seconds":     {answers(503, "", "Retry-After", "7"), 7 * time.Second, 7 * time.Second, nil},
		"a refusal's": {refuses(&idempotency.Error{Reason: idempotency.ReasonInProgress, RetryAfter: 3 * time.Second}), 3 * time.Second, 3 * time.Second, nil},
		"a date by the server's clock": {
			answers(429, "", "Date", "Mon, 02 Jan 2006 15:04:05 GMT", "Retry-After", "Mon, 02 Jan 2006 15:04:25 GMT"),
			20 * time.Second, 20 * time.Second, nil,
		},
		"a date": {
			// A bubble's clock starts at this time.
			answers(429, "", "Retry-After", "Sat, 01 Jan 2000 00:00:30 GMT"), 30 * time.Second, 30 * time.Second, nil,
		},
		"a past date": {answers(429, "", "Retry-After", "Fri, 31 Dec 1999 00:00:00 GMT"), 50 * time.Millisecond, 151 * time.Millisecond, nil},
		"a long one":  {answers(503, "", "Retry-After", "120"), 2 * time.Minute, 2 * time.Minute, []httpmw.ClientOption{httpmw.WithMaxPause(time.Hour)}},
	}
	for name, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			w := &wire{steps: []step{test.first, done}}
			w.gets(t, newCall(t, "POST", ""), http.StatusCreated, 2, test.settings...)
			if pause := w.pause(1); pause < test.least || pause > test.longest {
				t.Errorf("%s: paused %v, want %v to %v", name, pause, test.least, test.longest)
			}
		})
	}
}

// TestRetryBeyondTheDeadlineIsNotAwaited: the caller has the answer at once.
func TestRetryBeyondTheDeadlineIsNotAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := &wire{steps: []step{answers(503, "busy", "Retry-After", "10")}}
		client := http.Client{Transport: newTransport(t, w), Timeout: 5 * time.Second}
		response, err := client.Do(newCall(t, "POST", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got := read(response); got.body != "busy" || time.Since(start) != 0 {
			t.Errorf("got %q after %v", got.body, time.Since(start))
		}
		w.sent(t, 1)
	})
}

func TestEndOfTheContextIsNoReasonToRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w := &wire{steps: []step{takes(time.Hour, done)}}
		if _, err := w.exchange(t, newCall(t, "POST", "").WithContext(ctx)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v", err)
		}
		w.sent(t, 1)
	})
}

func TestClosedCancelChannelIsNoReasonToRetry(t *testing.T) {
	w := &wire{steps: []step{fails(errReset)}}
	request, cancel := newCall(t, "POST", ""), make(chan struct{})
	request.Cancel = cancel //nolint:staticcheck // callers still set it
	close(cancel)
	w.exchange(t, request)
	w.sent(t, 1)
}

// TestRequestInProgressIsAwaited until the deadline, also after all attempts.
func TestRequestInProgressIsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := refuses(&idempotency.Error{Reason: idempotency.ReasonInProgress, RetryAfter: time.Second})
		w := &wire{steps: []step{busy, busy, busy, busy, busy, busy, done}}
		client := http.Client{Transport: newTransport(t, w), Timeout: time.Minute}
		response, err := client.Do(newCall(t, "POST", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got := read(response); got.status != http.StatusCreated {
			t.Errorf("got %d", got.status)
		}
		w.sent(t, 7)
	})
}

// TestBudgetOfATransport is shared by its requests.
func TestBudgetOfATransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		w := &wire{steps: []step{func(r *http.Request) (*http.Response, error) {
			if down {
				return answers(503, "")(r)
			}
			return done(r)
		}}}
		transport := newTransport(t, w, httpmw.WithRetryBudget(5, 0.5))
		send := func(n int) (tries int) {
			before := len(w.times)
			for range n {
				response, err := transport.RoundTrip(newCall(t, "POST", ""))
				if err != nil {
					t.Fatal(err)
				}
				read(response)
			}
			return len(w.times) - before
		}
		if tries := send(100); tries != 105 {
			t.Errorf("100 requests were sent %d times in an outage", tries)
		}
		down = false
		send(4)
		if down = true; send(1) != 3 {
			t.Error("four successes do not allow two retries")
		}
	})
}
