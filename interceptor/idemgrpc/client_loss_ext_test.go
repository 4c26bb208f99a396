package idemgrpc_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
	"github.com/oncewire/idempotency/internal/losstest"
)

// lossyServer is a guarded ledger that loses 30 % of its replies.
type lossyServer struct {
	losstest.Losses

	addr string

	mu    sync.Mutex
	conns map[string]net.Conn // by the address of the client
}

// startLossy starts a server that breaks connections, or else streams.
func startLossy(t *testing.T, l *ledger, streams bool) *lossyServer {
	t.Helper()
	s := &lossyServer{conns: map[string]net.Conn{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	interceptors := []grpc.UnaryServerInterceptor{newGuard(t, newEngine(t, waiting)).Unary}
	if !streams {
		interceptors = append([]grpc.UnaryServerInterceptor{s.breakConnections}, interceptors...)
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(interceptors...))
	paymentsv1.RegisterPaymentServiceServer(server, &service{create: l.create})
	if streams {
		s.serveHTTP(t, listener, server)
		return s
	}
	go func() { _ = server.Serve(tracked{listener, s}) }()
	t.Cleanup(server.Stop)
	return s
}

// breakConnections closes the connection when the guarded handler has run.
func (s *lossyServer) breakConnections(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	answer, err := handler(ctx, request)
	if from, ok := peer.FromContext(ctx); ok && s.Next() {
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = s.conns[from.Addr.String()].Close()
	}
	return answer, err
}

// serveHTTP serves by net/http, which resets the stream of a handler that panics.
func (s *lossyServer) serveHTTP(t *testing.T, listener net.Listener, handler http.Handler) {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Protocols: protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handler.ServeHTTP(w, r); s.Next() {
			panic(http.ErrAbortHandler)
		}
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
}

// tracked notes the connections that it accepts.
type tracked struct {
	net.Listener

	server *lossyServer
}

func (l tracked) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.server.mu.Lock()
	defer l.server.mu.Unlock()
	l.server.conns[conn.RemoteAddr().String()] = conn
	return conn, nil
}

// TestLostReplies: 30 % of the replies are lost after the server acted. Every payment
// succeeds, and is made once.
func TestLostReplies(t *testing.T) {
	payments := 2000
	if testing.Short() {
		payments = 200
	}
	hedging := idemgrpc.WithHedging(2 * time.Millisecond)
	t.Run("connections", func(t *testing.T) { loseReplies(t, payments, false) })
	t.Run("streams", func(t *testing.T) { loseReplies(t, payments, true) })
	t.Run("connections with hedging", func(t *testing.T) { loseReplies(t, payments/4, false, hedging) })
	t.Run("streams with hedging", func(t *testing.T) { loseReplies(t, payments/4, true, hedging) })
}

func loseReplies(t *testing.T, payments int, streams bool, options ...idemgrpc.ClientOption) {
	t.Helper()
	l := newLedger()
	server := startLossy(t, l, streams)
	client := newClient(t, append(options, idemgrpc.WithMaxAttempts(100), idemgrpc.WithRetryBudget(float64(20*payments), 1),
		idemgrpc.WithBackoff(time.Millisecond, 2*time.Millisecond))...)
	conns := make([]*grpc.ClientConn, 16) // a broken connection breaks the calls of one worker
	for i := range conns {
		conn, err := grpc.NewClient(server.addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUnaryInterceptor(client.Unary))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns[i] = conn
	}
	payAll(t, conns, payments)
	l.balances(t, payments)
	if lost := server.Lost(); lost < int64(payments/5) {
		t.Errorf("only %d replies were lost", lost)
	}
}
