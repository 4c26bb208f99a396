package httpmw_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/oncewire/idempotency/httpmw"
)

// TestBodyThatCannotBeReadAgainIsSentOnce, with a key.
func TestBodyThatCannotBeReadAgainIsSentOnce(t *testing.T) {
	for name, options := range modes {
		t.Run(name, func(t *testing.T) {
			w := &wire{steps: []step{answers(503, "")}}
			request := newCall(t, "POST", "")
			request.Body, request.GetBody = io.NopCloser(strings.NewReader("stream")), nil
			w.gets(t, request, http.StatusServiceUnavailable, 1, options...)
			if w.bodies[0] != "stream" || w.keys[0] == "" {
				t.Errorf("sent %q with key %q", w.bodies[0], w.keys[0])
			}
		})
	}
}

// modes are the two ways in which a request is sent.
var modes = map[string][]httpmw.ClientOption{
	"one try at a time": nil,
	"hedging":           {httpmw.WithHedging(httpmw.DefaultMaxBackoff)},
}

func TestRequestWithoutABodyIsSentAgain(t *testing.T) {
	for _, options := range modes {
		for _, body := range []io.ReadCloser{nil, http.NoBody} {
			synctest.Test(t, func(t *testing.T) {
				request := newCall(t, "POST", "")
				request.Body, request.GetBody = body, nil
				(&wire{steps: []step{answers(503, ""), done}}).gets(t, request, http.StatusCreated, 2, options...)
			})
		}
	}
}

// TestRequestBodiesAreClosed, the caller's and those of GetBody.
func TestRequestBodiesAreClosed(t *testing.T) {
	for name, options := range modes {
		synctest.Test(t, func(t *testing.T) {
			open := 0
			body := func() (io.ReadCloser, error) {
				open++
				return &watchedBody{Reader: strings.NewReader("five"), closed: func() { open-- }}, nil
			}
			request := newCall(t, "POST", "")
			request.Body, _ = body()
			request.GetBody = body
			(&wire{steps: []step{answers(503, ""), fails(errReset), done}}).gets(t, request, http.StatusCreated, 3, options...)
			if open != 0 {
				t.Errorf("%s: %d bodies are open", name, open)
			}
		})
	}
}

func TestBodyThatFailsToBeReadAgain(t *testing.T) {
	for _, options := range modes {
		synctest.Test(t, func(t *testing.T) {
			w := &wire{steps: []step{answers(503, "")}}
			request, errGone := newCall(t, "POST", ""), errors.New("file is gone")
			request.GetBody = func() (io.ReadCloser, error) { return nil, errGone }
			if _, err := w.exchange(t, request, options...); !errors.Is(err, errGone) {
				t.Errorf("got error %v", err)
			}
			soon(t, "all bodies of answers are closed", func() bool { return w.open.Load() == 0 })
		})
	}
}

// TestReturnedAnswerIsReadable in full, after it was read for its refusal, whether
// it was one or not.
func TestReturnedAnswerIsReadable(t *testing.T) {
	long := `{"reason":"IN_PROGRESS","next":"` + strings.Repeat("x", 100_000) + `"}`
	for _, options := range modes {
		for _, body := range []string{long, `{"reason":"KEY_REUSED","next":"use_new_key"}`, "no JSON", ""} {
			w := &wire{steps: []step{answers(422, body, "Content-Type", "application/problem+json")}}
			if got := w.gets(t, newCall(t, "POST", ""), http.StatusUnprocessableEntity, 1, options...); got.body != body {
				t.Errorf("read %d bytes, want %d", len(got.body), len(body))
			}
		}
	}
}

// TestDiscardedAnswerIsDrainedALittle, so that its connection can be used again
// without reading all that a server sends.
func TestDiscardedAnswerIsDrainedALittle(t *testing.T) {
	for size, want := range map[int]int{1 << 10: 1 << 10, 1 << 20: 4 << 10} {
		synctest.Test(t, func(t *testing.T) {
			rest := strings.NewReader(strings.Repeat("x", size))
			large := func(r *http.Request) (*http.Response, error) {
				response, err := answers(503, "")(r)
				response.Body = io.NopCloser(rest)
				return response, err
			}
			(&wire{steps: []step{large, done}}).gets(t, newCall(t, "POST", ""), http.StatusCreated, 2)
			if read := size - rest.Len(); read != want {
				t.Errorf("read %d of %d bytes, want %d", read, size, want)
			}
		})
	}
}
