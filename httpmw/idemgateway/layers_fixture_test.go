package idemgateway_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

// layer is a column of the table.
type layer struct {
	name          string
	service, edge bool // where a guard is
}

var layerColumns = []layer{{"service", true, false}, {"edge", false, true}, {"both", true, true}}

// layered is a gateway to a service, with guards as the column says.
type layered struct {
	rest rest
	rpc  paymentsv1.PaymentServiceClient
	stop func()
}

func (l layer) start(t *testing.T, service *payments, outer, inner *idempotency.Engine, around ...grpc.UnaryServerInterceptor) layered {
	t.Helper()
	if l.service {
		around = append(around, guardOf(t, inner))
	}
	listener, server := listen(t), grpc.NewServer(grpc.ChainUnaryInterceptor(around...))
	paymentsv1.RegisterPaymentServiceServer(server, service)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	pretty := &runtime.JSONPb{MarshalOptions: protojson.MarshalOptions{EmitUnpopulated: true, Multiline: true}}
	options := append(idemgateway.ServeMuxOptions(), runtime.WithMarshalerOption("application/pretty", pretty))
	var gateway http.Handler = newMux(t, listener.Addr().String(), options...)
	if l.edge {
		gateway = edge(t, outer).Wrap(gateway)
	}
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return layered{newREST(t, gateway), paymentsv1.NewPaymentServiceClient(conn), server.Stop}
}

// call sends the request of rest.post over gRPC.
func (l layered) call(t *testing.T, key string) (replayed bool) {
	t.Helper()
	var header metadata.MD
	ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", key)
	_, err := l.rpc.CreatePayment(ctx, &paymentsv1.CreatePaymentRequest{Amount: 1250, Currency: "EUR"}, grpc.Header(&header))
	if err != nil {
		t.Error(err)
	}
	return len(header.Get("idempotent-replayed")) > 0
}

// eachLayer runs a test for each column.
func eachLayer(t *testing.T, test func(*testing.T, layer)) {
	t.Helper()
	for _, column := range layerColumns {
		t.Run(column.name, func(t *testing.T) { test(t, column) })
	}
}

// loseOne loses the first answer between service and edge.
func loseOne() grpc.UnaryServerInterceptor {
	var lost atomic.Bool
	return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		answer, err := handler(ctx, request)
		if lost.CompareAndSwap(false, true) {
			return nil, status.Error(codes.Unavailable, "connection lost")
		}
		return answer, err
	}
}

// stepCounter counts the steps of a store.
type stepCounter struct {
	backend.Store

	steps atomic.Int32
}

func (s *stepCounter) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, error) {
	s.steps.Add(1)
	return s.Store.Claim(ctx, key, claim)
}

func (s *stepCounter) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	s.steps.Add(1)
	return s.Store.Complete(ctx, key, token, outcome)
}

func (s *stepCounter) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	s.steps.Add(1)
	return s.Store.Release(ctx, key, token)
}
