package httpmw_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// TestFlushedAnswerIsRecorded: it reaches the first caller piece by piece, and is
// replayed whole.
func TestFlushedAnswerIsRecorded(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"at once":       func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush(); _, _ = io.WriteString(w, "ab") },
		"by controller": func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
		"in between": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "ab")
			_ = http.NewResponseController(w).Flush()
			_, _ = io.Copy(w, onlyReader("cd"))
		},
		"events, all at once": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: 1")
		},
	}
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					bare := start(t, test).post(key, "")
					handler := count(test)
					server := start(t, newGuard(t, newEngine(t)).Wrap(handler))
					server.post(key, "").is(t, http.StatusOK, bare.body, false)
					server.again(key, "").is(t, http.StatusOK, bare.body, true)
					handler.ran(t, 1)
				})
			}
		})
	}
}

// TestFlushReachesTheClient: the recorder does not delay it.
func TestFlushReachesTheClient(t *testing.T) {
	read := make(chan struct{})
	server := startHTTP1(t, newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		<-read
		_, _ = io.WriteString(w, ", second")
	})))
	response, err := server.Client().Do(server.request(key, http.NoBody))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	first := make([]byte, 5)
	if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != "first" {
		t.Fatalf("got %q, %v", first, err)
	}
	close(read)
	if rest, err := io.ReadAll(response.Body); err != nil || string(rest) != ", second" {
		t.Fatalf("got %q, %v", rest, err)
	}
	server.again(key, "").is(t, http.StatusOK, "first, second", true)
}

// TestChunkedAnswerBehindProxyIsRecorded: a proxy flushes every answer that has no
// length.
func TestChunkedAnswerBehindProxyIsRecorded(t *testing.T) {
	upstream := count(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.WriteHeader(http.StatusCreated)
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "part %d,", i)
			w.(http.Flusher).Flush()
		}
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-Late", "7")
	})
	proxy := proxyTo(t, upstream)
	proxy.FlushInterval = -1
	server := startHTTP1(t, newGuard(t, newEngine(t)).Wrap(proxy))
	first, second := server.post(key, ""), server.again(key, "")
	first.is(t, http.StatusCreated, "part 0,part 1,part 2,", false)
	second.is(t, http.StatusCreated, first.body, true)
	for _, name := range []string{"X-Sum", "X-Late"} {
		if got, want := second.trailer.Get(name), first.trailer.Get(name); got != want || got == "" {
			t.Errorf("trailer %s: got %q, want %q", name, got, want)
		}
	}
	upstream.ran(t, 1)
}

func TestEventsBehindProxyAreNotRecorded(t *testing.T) {
	upstream := count(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: 1\n\n")
	})
	server := startHTTP1(t, newGuard(t, newEngine(t)).Wrap(proxyTo(t, upstream)))
	server.post(key, "").is(t, http.StatusOK, "data: 1\n\n", false)
	server.again(key, "").refuses(t, http.StatusConflict, idempotency.ReasonOutcomeNotKept)
	upstream.ran(t, 1)
}

// TestUnfinishedStreamIsNotReplayed: its end may be missing.
func TestUnfinishedStreamIsNotReplayed(t *testing.T) {
	tests := map[string]struct {
		finish func(w http.ResponseWriter)
		length string
		want   idempotency.Reason // none for a replay
	}{
		"no length":       {func(http.ResponseWriter) {}, "", idempotency.ReasonOutcomeNotKept},
		"cut short":       {func(http.ResponseWriter) {}, "8", idempotency.ReasonOutcomeNotKept},
		"panic":           {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, "", idempotency.ReasonOutcomeUnknown},
		"length complete": {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "more") }, "8", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, hangUp := context.WithCancel(t.Context())
			handler := count(func(w http.ResponseWriter, r *http.Request) {
				if test.length != "" {
					w.Header().Set("Content-Length", test.length)
				}
				_, _ = io.WriteString(w, "some")
				w.(http.Flusher).Flush()
				hangUp()
				<-r.Context().Done()
				test.finish(w)
			})
			engine := newEngine(t, rejectAbandoned)
			guarded := newGuard(t, engine).Wrap(handler)
			func() {
				defer func() { _ = recover() }()
				do(guarded, newRequest(key, "").WithContext(ctx))
			}()
			if test.want == "" {
				post(guarded, key, "").is(t, http.StatusOK, "somemore", true)
			} else {
				post(guarded, key, "").refuses(t, http.StatusConflict, test.want)
			}
			handler.ran(t, 1)
		})
	}
}

// TestUpstreamBreaksOff: the proxy aborts its answer by a panic.
func TestUpstreamBreaksOff(t *testing.T) {
	upstream := count(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "some")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	engine := newEngine(t, rejectAbandoned)
	server := startHTTP1(t, newGuard(t, engine).Wrap(proxyTo(t, upstream)))
	if got := server.post(key, ""); !strings.Contains(got.body, "error") {
		t.Errorf("got %+v", got)
	}
	server.again(key, "").refuses(t, http.StatusConflict, idempotency.ReasonOutcomeUnknown)
	upstream.ran(t, 1)
}

// TestDetachedStreamIsRecorded: the proxy continues after its client has hung up.
func TestDetachedStreamIsRecorded(t *testing.T) {
	gone := make(chan struct{})
	upstream := count(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "some")
		w.(http.Flusher).Flush()
		<-gone
		_, _ = io.WriteString(w, strings.Repeat("x", 1<<19)) // more than buffers hold
	})
	guarded := newGuard(t, newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{Detached: idempotency.Forever}))).Wrap(proxyTo(t, upstream))
	server := startHTTP1(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if upstream.Load() == 0 {
			go func() {
				<-r.Context().Done()
				close(gone)
			}()
		}
		guarded.ServeHTTP(w, r)
	}))
	response, err := server.Client().Do(server.request(key, http.NoBody))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close() // in the middle
	server.again(key, "").is(t, http.StatusOK, "some"+strings.Repeat("x", 1<<19), true)
	upstream.ran(t, 1)
}

// oddEnd ends with an error that wraps io.EOF. That is a failure; only io.EOF itself
// is the end of a stream.
type oddEnd struct{ io.Reader }

func (r oddEnd) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("connection to storage lost: %w", io.EOF)
	}
	return n, err
}

func TestWrappedEOFIsNotTheEndOfTheAnswer(t *testing.T) {
	handler := count(func(w http.ResponseWriter, _ *http.Request) {
		n, err := io.Copy(w, oddEnd{strings.NewReader("half")})
		if n != 4 || err == nil {
			t.Errorf("got %d, %v", n, err)
		}
		panic(http.ErrAbortHandler)
	})
	guarded := newGuard(t, newEngine(t)).Wrap(handler)
	func() {
		defer func() { _ = recover() }()
		post(guarded, key, "")
	}()
	handler.ran(t, 1)
}

// TestWrappedEOFIsNotTheEndOfTheRequest: an incomplete body is not the request.
func TestWrappedEOFIsNotTheEndOfTheRequest(t *testing.T) {
	handler := count(ok)
	guarded := newGuard(t, newEngine(t), httpmw.WithMaxRequest(1<<10)).Wrap(handler)
	request := newRequest(key, "")
	request.Body, request.ContentLength = io.NopCloser(oddEnd{strings.NewReader("half")}), -1
	if got := do(guarded, request); got.status != http.StatusBadRequest {
		t.Errorf("got %+v", got)
	}
	handler.ran(t, 0)
}
