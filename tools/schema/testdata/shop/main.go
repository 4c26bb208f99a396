// Command shop serves the schema beside it, calls it, and prints what it got. Its only code for
// idempotency is the interceptor: the schema says the rest.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"

	shopv1 "example.com/shop/gen/shop/v1"
)

type shop struct {
	shopv1.UnimplementedShopServiceServer
	orders int
}

func (s *shop) CreateOrder(context.Context, *shopv1.CreateOrderRequest) (*shopv1.Order, error) {
	s.orders++
	return &shopv1.Order{Id: fmt.Sprint(s.orders)}, nil
}

func (s *shop) GetOrder(_ context.Context, request *shopv1.GetOrderRequest) (*shopv1.Order, error) {
	return &shopv1.Order{Id: request.GetId()}, nil
}

func main() {
	address := serve()
	conn := must(grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials())))
	client := shopv1.NewShopServiceClient(conn)
	keyed := metadata.AppendToOutgoingContext(context.Background(), "idempotency-key", "k")

	_, err := client.CreateOrder(context.Background(), &shopv1.CreateOrderRequest{Article: "tea"})
	fmt.Println("no key:", status.Code(err))
	for _, trace := range []string{"a", "b"} {
		order, err := client.CreateOrder(keyed, &shopv1.CreateOrderRequest{Article: "tea", TraceId: trace})
		fmt.Println("key, trace", trace+":", order.GetId(), status.Code(err))
	}
	_, err = client.CreateOrder(keyed, &shopv1.CreateOrderRequest{Article: "rum"})
	fmt.Println("other article:", status.Code(err))
	_, err = client.GetOrder(context.Background(), &shopv1.GetOrderRequest{Id: "1"})
	fmt.Println("get:", status.Code(err))

	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
	if err := shopv1.RegisterShopServiceHandler(context.Background(), mux, conn); err != nil {
		log.Fatal(err)
	}
	for _, key := range []string{"", "k"} {
		request := httptest.NewRequest(http.MethodPost, "/v1/orders", strings.NewReader(`{"article":"tea","traceId":"c"}`))
		if key != "" {
			request.Header.Set("Idempotency-Key", key)
		}
		recorder := httptest.NewRecorder()
		mux.ServeHTTP(recorder, request)
		fmt.Printf("REST, key %q: %d %q\n", key, recorder.Code, recorder.Header().Get("Idempotent-Replayed"))
	}
}

// serve starts the server and returns its address. It ends with the program.
func serve() string {
	engine := must(idempotency.New(memstore.New()))
	guard := must(idemgrpc.NewInterceptor(engine))
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(guard.Unary))
	shopv1.RegisterShopServiceServer(server, new(shop))
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	go func() { log.Fatal(server.Serve(listener)) }()
	return listener.Addr().String()
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
