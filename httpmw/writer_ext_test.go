package httpmw_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

type (
	plain      struct{ http.ResponseWriter }
	canFlush   struct{}
	canHijack  struct{}
	canPush    struct{}
	everything struct {
		plain
		canFlush
		canHijack
		canPush
	}
)

var errAsked = errors.New("asked")

func (canFlush) Flush() {}

func (canHijack) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, errAsked }

func (canPush) Push(string, *http.PushOptions) error { return errAsked }

func TestAbilitiesOfTheServer(t *testing.T) {
	w := plain{httptest.NewRecorder()}
	tests := []struct {
		w                   http.ResponseWriter
		flush, hijack, push bool
	}{
		{w, false, false, false},
		{struct {
			plain
			canFlush
		}{plain: w}, true, false, false},
		{struct {
			plain
			canHijack
		}{plain: w}, false, true, false},
		{struct {
			plain
			canPush
		}{plain: w}, false, false, true},
		{struct {
			plain
			canFlush
			canHijack
		}{plain: w}, true, true, false},
		{struct {
			plain
			canFlush
			canPush
		}{plain: w}, true, false, true},
		{struct {
			plain
			canHijack
			canPush
		}{plain: w}, false, true, true},
		{everything{plain: w}, true, true, true},
	}
	for _, test := range tests {
		handler := count(func(w http.ResponseWriter, _ *http.Request) {
			flusher, flush := w.(http.Flusher)
			hijacker, hijack := w.(http.Hijacker)
			pusher, push := w.(http.Pusher)
			if flush != test.flush || hijack != test.hijack || push != test.push {
				t.Errorf("%T: got %t, %t, %t", test.w, flush, hijack, push)
			}
			if flush {
				flusher.Flush()
			}
			if hijack {
				if _, _, err := hijacker.Hijack(); !errors.Is(err, errAsked) {
					t.Errorf("got %v", err)
				}
			}
			if push {
				if err := pusher.Push("/", nil); !errors.Is(err, errAsked) {
					t.Errorf("got %v", err)
				}
			}
		})
		guarded := newGuard(t, newEngine(t)).Wrap(handler)
		guarded.ServeHTTP(test.w, newRequest(key, ""))
		handler.ran(t, 1)
		post(guarded, key, "").is(t, http.StatusOK, "", true)
	}
}

// A call of an ability that the server does not have does not change the record.
func TestUnsupported(t *testing.T) {
	guarded := newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		control := http.NewResponseController(w)
		if err := control.Flush(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("got %v", err)
		}
		if _, _, err := control.Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("got %v", err)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	guarded.ServeHTTP(plain{httptest.NewRecorder()}, newRequest(key, ""))
	post(guarded, key, "").is(t, http.StatusAccepted, "", true)
}

func TestDeadlinesReachTheServer(t *testing.T) {
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			server := start(t, newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				control := http.NewResponseController(w)
				if err := errors.Join(control.SetWriteDeadline(time.Now().Add(time.Hour)), control.EnableFullDuplex()); err != nil {
					t.Error(err)
				}
				ok(w, nil)
			})))
			server.post(key, "").is(t, http.StatusOK, "done", false)
		})
	}
}

// A handler that streams gets the server's errors, also that of a deadline.
func TestStreamSeesErrors(t *testing.T) {
	server := startHTTP1(t, newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		control := http.NewResponseController(w)
		_ = control.Flush()
		_ = control.SetWriteDeadline(time.Now().Add(-time.Second))
		_, _ = io.WriteString(w, "late")
		if err := control.Flush(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})))
	server.post(key, "")
}
