package httpmw_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// A step is what one try of a request gets.
type step func(*http.Request) (*http.Response, error)

// wire stands for the network and the server: its tries get the given steps, and
// the last step repeats. It keeps what was sent.
type wire struct {
	steps []step

	mu     sync.Mutex
	keys   []string
	bodies []string
	times  []time.Time
	open   atomic.Int64 // bodies of answers that are not closed
}

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		body, _ = io.ReadAll(request.Body)
		request.Body.Close()
	}
	w.mu.Lock()
	n := len(w.times)
	w.keys = append(w.keys, request.Header.Get("Idempotency-Key"))
	w.bodies = append(w.bodies, string(body))
	w.times = append(w.times, time.Now())
	w.mu.Unlock()
	response, err := w.steps[min(n, len(w.steps)-1)](request)
	if response != nil {
		response.Request = request
		w.open.Add(1)
		response.Body = &watchedBody{Reader: response.Body, closed: func() { w.open.Add(-1) }}
	}
	return response, err
}

// sent requires so many tries, all with the same key if there were several, and
// that no body of a discarded answer is open.
func (w *wire) sent(t *testing.T, want int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.times) != want {
		t.Errorf("sent %d times, want %d", len(w.times), want)
	}
	for i := range w.keys {
		if w.keys[i] != w.keys[0] || w.bodies[i] != w.bodies[0] {
			t.Errorf("try %d has key %q and body %q, the first one %q and %q", i+1, w.keys[i], w.bodies[i], w.keys[0], w.bodies[0])
		}
	}
	soon(t, "all bodies are closed", func() bool { return w.open.Load() == 0 })
}

// pause is the time between a try, counted from 1, and the next one.
func (w *wire) pause(try int) time.Duration { return w.times[try].Sub(w.times[try-1]) }

type watchedBody struct {
	io.Reader

	once   sync.Once
	closed func()
}

func (b *watchedBody) Close() error {
	b.once.Do(b.closed)
	return nil
}

// answers is a step with a status, a body and header fields.
func answers(status int, body string, fields ...string) step {
	return func(*http.Request) (*http.Response, error) {
		header := http.Header{}
		for i := 0; i < len(fields); i += 2 {
			header.Set(fields[i], fields[i+1])
		}
		return &http.Response{StatusCode: status, Header: header, ContentLength: -1, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// refuses is a step with a refusal as a server of this library writes it.
func refuses(refusal *idempotency.Error) step {
	return func(request *http.Request) (*http.Response, error) {
		return written(request, refusal), nil
	}
}

var errReset = errors.New("read tcp 127.0.0.1:1: connection reset by peer")

func fails(err error) step {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// takes is a step that lasts so long, unless its request ends before.
func takes(d time.Duration, then step) step {
	return func(request *http.Request) (*http.Response, error) {
		select {
		case <-time.After(d):
			return then(request)
		case <-request.Context().Done():
			return nil, request.Context().Err()
		}
	}
}

var done = answers(http.StatusCreated, "done")

func newTransport(tb testing.TB, next http.RoundTripper, options ...httpmw.ClientOption) http.RoundTripper {
	tb.Helper()
	transport, err := httpmw.NewTransport(next, options...)
	if err != nil {
		tb.Fatal(err)
	}
	return transport
}

func newCall(tb testing.TB, method, key string) *http.Request {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), method, "http://payments.test/v1/payments", bytes.NewReader([]byte("five")))
	if err != nil {
		tb.Fatal(err)
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	return request
}

// exchange sends the request over the wire, and reads and closes the answer.
func (w *wire) exchange(t *testing.T, request *http.Request, options ...httpmw.ClientOption) (answer, error) {
	t.Helper()
	response, err := newTransport(t, w, options...).RoundTrip(request)
	if err != nil {
		return answer{}, err
	}
	return read(response), nil
}

// gets requires an answer with this status after so many tries.
func (w *wire) gets(t *testing.T, request *http.Request, status, tries int, options ...httpmw.ClientOption) answer {
	t.Helper()
	got, err := w.exchange(t, request, options...)
	if err != nil || got.status != status {
		t.Errorf("got %d and error %v, want %d", got.status, err, status)
	}
	w.sent(t, tries)
	return got
}
