package idemgrpc_test

import (
	"context"
	"maps"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// The request of the first method has a field with the option (idempotency.v1.field).key,
// that of the second one a request_id.
const (
	bookMethod   = bookingsv1.BookingService_CreateBooking_FullMethodName
	cancelMethod = bookingsv1.BookingService_CancelBooking_FullMethodName
)

// keysOf returns the keys of a try: in the metadata, and in the message.
func keysOf(ctx context.Context, request any) (header []string, field string) {
	switch request := request.(type) {
	case *bookingsv1.CreateBookingRequest:
		field = request.GetBookingKey()
	case *bookingsv1.CancelBookingRequest:
		field = request.GetRequestId()
	}
	return metadata.ValueFromOutgoingContext(ctx, keyField), field
}

// TestKeyFieldOfTheMessage: every try has the same key in both places, and the
// caller's message stays as it is.
func TestKeyFieldOfTheMessage(t *testing.T) {
	named := func(ctx context.Context) context.Context { return idempotency.WithKey(ctx, "mine") }
	own := func(ctx context.Context) context.Context {
		return metadata.AppendToOutgoingContext(named(ctx), keyField, "k")
	}
	aip155, hedged := idemgrpc.WithRequestID(), idemgrpc.WithHedging(time.Second)
	for name, test := range map[string]struct {
		prepare       func(context.Context) context.Context
		method        string
		request       proto.Message
		options       []idemgrpc.ClientOption
		header, field string // "new" is any key
	}{
		"a new key":                  {same, bookMethod, new(bookingsv1.CreateBookingRequest), nil, "new", "new"},
		"a named key":                {named, bookMethod, new(bookingsv1.CreateBookingRequest), nil, "mine", "mine"},
		"the caller's in the field":  {named, bookMethod, &bookingsv1.CreateBookingRequest{BookingKey: "k"}, nil, "k", "k"},
		"the caller's in the header": {own, bookMethod, new(bookingsv1.CreateBookingRequest), nil, "k", "k"},
		"request_id":                 {same, cancelMethod, new(bookingsv1.CancelBookingRequest), []idemgrpc.ClientOption{aip155}, "new", "new"},
		"request_id of the caller":   {named, cancelMethod, &bookingsv1.CancelBookingRequest{RequestId: "k"}, []idemgrpc.ClientOption{aip155}, "k", "k"},
		"request_id without option":  {named, cancelMethod, &bookingsv1.CancelBookingRequest{RequestId: "trace"}, nil, "mine", "trace"},
		"hedging":                    {same, bookMethod, new(bookingsv1.CreateBookingRequest), []idemgrpc.ClientOption{hedged}, "new", "new"},
		"hedging, request_id":        {named, cancelMethod, new(bookingsv1.CancelBookingRequest), []idemgrpc.ClientOption{hedged, aip155}, "mine", "mine"},
	} {
		inBubble(t, name, func(t *testing.T) {
			original, headers, fields := proto.Clone(test.request), map[string]int{}, map[string]int{}
			var mu sync.Mutex
			invoke := func(ctx context.Context, _ string, request, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
				header, field := keysOf(ctx, request)
				mu.Lock()
				for _, key := range header {
					headers[key]++
				}
				fields[field]++
				try := fields[field]
				mu.Unlock()
				switch {
				case try == 3:
					return nil
				case try == 1 && strings.HasPrefix(name, "hedging"):
					<-ctx.Done() // the second try is sent meanwhile
				}
				return status.Error(codes.Unavailable, "connection lost")
			}
			reply := new(bookingsv1.CreateBookingResponse)
			if err := newClient(t, test.options...).Unary(test.prepare(t.Context()), test.method, test.request, reply, nil, invoke); err != nil {
				t.Error(err)
			}
			wantHeader, wantField := test.header, test.field
			for key := range headers {
				if wantHeader == "new" && len(key) == 36 {
					wantHeader, wantField = key, key
				}
			}
			if !maps.Equal(headers, map[string]int{wantHeader: 3}) || !maps.Equal(fields, map[string]int{wantField: 3}) {
				t.Errorf("headers %v, fields %v", headers, fields)
			}
			if !proto.Equal(test.request, original) {
				t.Errorf("the caller has %v", test.request)
			}
		})
	}
}

// bookings counts the runs of the handlers.
type bookings struct {
	bookingsv1.UnimplementedBookingServiceServer

	runs atomic.Int64
}

func (b *bookings) CreateBooking(context.Context, *bookingsv1.CreateBookingRequest) (*bookingsv1.CreateBookingResponse, error) {
	b.runs.Add(1)
	return &bookingsv1.CreateBookingResponse{Id: "b"}, nil
}

func (b *bookings) CancelBooking(context.Context, *bookingsv1.CancelBookingRequest) (*bookingsv1.CancelBookingResponse, error) {
	b.runs.Add(1)
	return &bookingsv1.CancelBookingResponse{Id: "c"}, nil
}

// dialBookings serves bookings behind the interceptors. The client's may be nil.
func dialBookings(t *testing.T, service *bookings, client grpc.UnaryClientInterceptor, interceptors ...grpc.UnaryServerInterceptor) bookingsv1.BookingServiceClient {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(interceptors...))
	bookingsv1.RegisterBookingServiceServer(server, service)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUnaryInterceptor(client))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return bookingsv1.NewBookingServiceClient(conn)
}

