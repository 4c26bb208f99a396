// Package interceptor_test tests the interceptors together: what one of them records,
// each of them replays.
package interceptor_test

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"
	connect2 "connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"
	"connectrpc.com/vanguard"
	"go.uber.org/goleak"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// maxResponse makes a message of so many bytes too large to keep.
const maxResponse = 10_000

// handling is what the handlers of all frameworks do. It is the same for all servers
// of a test.
type handling struct {
	runs atomic.Int64
	// run, if it is set, is invoked before the handler answers.
	run func()

	// noJSON says that the status has details of unknown types, which have no JSON: REST
	// answers Internal.
	noJSON bool

	message           *paymentsv1.Payment // or else
	status            *spb.Status
	headers, trailers map[string][]string
}

func (h *handling) begin() {
	h.runs.Add(1)
	if h.run != nil {
		h.run()
	}
}

// caller calls a server over a protocol.
type caller struct {
	name string
	call func(ctx context.Context, key string, request *paymentsv1.CreatePaymentRequest) answer
}

// start starts a server of each framework over one store, and returns a caller for
// each of its protocols and for the REST of each gateway in front of it.
func start(t *testing.T, h *handling) []caller {
	t.Helper()
	store := memstore.New()
	t.Cleanup(func() { _ = store.Close() })
	services := newConnect2(t, store, h)
	callers := append(connectCallers("connect 1", listen(t, newConnect1(t, store, h))),
		connectCallers("connect 2", listen(t, mounted(services)))...)
	inProcess := paymentsv1connect2.NewPaymentServiceClient(connect2.NewClient(connectinprocess.New(services)))
	grpcServer := listenGRPC(t, newGRPC(t, store, h))
	grpcGo := connectCallers("grpc-go", grpcServer)
	callers = append(callers, caller{"connect 2, in process", callConnect2(inProcess)}, grpcGo[2])
	if h.noJSON {
		return callers
	}
	return append(callers,
		caller{"Vanguard, connect 1", callREST(listen(t, newVanguard(t, newConnect1(t, store, h))))},
		caller{"Vanguard, connect 2", callREST(listen(t, newVanguard(t, mounted(services))))},
		caller{"Vanguard, grpc-go", callREST(listen(t, newVanguard(t, newGRPC(t, store, h),
			vanguard.WithTargetProtocols(vanguard.ProtocolGRPC), vanguard.WithTargetCodecs(vanguard.CodecProto))))},
		caller{"grpc-gateway", callREST(listen(t, newGateway(t, grpcServer)))})
}

func newEngine(t *testing.T, store backend.Store) *idempotency.Engine {
	t.Helper()
	engine, err := idempotency.New(store)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

func newConnect1(t *testing.T, store backend.Store, h *handling) http.Handler {
	t.Helper()
	guard, err := idemconnect.NewInterceptor(newEngine(t, store), idemconnect.WithMaxResponse(maxResponse))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(paymentsv1connect.NewPaymentServiceHandler(connectService{handling: h}, connect.WithInterceptors(guard)))
	return mux
}

func newConnect2(t *testing.T, store backend.Store, h *handling) *connect2.Server {
	t.Helper()
	guard, err := idemconnect2.NewServerInterceptor(newEngine(t, store), idemconnect2.WithMaxResponse(maxResponse))
	if err != nil {
		t.Fatal(err)
	}
	services := connect2.NewServer(guard)
	paymentsv1connect2.RegisterPaymentServiceHandler(services, connect2Service{handling: h})
	return services
}

func mounted(services *connect2.Server) http.Handler {
	mux := http.NewServeMux()
	connecthttp.Mount(mux, services)
	return mux
}

func newGRPC(t *testing.T, store backend.Store, h *handling) *grpc.Server {
	t.Helper()
	guard, err := idemgrpc.NewInterceptor(newEngine(t, store), idemgrpc.WithMaxResponse(maxResponse))
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(guard.Unary))
	paymentsv1.RegisterPaymentServiceServer(server, grpcService{handling: h})
	return server
}

// server is a server on the loopback interface, and a client with HTTP/2 to it.
type server struct {
	url    string
	client *http.Client
}

func listen(t *testing.T, handler http.Handler) server {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	httpServer := &http.Server{Handler: handler, Protocols: protocols}
	return serve(t, httpServer.Serve, func() { _ = httpServer.Close() })
}

func listenGRPC(t *testing.T, grpcServer *grpc.Server) server {
	t.Helper()
	return serve(t, grpcServer.Serve, grpcServer.Stop)
}

func serve(t *testing.T, on func(net.Listener) error, stop func()) server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = on(listener) }()
	only2 := new(http.Protocols)
	only2.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: only2}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
	})
	return server{url: "http://" + listener.Addr().String(), client: &http.Client{Transport: transport}}
}
