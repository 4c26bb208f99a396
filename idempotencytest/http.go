package idempotencytest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/oncewire/idempotency/internal/mark"
)

// AssertHTTPOnce is [AssertOnce] for a service over HTTP. It sends the request with
// one key, first 8 times at once, then 3 times one after another, with send, which
// is [SendTo] for a handler, and the method Do of an http.Client for a server:
//
//	idempotencytest.AssertHTTPOnce(t, ledger.Len, idempotencytest.SendTo(handler), request)
//	idempotencytest.AssertHTTPOnce(t, ledger.Len, server.Client().Do, request)
//
// It reports an error to the test unless the effect happened once, and all answers
// have the same status, body, header and trailers, and all but one are marked as
// replays. See [WithUncomparedFields] for the fields that may differ. An error of
// send is an answer too, as in AssertOnce.
//
// The request's body is read, and is sent with every copy of the request. Its key
// is used if it has one.
//
// It returns the answer of the first call, whose body need not be closed; nil if
// send failed.
func AssertHTTPOnce(tb testing.TB, effects func() int, send func(*http.Request) (*http.Response, error), request *http.Request, options ...Option) *http.Response {
	tb.Helper()
	c := newConfig(options)
	template, err := newTemplate(request, c)
	if err != nil {
		tb.Errorf("the request's body cannot be read: %v", err)
		return nil
	}
	o := once[*httpAnswer]{
		config:  c,
		effects: effects,
		call: func(ctx context.Context) (*httpAnswer, error) {
			return readAnswer(send(template.request(ctx)))
		},
		retry: func(a *httpAnswer, err error) bool {
			if err != nil {
				return asksForRetry(err) || c.retry(err)
			}
			return a.response.Header.Get(mark.Field) != "" && a.response.Header.Get("Retry-After") != ""
		},
		diff: func(first, a *httpAnswer) string { return first.diff(a, c.notCompared) },
	}
	answers, equal := o.run(tb)
	if equal && c.replayedField != "" {
		areMarked(tb, answers, c.replayedField)
	}
	return answers[0].value.reread()
}

// areMarked requires that all answers but that of the call that ran are marked as
// replays.
func areMarked(tb testing.TB, answers []answer[*httpAnswer], field string) {
	tb.Helper()
	unmarked := 0
	for _, a := range answers {
		if a.err == nil && !isReplayed(field, a.value.response.Header) {
			unmarked++
		}
	}
	if unmarked > 1 {
		tb.Errorf("%d of %d answers are not marked as replays by %s: true, want at most 1", unmarked, len(answers), field)
	}
}

// template makes requests that are equal, as a client does that retries.
type template struct {
	original *http.Request
	body     []byte
}

func newTemplate(request *http.Request, c config) (*template, error) {
	t := &template{original: request.Clone(request.Context())}
	if request.Body != nil {
		var err error
		if t.body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
		_ = request.Body.Close()
	}
	if t.original.Header.Get(c.keyField) == "" {
		t.original.Header.Set(c.keyField, c.key)
	}
	return t, nil
}

// request returns a new request. Its context has the values of the original one.
func (t *template) request(ctx context.Context) *http.Request {
	r := t.original.Clone(withValues{ctx, t.original.Context()})
	r.RequestURI = "" // a client may not set it
	r.Body, r.GetBody, r.ContentLength = http.NoBody, nil, int64(len(t.body))
	if len(t.body) > 0 {
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(t.body)), nil }
		r.Body, _ = r.GetBody()
	}
	return r
}

// withValues is a context with the values of another one.
type withValues struct {
	context.Context

	values context.Context
}

func (c withValues) Value(key any) any {
	if value := c.Context.Value(key); value != nil {
		return value
	}
	return c.values.Value(key)
}

// SendTo returns a function that serves requests with the handler, in the
// goroutine of its caller and without a network, for [AssertHTTPOnce]. A panic of
// the handler is returned as an error, since a server would close the connection.
func SendTo(handler http.Handler) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (response *http.Response, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("the handler panicked: %v", p)
			}
		}()
		r = r.Clone(r.Context())
		r.RequestURI = r.URL.RequestURI()
		if r.RemoteAddr == "" {
			r.RemoteAddr = httptest.DefaultRemoteAddr + ":1234"
		}
		if r.Body == nil {
			r.Body = http.NoBody
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, r)
		return recorder.Result(), nil
	}
}