// withoutHeader removes the key from the metadata, as in front of a server that reads
// it in the message only.
func withoutHeader(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	incoming, _ := metadata.FromIncomingContext(ctx)
	incoming.Delete(keyField)
	return handler(metadata.NewIncomingContext(ctx, incoming), request)
}

// asSent is for a server that reads the key where the engine's rules say.
func asSent(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, request)
}

// loseTwo loses two of three replies after the server acted.
func loseTwo(tries *atomic.Int64) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		answer, err := handler(ctx, request)
		if tries.Add(1)%3 != 0 {
			return nil, status.Error(codes.Unavailable, "reply lost")
		}
		return answer, err
	}
}

// TestServersReadTheKeyInOnePlace: whether a server knows the field, the header, or
// both, a call whose first replies are lost has one effect.
func TestServersReadTheKeyInOnePlace(t *testing.T) {
	aip155 := idempotency.KeyRules{RequestID: true}
	for server, rules := range map[string]struct {
		before grpc.UnaryServerInterceptor
		rules  idempotency.KeyRules
	}{"the field": {withoutHeader, aip155}, "the header": {asSent, idempotency.KeyRules{}}, "both": {asSent, aip155}} {
		for client, options := range map[string][]idemgrpc.ClientOption{
			"retries": nil, "hedging": {idemgrpc.WithHedging(time.Millisecond)},
		} {
			t.Run(server+", "+client, func(t *testing.T) {
				service, tries := new(bookings), new(atomic.Int64)
				guard := newGuard(t, newEngine(t, waiting, idempotency.WithKeyRules(rules.rules)))
				interceptor := newClient(t, append(options, idemgrpc.WithRequestID(), idemgrpc.WithMaxAttempts(100), idemgrpc.WithBackoff(time.Millisecond, time.Millisecond))...)
				client := dialBookings(t, service, interceptor.Unary, loseTwo(tries), rules.before, guard.Unary)
				booking, cancel := &bookingsv1.CreateBookingRequest{Room: "7"}, &bookingsv1.CancelBookingRequest{Id: "7"}
				for range 2 { // each is an intent of its own
					if booked, err := client.CreateBooking(t.Context(), booking); err != nil || booked.GetId() != "b" {
						t.Errorf("booked %v, %v", booked, err)
					}
					if canceled, err := client.CancelBooking(t.Context(), cancel); err != nil || canceled.GetId() != "c" {
						t.Errorf("canceled %v, %v", canceled, err)
					}
				}
				if service.runs.Load() != 4 || tries.Load() < 12 {
					t.Errorf("%d runs in %d tries", service.runs.Load(), tries.Load())
				}
				if booking.GetBookingKey() != "" || cancel.GetRequestId() != "" {
					t.Errorf("the caller has %v and %v", booking, cancel)
				}
			})
		}
	}
}

// TestMessageOfConcurrentCalls: each call is an intent of its own, and none changes
// the message. The race detector sees the rest.
func TestMessageOfConcurrentCalls(t *testing.T) {
	service, request := new(bookings), &bookingsv1.CreateBookingRequest{Room: "7"}
	client := dialBookings(t, service, newClient(t).Unary, newGuard(t, newEngine(t)).Unary)
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			if _, err := client.CreateBooking(t.Context(), request); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if service.runs.Load() != 8 || request.GetBookingKey() != "" {
		t.Errorf("%d runs, message %v", service.runs.Load(), request)
	}
}

// TestRetriesOfGooglesClients: they send a request_id and no header, and the same
// message again when the reply was lost.
func TestRetriesOfGooglesClients(t *testing.T) {
	service, tries := new(bookings), new(atomic.Int64)
	guard := newGuard(t, newEngine(t, idempotency.WithKeyRules(idempotency.KeyRules{RequestID: true})))
	client := dialBookings(t, service, nil, loseTwo(tries), guard.Unary)
	request := &bookingsv1.CancelBookingRequest{Id: "7", RequestId: idempotency.NewKey()}
	for try := range 3 {
		var header metadata.MD
		canceled, err := client.CancelBooking(t.Context(), request, grpc.Header(&header))
		if lost := try < 2; (status.Code(err) == codes.Unavailable) != lost || !lost && (canceled.GetId() != "c" || !idemgrpc.Replayed(header)) {
			t.Errorf("try %d: %v, %v, header %v", try+1, canceled, err, header)
		}
	}
	if service.runs.Load() != 1 {
		t.Errorf("%d runs", service.runs.Load())
	}
}
