package httpmw_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/oncewire/idempotency/httpmw"
)

func TestInterimAnswers(t *testing.T) {
	handler := count(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("X-Final", "yes")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "done")
	})
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			handler.Store(0)
			server := start(t, newGuard(t, newEngine(t)).Wrap(handler))
			for _, replayed := range []bool{false, true} {
				var interim []int
				trace := &httptrace.ClientTrace{Got1xxResponse: func(status int, _ textproto.MIMEHeader) error {
					interim = append(interim, status)
					return nil
				}}
				request := server.request(key, http.NoBody)
				got := server.send(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
				got.is(t, http.StatusCreated, "done", replayed)
				if got.header.Get("X-Final") != "yes" || slices.Contains(interim, http.StatusEarlyHints) == replayed {
					t.Errorf("got %v after %v", got.header, interim)
				}
			}
			handler.ran(t, 1)
		})
	}
}

// A client that hangs up must not make the handler run twice.
func TestClientHangsUp(t *testing.T) {
	long := strings.Repeat("x", 1<<19)
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			begun := make(chan struct{}, 1)
			var failed, finished atomic.Bool
			handler := count(func(w http.ResponseWriter, r *http.Request) {
				begun <- struct{}{}
				<-r.Context().Done()
				for rest := long; rest != ""; rest = rest[1<<10:] {
					if _, err := io.WriteString(w, rest[:1<<10]); err != nil {
						failed.Store(true)
					}
				}
				finished.Store(true)
			})
			server := start(t, newGuard(t, newEngine(t)).Wrap(handler))
			ctx, hangUp := context.WithCancel(t.Context())
			go func() {
				<-begun
				hangUp()
			}()
			if response, err := server.Client().Do(server.request(key, strings.NewReader("{}")).WithContext(ctx)); err == nil {
				response.Body.Close()
				t.Fatal("the client was answered")
			}
			soon(t, "the handler has finished", finished.Load)
			server.again(key, "{}").is(t, http.StatusOK, long, true)
			if failed.Load() {
				t.Error("the handler saw that its client had hung up")
			}
			handler.ran(t, 1)
		})
	}
}

// brokenWriter fails every write of a body.
type brokenWriter struct {
	http.ResponseWriter

	err    error
	writes int
}

func (w *brokenWriter) Write([]byte) (int, error) { w.writes++; return 0, w.err }

func TestWriteErrors(t *testing.T) {
	errBroken := errors.New("broken pipe")
	tests := map[string]struct {
		err      error
		limit    int64
		declared string
		want     error // that the handler sees at the second write
		writes   int   // that reach the transport
	}{
		"transport, recorded":     {errBroken, 8, "", nil, 1},
		"transport, too large":    {errBroken, 2, "", errBroken, 1},
		"transport, not recorded": {errBroken, 2, "8", errBroken, 2},
		"body not allowed":        {http.ErrBodyNotAllowed, 8, "", http.ErrBodyNotAllowed, 2},
		"longer than announced":   {http.ErrContentLength, 8, "", http.ErrContentLength, 2},
		"longer, without a name":  {errBroken, 8, "3", errBroken, 2},
	}
	writes := map[string]func(io.Writer) (int, error){
		"Write":       func(w io.Writer) (int, error) { return w.Write([]byte("done")) },
		"WriteString": func(w io.Writer) (int, error) { return io.WriteString(w, "done") },
		"ReadFrom": func(w io.Writer) (int, error) {
			n, err := io.Copy(w, onlyReader("done"))
			return int(n), err
		},
	}
	for name, test := range tests {
		for method, write := range writes {
			t.Run(name+"/"+method, func(t *testing.T) {
				w := &brokenWriter{httptest.NewRecorder(), test.err, 0}
				newGuard(t, newEngine(t), httpmw.WithMaxResponse(test.limit)).
					Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
						if test.declared != "" {
							w.Header().Set("Content-Length", test.declared)
						}
						_, _ = write(w)
						n, err := write(w)
						if !errors.Is(err, test.want) || err == nil && n != 4 || err != nil && n != 0 {
							t.Errorf("got %d, %v, want %v", n, err, test.want)
						}
					})).ServeHTTP(w, newRequest(key, ""))
				if w.writes != test.writes {
					t.Errorf("%d writes reached the transport, want %d", w.writes, test.writes)
				}
			})
		}
	}
}

func TestReadFrom(t *testing.T) {
	long := strings.Repeat("0123456789", 10_000)
	tests := map[string]http.HandlerFunc{
		"io.Copy":       func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, onlyReader(long)) },
		"serve content": func(w http.ResponseWriter, r *http.Request) { serveContent(w, r, long) },
		"empty, then another status": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, onlyReader(""))
			w.WriteHeader(http.StatusAccepted)
		},
		"reader fails": func(w http.ResponseWriter, _ *http.Request) {
			n, err := io.Copy(w, io.MultiReader(strings.NewReader("half"), brokenReader{}))
			if n != 4 || !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("got %d, %v", n, err)
			}
		},
	}
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					bare := start(t, test).post(key, "")
					server := start(t, newGuard(t, newEngine(t)).Wrap(test))
					server.post(key, "").is(t, bare.status, bare.body, false)
					server.again(key, "").is(t, bare.status, bare.body, true)
				})
			}
		})
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// sendfiler records that the server's own ReadFrom was used.
type sendfiler struct {
	http.ResponseWriter

	received bytes.Buffer
}

func (w *sendfiler) ReadFrom(source io.Reader) (int64, error) { return w.received.ReadFrom(source) }

func TestReadFromReachesTheServer(t *testing.T) {
	w := &sendfiler{ResponseWriter: httptest.NewRecorder()}
	newGuard(t, newEngine(t), httpmw.WithMaxResponse(2)).
		Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serveContent(w, r, "done") })).
		ServeHTTP(w, newRequest(key, ""))
	if w.received.String() != "done" {
		t.Fatalf("received %q", w.received.String())
	}
}
