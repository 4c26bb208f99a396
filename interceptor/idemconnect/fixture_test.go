package idemconnect_test

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"
	"go.uber.org/goleak"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	keyField = "Idempotency-Key"
	marker   = "Idempotent-Replayed"
)

type (
	createRequest  = connect.Request[paymentsv1.CreatePaymentRequest]
	createResponse = connect.Response[paymentsv1.Payment]
)

// service answers by the function of the test, and counts its runs.
type service struct {
	paymentsv1connect.UnimplementedPaymentServiceHandler

	runs   atomic.Int64
	create func(context.Context, *createRequest) (*createResponse, error)
}

func (s *service) CreatePayment(ctx context.Context, request *createRequest) (*createResponse, error) {
	run := s.runs.Add(1)
	if s.create != nil {
		return s.create(ctx, request)
	}
	return connect.NewResponse(&paymentsv1.Payment{Id: "pay_" + strconv.FormatInt(run, 10), Amount: request.Msg.GetAmount()}), nil
}

func (s *service) GetPayment(context.Context, *connect.Request[paymentsv1.GetPaymentRequest]) (*createResponse, error) {
	return connect.NewResponse(&paymentsv1.Payment{Id: "pay_" + strconv.FormatInt(s.runs.Add(1), 10)}), nil
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

// server is a connect-go server on the loopback interface.
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

func newGuard(t testing.TB, engine *idempotency.Engine, options ...idemconnect.Option) connect.Interceptor {
	t.Helper()
	guard, err := idemconnect.NewInterceptor(engine, options...)
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

// payments serves the service behind the guard.
func payments(t *testing.T, service *service, engine *idempotency.Engine, options ...idemconnect.Option) server {
	t.Helper()
	return serveWith(t, service, newGuard(t, engine, options...))
}

func serveWith(t *testing.T, service *service, interceptors ...connect.Interceptor) server {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(paymentsv1connect.NewPaymentServiceHandler(service, connect.WithInterceptors(interceptors...)))
	return serve(t, mux)
}

// protocols are the protocols and codecs of a connect-go server.
var protocols = map[string][]connect.ClientOption{
	"connect proto":   nil,
	"connect json":    {connect.WithProtoJSON()},
	"grpc":            {connect.WithGRPC()},
	"grpc json":       {connect.WithGRPC(), connect.WithProtoJSON()},
	"grpc-web":        {connect.WithGRPCWeb()},
	"grpc-web json":   {connect.WithGRPCWeb(), connect.WithProtoJSON()},
	"grpc-web gzip":   {connect.WithGRPCWeb(), connect.WithSendGzip()},
	"connect gzipped": {connect.WithSendGzip()},
}

// keyOf returns a key for the name of a protocol.
func keyOf(protocol string) string { return strings.ReplaceAll(protocol, " ", "-") }

func (s server) newClient(options ...connect.ClientOption) paymentsv1connect.PaymentServiceClient {
	return paymentsv1connect.NewPaymentServiceClient(s.client, s.url, options...)
}

func create(client paymentsv1connect.PaymentServiceClient, key string, message *paymentsv1.CreatePaymentRequest) (*createResponse, error) {
	if message == nil {
		message = new(paymentsv1.CreatePaymentRequest)
	}
	request := connect.NewRequest(message)
	request.Header().Set(keyField, key)
	return client.CreatePayment(context.Background(), request)
}
