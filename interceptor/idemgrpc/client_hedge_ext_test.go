package idemgrpc_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// startBackends starts two servers over one store, and returns a connection whose
// calls go to one and the other in turn. Both wait before they handle a call.
func startBackends(tb testing.TB, l *ledger, wait func(ctx context.Context, backend int), client *idemgrpc.ClientInterceptor) *grpc.ClientConn {
	tb.Helper()
	store := memstore.New()
	addresses := make([]resolver.Address, 2)
	for i := range addresses {
		engine, err := idempotency.New(store, waiting)
		if err != nil {
			tb.Fatal(err)
		}
		slow := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			wait(ctx, i)
			return handler(ctx, request)
		}
		server := grpc.NewServer(grpc.ChainUnaryInterceptor(slow, newGuard(tb, engine).Unary))
		paymentsv1.RegisterPaymentServiceServer(server, &service{create: l.create})
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		addresses[i].Addr = listener.Addr().String()
		go func() { _ = server.Serve(listener) }()
		tb.Cleanup(func() {
			server.GracefulStop()
			_ = engine.Close(context.Background())
		})
	}
	names := manual.NewBuilderWithScheme("backends")
	names.InitialState(resolver.State{Addresses: addresses})
	conn, err := grpc.NewClient("backends:///", grpc.WithResolvers(names), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(client.Unary), grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestHedgingAgainstAHangingBackend: the server that gets the first try of a payment
// never answers, and may run it late. Every payment succeeds, and is made once.
func TestHedgingAgainstAHangingBackend(t *testing.T) {
	var seen sync.Map
	l := newLedger()
	hang := func(ctx context.Context, _ int) {
		if _, again := seen.LoadOrStore(metadata.ValueFromIncomingContext(ctx, keyField)[0], true); !again {
			<-ctx.Done()
		}
	}
	conn := startBackends(t, l, hang, newClient(t, idemgrpc.WithHedging(2*time.Millisecond), idemgrpc.WithMaxAttempts(100)))
	payAll(t, []*grpc.ClientConn{conn}, 100)
	l.balances(t, 100)
}

// TestHedgedTriesAreOneEffect: the second try finds the first one in progress, and
// gets its answer.
func TestHedgedTriesAreOneEffect(t *testing.T) {
	second, l := make(chan struct{}), newLedger()
	service := &service{create: func(ctx context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		<-second
		return l.create(ctx, request)
	}}
	tries := make(chan struct{}, 100)
	count := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if tries <- struct{}{}; len(tries) == 2 {
			close(second)
		}
		return handler(ctx, request)
	}
	conn := dial(t, service, []grpc.ServerOption{grpc.ChainUnaryInterceptor(count, newGuard(t, newEngine(t, waiting)).Unary)},
		grpc.WithUnaryInterceptor(newClient(t, idemgrpc.WithHedging(time.Millisecond)).Unary))
	payAll(t, []*grpc.ClientConn{conn}, 1)
	if l.balances(t, 1); len(tries) != 2 {
		t.Errorf("sent %d times", len(tries))
	}
}

// TestHedgedTriesShareNoMemory with the caller, who uses its own again while the
// losing try goes on. The race detector sees the rest.
func TestHedgedTriesShareNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := make(chan string, 2)
		tries <- "loser"
		tries <- "winner"
		invoke := func(ctx context.Context, _ string, request, reply any, _ *grpc.ClientConn, options ...grpc.CallOption) error {
			name := <-tries
			if name == "loser" {
				<-ctx.Done()
			}
			write(options, name)
			payment, _ := reply.(*paymentsv1.Payment)
			payment.Id = name
			sent, _ := request.(*paymentsv1.CreatePaymentRequest)
			sent.Customer += name
			return nil
		}
		var header, trailer metadata.MD
		var from peer.Peer
		finished := 0
		request, reply := &paymentsv1.CreatePaymentRequest{Customer: "ada"}, &paymentsv1.Payment{Id: "old", Amount: 1}
		err := newClient(t, idemgrpc.WithHedging(time.Second)).Unary(t.Context(), createMethod, request, reply, nil, invoke,
			grpc.Header(&header), grpc.Trailer(&trailer), grpc.Peer(&from), grpc.OnFinish(func(error) { finished++ }))
		if err != nil || !proto.Equal(reply, &paymentsv1.Payment{Id: "winner"}) || request.GetCustomer() != "ada" {
			t.Errorf("got %v, %v, request %v", reply, err, request)
		}
		if header.Get("from")[0] != "winner" || trailer.Get("from")[0] != "winner" || from.Addr.String() != "winner" || finished != 1 {
			t.Errorf("got header %v, trailer %v, peer %v, finished %d times", header, trailer, from, finished)
		}
		header, trailer, from, reply.Id, request.Customer = nil, nil, peer.Peer{}, "", "grace"
		synctest.Wait()
		if header != nil || trailer != nil || from.Addr != nil || reply.GetId() != "" || request.GetCustomer() != "grace" {
			t.Error("the losing try wrote to the caller's memory")
		}
	})
}

// write writes where the options point to, as grpc-go does at the end of a call.
func write(options []grpc.CallOption, from string) {
	for _, option := range options {
		switch option := option.(type) {
		case grpc.HeaderCallOption:
			*option.HeaderAddr = metadata.Pairs("from", from)
		case grpc.TrailerCallOption:
			*option.TrailerAddr = metadata.Pairs("from", from)
		case grpc.PeerCallOption:
			option.PeerAddr.Addr = named(from)
		}
	}
}

type named string

func (named) Network() string  { return "test" }
func (n named) String() string { return string(n) }

// TestWhatIsHedged: calls that have a key, and protobuf messages.
func TestWhatIsHedged(t *testing.T) {
	for method, tries := range map[string]int{createMethod: 2, getMethod: 1} {
		inBubble(t, method, func(t *testing.T) {
			w := &wire{steps: []step{takes(time.Minute, done)}}
			w.gets(t, method, codes.OK, tries, idemgrpc.WithHedging(time.Second))
		})
	}
	inBubble(t, "another codec", func(t *testing.T) {
		sends := 0
		invoke := func(_ context.Context, _ string, _, reply any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
			time.Sleep(time.Minute)
			frame, _ := reply.(*[]byte)
			*frame = append(*frame, 'x')
			sends++
			return nil
		}
		var reply []byte
		err := newClient(t, idemgrpc.WithHedging(time.Second)).Unary(t.Context(), createMethod, []byte("x"), &reply, nil, invoke)
		if err != nil || string(reply) != "x" || sends != 1 {
			t.Errorf("got %q, %v, sent %d times", reply, err, sends)
		}
	})
}

// TestHedgedFailure: one backend is down and answers at once, the other is slow.
func TestHedgedFailure(t *testing.T) {
	inBubble(t, "failure", func(t *testing.T) {
		w := &wire{steps: []step{takes(2*time.Second, fails(codes.Unavailable)), fails(codes.Unavailable), fails(codes.NotFound)}}
		reply, err := w.call(t.Context(), newClient(t, idemgrpc.WithHedging(time.Second)), createMethod)
		if status.Code(err) != codes.NotFound || reply.GetId() != "" {
			t.Errorf("got %v, %v", reply, err)
		}
		w.sent(t, 3)
	})
}
