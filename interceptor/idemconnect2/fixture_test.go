package idemconnect2_test

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"go.uber.org/goleak"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	paymentsv1connect "github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	keyField = "Idempotency-Key"
	marker   = "Idempotent-Replayed"
)

type createFunc = func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error)

// service answers by the function of the test, and counts its runs.
type service struct {
	paymentsv1connect.UnimplementedPaymentServiceHandler

	runs   atomic.Int64
	create createFunc
}

func (s *service) CreatePayment(ctx context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	run := s.runs.Add(1)
	if s.create != nil {
		return s.create(ctx, request)
	}
	return &paymentsv1.Payment{Id: "pay_" + strconv.FormatInt(run, 10), Amount: request.GetAmount()}, nil
}

func (s *service) GetPayment(context.Context, *paymentsv1.GetPaymentRequest) (*paymentsv1.Payment, error) {
	return &paymentsv1.Payment{Id: "pay_" + strconv.FormatInt(s.runs.Add(1), 10)}, nil
}

func newEngine(t testing.TB, options ...idempotency.Option) *idempotency.Engine {
	t.Helper()
	store := memstore.New()
	engine, err := idempotency.New(store, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
		_ = store.Close()
	})
	return engine
}

// server is a server on the loopback interface.
type server struct {
	url    string
	client *http.Client
}

func serve(t *testing.T, handler http.Handler) server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	httpServer := &http.Server{Handler: handler, Protocols: protocols}
	go func() { _ = httpServer.Serve(listener) }()
	only2 := new(http.Protocols)
	only2.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: only2}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = httpServer.Close()
	})
	return server{url: "http://" + listener.Addr().String(), client: &http.Client{Transport: transport}}
}

func newGuard(t testing.TB, engine *idempotency.Engine, options ...idemconnect2.Option) connect.ServerInterceptor {
	t.Helper()
	guard, err := idemconnect2.NewServerInterceptor(engine, options...)
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

// payments serves the service behind the guard.
func payments(t *testing.T, service *service, engine *idempotency.Engine, options ...idemconnect2.Option) server {
	t.Helper()
	return serveWith(t, service, newGuard(t, engine, options...))
}

func serveWith(t *testing.T, service *service, interceptors ...connect.ServerInterceptor) server {
	t.Helper()
	return serve(t, mounted(newServer(service, interceptors...)))
}

func newServer(service *service, interceptors ...connect.ServerInterceptor) *connect.Server {
	server := connect.NewServer(interceptors...)
	paymentsv1connect.RegisterPaymentServiceHandler(server, service)
	return server
}

func mounted(server *connect.Server, options ...connecthttp.Option) http.Handler {
	mux := http.NewServeMux()
	connecthttp.Mount(mux, server, options...)
	return mux
}

// protocols are the protocols and codecs of a connect-go server.
var protocols = map[string][]connecthttp.Option{
	"connect proto":   nil,
	"connect json":    {connecthttp.WithProtoJSON()},
	"grpc":            {connecthttp.WithGRPC()},
	"grpc json":       {connecthttp.WithGRPC(), connecthttp.WithProtoJSON()},
	"grpc-web":        {connecthttp.WithGRPCWeb()},
	"grpc-web json":   {connecthttp.WithGRPCWeb(), connecthttp.WithProtoJSON()},
	"grpc-web gzip":   {connecthttp.WithGRPCWeb(), connecthttp.WithSendGzip()},
	"connect gzipped": {connecthttp.WithSendGzip()},
}

// keyOf returns a key for the name of a protocol.
func keyOf(protocol string) string { return strings.ReplaceAll(protocol, " ", "-") }

func (s server) newClient(options ...connecthttp.Option) caller {
	return clientOf(s.client, s.url, options)
}

// intercepted returns a client with interceptors.
func (s server) intercepted(options []connecthttp.Option, interceptors ...connect.ClientInterceptor) caller {
	return clientOf(s.client, s.url, options, interceptors...)
}

func (s server) transport(options ...connecthttp.Option) connect.Transport {
	return connecthttp.NewTransport(s.client, s.url, options...)
}

func clientOf(client *http.Client, url string, options []connecthttp.Option, interceptors ...connect.ClientInterceptor) caller {
	return paymentsv1connect.NewPaymentServiceClient(connect.NewClient(connecthttp.NewTransport(client, url, options...), interceptors...))
}

// answer is what a client gets.
type answer struct {
	*paymentsv1.Payment

	info *connect.CallInfo
}

// marked reports whether the answer is marked as a replay, in its headers or trailers.
func (a answer) marked() bool { return idemconnect2.Replayed(a.info) }

// metadata has the headers and trailers together.
func (a answer) metadata() http.Header {
	metadata := http.Header{}
	for _, header := range []*connect.Header{a.info.ResponseHeader(), a.info.ResponseTrailer()} {
		for name, values := range header.All() {
			metadata[name] = append(slices.Clip(metadata[name]), values...)
		}
	}
	return metadata
}

type caller = paymentsv1connect.PaymentServiceClient

func create(client caller, key string, message *paymentsv1.CreatePaymentRequest) (answer, error) {
	if message == nil {
		message = new(paymentsv1.CreatePaymentRequest)
	}
	ctx, info := connect.NewClientContext(context.Background())
	info.RequestHeader().Set(keyField, key)
	payment, err := client.CreatePayment(ctx, message)
	return answer{payment, info}, err
}
