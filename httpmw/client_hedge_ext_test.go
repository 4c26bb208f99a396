package httpmw_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

// backends are two servers over one store. The connections of their client go to
// one and the other in turn.
type backends struct {
	servers   [2]*http.Server
	listeners [2]pipeListener
	engines   [2]*idempotency.Engine
	dialed    int
}

// startBackends starts servers within a bubble, which wait so long before they
// handle a request.
func startBackends(t *testing.T, l *ledger, delays [2]time.Duration) *backends {
	t.Helper()
	store, b := memstore.New(), new(backends)
	for i, delay := range delays {
		b.engines[i] = engineOn(t, store, waiting)
		guarded := newGuard(t, b.engines[i]).Wrap(l)
		b.listeners[i] = newPipeListener()
		b.servers[i] = &http.Server{ErrorLog: silent, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(delay)
			guarded.ServeHTTP(w, r)
		})}
		go b.servers[i].Serve(b.listeners[i])
	}
	return b
}

func (b *backends) transport() *http.Transport {
	return &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		b.dialed++
		return b.listeners[b.dialed%2].dial(), nil
	}}
}

// Close waits for what the servers still do.
func (b *backends) Close() {
	for i, server := range b.servers {
		_ = server.Shutdown(context.Background())
		_ = b.engines[i].Close(context.Background())
	}
}

// pipeListener accepts connections in memory: a bubble has no network.
type pipeListener struct{ conns chan net.Conn }

func newPipeListener() pipeListener { return pipeListener{make(chan net.Conn)} }

func (l pipeListener) dial() net.Conn {
	client, server := net.Pipe()
	l.conns <- server
	return client
}

func (l pipeListener) Accept() (net.Conn, error) {
	conn, open := <-l.conns
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (l pipeListener) Close() error {
	close(l.conns)
	return nil
}

func (pipeListener) Addr() net.Addr { return &net.UnixAddr{} }

func percentile99(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)*99/100]
}

// TestHedgingAgainstASlowBackend: every other request meets a backend that takes
// 1 s instead of 10 ms.
func TestHedgingAgainstASlowBackend(t *testing.T) {
	const payments = 400
	measure := func(options ...httpmw.ClientOption) (p99 time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			l := newLedger()
			servers := startBackends(t, l, [2]time.Duration{10 * time.Millisecond, time.Second})
			client := &http.Client{Transport: newTransport(t, servers.transport(), options...)}
			p99 = percentile99(payAll(t, client, "http://payments.test/", payments, 1))
			servers.Close()
			l.balances(t, payments)
		})
		return p99
	}
	plain, hedged := measure(), measure(httpmw.WithHedging(50*time.Millisecond))
	t.Logf("99th percentile: %v, hedged %v", plain, hedged)
	if hedged*3 > plain {
		t.Errorf("the 99th percentile is %v with hedging, and %v without", hedged, plain)
	}
}

// TestHedgedAnswerIsReadable until it is closed, however late: the losing try was
// cancelled, not the winning one.
func TestHedgedAnswerIsReadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var winner context.Context
		w := &wire{steps: []step{takes(time.Hour, done), func(r *http.Request) (*http.Response, error) {
			winner = r.Context()
			return done(r)
		}}}
		response, err := newTransport(t, w, httpmw.WithHedging(time.Second)).RoundTrip(newCall(t, "POST", ""))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		body, err := io.ReadAll(response.Body)
		if err != nil || string(body) != "done" || winner.Err() != nil {
			t.Errorf("read %q (%v), context %v", body, err, winner.Err())
		}
		if response.Body.Close(); winner.Err() == nil {
			t.Error("the context outlives the answer")
		}
		w.sent(t, 2)
	})
}

// TestWhatIsHedged: what can be sent again, but for upgrades.
func TestWhatIsHedged(t *testing.T) {
	tests := map[string]struct {
		method, key string
		header      string
		tries       int
	}{
		"POST":                 {method: "POST", tries: 2},
		"GET":                  {method: "GET", tries: 2},
		"PUT with a key":       {method: "PUT", key: "own", tries: 2},
		"PUT without one":      {method: "PUT", tries: 1},
		"an upgrade of a POST": {method: "POST", header: "Upgrade", tries: 1},
	}
	for name, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			t.Log(name)
			request := newCall(t, test.method, test.key)
			if test.header != "" {
				request.Header.Set(test.header, "h2c")
			}
			w := &wire{steps: []step{takes(time.Minute, done)}}
			w.gets(t, request, http.StatusCreated, test.tries, httpmw.WithHedging(time.Second))
		})
	}
}

// TestHedgedTriesShareNothingWithTheCaller, who may use its request again while the
// losing try still reads its own. The race detector sees the rest.
func TestHedgedTriesShareNothingWithTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := func(r *http.Request) {
			_ = r.Header.Get("Accept") + r.URL.Path
			_, _ = io.ReadAll(r.Body)
		}
		slow := func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			read(r)
			return nil, r.Context().Err()
		}
		tries := make(chan step, 2)
		tries <- slow
		tries <- done
		next := roundTripFunc(func(r *http.Request) (*http.Response, error) { return (<-tries)(r) })
		request := newCall(t, "POST", "own")
		body := strings.NewReader("five")
		request.Body = io.NopCloser(body)
		response, err := newTransport(t, next, httpmw.WithHedging(time.Second)).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		request.Header.Set("Accept", "text/plain")
		request.URL.Path = "/v1/refunds"
		body.Reset("six")
	})
}

// TestHedgedFailure: one backend is down and answers at once, the other is slow.
func TestHedgedFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{steps: []step{takes(2*time.Second, answers(503, "")), takes(time.Millisecond, fails(errReset)), done}}
		w.gets(t, newCall(t, "POST", ""), http.StatusCreated, 3, httpmw.WithHedging(time.Second))
	})
}
