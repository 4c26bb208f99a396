package idemconnect_test

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

// lossyServer is a guarded ledger that loses 30 % of its replies.
type lossyServer struct {
	url           string
	replies, lost atomic.Int64
	client        *http.Client
}

// loses decides by the order in which calls come, which is another one in each run.
func (s *lossyServer) loses() bool {
	if s.replies.Add(1)*7%10 >= 3 {
		return false
	}
	s.lost.Add(1)
	return true
}

// breaking is a way to lose a reply after the handler ran.
type breaking func(http.ResponseWriter, *http.Request)

// startLossy starts a server over HTTP/1.1 or HTTP/2.
func startLossy(t *testing.T, l *ledger, http2 bool, lose breaking) *lossyServer {
	t.Helper()
	s := new(lossyServer)
	_, guarded := paymentsv1connect.NewPaymentServiceHandler(&service{create: l.create}, connect.WithInterceptors(newGuard(t, newEngine(t, waiting))))
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetUnencryptedHTTP2(http2)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + listener.Addr().String()
	server := &http.Server{Protocols: protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.loses() {
			guarded.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(unsent{w, http.Header{}}, r)
		lose(w, r)
	})}
	go func() { _ = server.Serve(listener) }()
	transport := &http.Transport{Protocols: protocols, MaxIdleConnsPerHost: 16}
	s.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return s
}

// unsent is the answer of a handler that no client gets.
type unsent struct {
	http.ResponseWriter

	header http.Header
}

func (u unsent) Header() http.Header            { return u.header }
func (unsent) Write(answer []byte) (int, error) { return len(answer), nil }
func (unsent) WriteHeader(int)                  {}
func (unsent) Flush()                           {}

// The ways to lose a reply: net/http closes the connection, or resets the stream, of
// a handler that panics.
func abort(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// cut breaks off within the body.
func cut(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	if !strings.Contains(r.Header.Get("Content-Type"), "grpc") {
		w.Header().Set("Content-Length", "100")
	}
	_, _ = w.Write([]byte{0, 0, 0})
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// reset closes the connection with RST.
func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// TestLostReplies: 30 % of the replies are lost after the server acted. Every payment
// succeeds, and is made once.
func TestLostReplies(t *testing.T) {
	payments := 2000
	if testing.Short() {
		payments = 200
	}
	hedging := idemconnect.WithHedging(2 * time.Millisecond)
	for name, test := range map[string]struct {
		payments int
		http2    bool
		lose     breaking
		protocol string
		options  []idemconnect.ClientOption
	}{
		"connect, connections":              {payments, false, abort, "connect proto", nil},
		"connect, streams":                  {payments, true, abort, "connect proto", nil},
		"connect, resets":                   {payments / 4, false, reset, "connect json", nil},
		"connect, cut answers":              {payments / 4, false, cut, "connect proto", nil},
		"connect, cut streams":              {payments / 4, true, cut, "connect proto", nil},
		"grpc, streams":                     {payments, true, abort, "grpc", nil},
		"grpc, cut streams":                 {payments / 4, true, cut, "grpc", nil},
		"grpc-web, connections":             {payments / 4, false, abort, "grpc-web", nil},
		"grpc-web, cut answers":             {payments / 4, false, cut, "grpc-web", nil},
		"connect, connections with hedging": {payments / 4, false, abort, "connect proto", []idemconnect.ClientOption{hedging}},
		"grpc, streams with hedging":        {payments / 4, true, abort, "grpc", []idemconnect.ClientOption{hedging}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger()
			server := startLossy(t, l, test.http2, test.lose)
			interceptor := newClientInterceptor(t, append(test.options, idemconnect.WithMaxAttempts(100),
				idemconnect.WithRetryBudget(float64(20*payments), 1), idemconnect.WithBackoff(time.Millisecond, 2*time.Millisecond))...)
			payAll(t, paymentsv1connect.NewPaymentServiceClient(server.client, server.url,
				append(slices.Clone(protocols[test.protocol]), connect.WithInterceptors(interceptor))...), test.payments, 16)
			l.balances(t, test.payments)
			if lost := server.lost.Load(); lost < int64(test.payments/5) {
				t.Errorf("only %d replies were lost", lost)
			}
		})
	}
}

// A caller whose context ends gets its own error, not that of a broken connection.
func TestEndOfTheContextIsNoBrokenConnection(t *testing.T) {
	started := make(chan struct{}, 10)
	service := &service{create: func(ctx context.Context, _ *createRequest) (*createResponse, error) {
		started <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	client := payments(t, service, newEngine(t)).newClient(connect.WithInterceptors(newClientInterceptor(t)))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-started
		cancel()
	}()
	if _, err := client.CreatePayment(ctx, connect.NewRequest(new(paymentsv1.CreatePaymentRequest))); connect.CodeOf(err) != connect.CodeCanceled {
		t.Errorf("got %v", err)
	}
	if runs := service.runs.Load(); runs != 1 {
		t.Errorf("%d runs", runs)
	}
}
