package idemconnect_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	"github.com/oncewire/idempotency/gen/bookings/v1/bookingsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
	"github.com/oncewire/idempotency/internal/losstest"
)

type (
	// The message of the first one has a field with the option
	// (idempotency.v1.field).key, that of the second one a request_id.
	bookRequest   = connect.Request[bookingsv1.CreateBookingRequest]
	cancelRequest = connect.Request[bookingsv1.CancelBookingRequest]
)

// booking returns a request that has the keys which are not empty.
func booking(header, field string) *bookRequest {
	request := connect.NewRequest(&bookingsv1.CreateBookingRequest{Room: "7", BookingKey: field})
	if header != "" {
		request.Header().Set(keyField, header)
	}
	return request
}

func canceling(field string) *cancelRequest {
	return connect.NewRequest(&bookingsv1.CancelBookingRequest{Id: "7", RequestId: field})
}

// field returns the key in a message.
func field(message any) string {
	switch message := message.(type) {
	case *bookingsv1.CreateBookingRequest:
		return message.GetBookingKey()
	case *bookingsv1.CancelBookingRequest:
		return message.GetRequestId()
	default:
		return "no booking"
	}
}

// TestKeyFieldOfTheMessage: every try has the same key in both places, and the
// caller's message stays as it is.
func TestKeyFieldOfTheMessage(t *testing.T) {
	named := func(ctx context.Context) context.Context { return idempotency.WithKey(ctx, "mine") }
	plain := func(ctx context.Context) context.Context { return ctx }
	aip155, hedged := idemconnect.WithRequestID(), idemconnect.WithHedging(time.Second)
	for name, test := range map[string]struct {
		prepare        func(context.Context) context.Context
		request        connect.AnyRequest
		options        []idemconnect.ClientOption
		header, inside string // "new" is any key
	}{
		"a new key":                  {plain, booking("", ""), nil, "new", "new"},
		"a named key":                {named, booking("", ""), nil, "mine", "mine"},
		"the caller's in the field":  {named, booking("", "k"), nil, "k", "k"},
		"the caller's in the header": {named, booking("k", ""), nil, "k", "k"},
		"request_id":                 {plain, canceling(""), []idemconnect.ClientOption{aip155}, "new", "new"},
		"request_id of the caller":   {named, canceling("k"), []idemconnect.ClientOption{aip155}, "k", "k"},
		"request_id without option":  {named, canceling("trace"), nil, "mine", "trace"},
		"hedging":                    {plain, booking("", ""), []idemconnect.ClientOption{hedged}, "new", "new"},
		"hedging, request_id":        {named, canceling(""), []idemconnect.ClientOption{hedged, aip155}, "mine", "mine"},
	} {
		inBubble(t, name, func(t *testing.T) {
			before := field(test.request.Any())
			headers, fields, mu := map[string]int{}, map[string]int{}, sync.Mutex{}
			wire := connect.UnaryInterceptorFunc(func(connect.UnaryFunc) connect.UnaryFunc {
				return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
					mu.Lock()
					headers[request.Header().Get(keyField)]++
					fields[field(request.Any())]++
					try := fields[field(request.Any())]
					mu.Unlock()
					switch {
					case try == 3:
						return nil, connect.NewWireError(connect.CodeNotFound, errors.New("no"))
					case try == 1 && strings.HasPrefix(name, "hedging"):
						<-ctx.Done() // the second try is sent meanwhile
					}
					return nil, connect.NewWireError(connect.CodeUnavailable, errors.New("connection lost"))
				}
			})
			client := bookingsv1connect.NewBookingServiceClient(nil, "http://bookings.test",
				connect.WithInterceptors(newClientInterceptor(t, test.options...), wire))
			var err error
			switch request := test.request.(type) {
			case *bookRequest:
				_, err = client.CreateBooking(test.prepare(t.Context()), request)
			case *cancelRequest:
				_, err = client.CancelBooking(test.prepare(t.Context()), request)
			}
			if connect.CodeOf(err) != connect.CodeNotFound {
				t.Error(err)
			}
			for key := range headers {
				if test.header == "new" && len(key) == 36 {
					test.header, test.inside = key, key
				}
			}
			if !maps.Equal(headers, map[string]int{test.header: 3}) || !maps.Equal(fields, map[string]int{test.inside: 3}) {
				t.Errorf("headers %v, fields %v", headers, fields)
			}
			if after := field(test.request.Any()); after != before {
				t.Errorf("the caller has %q", after)
			}
		})
	}
}

// bookings counts the runs of the handlers.
type bookings struct {
	bookingsv1connect.UnimplementedBookingServiceHandler

	runs atomic.Int64
}

func (b *bookings) CreateBooking(context.Context, *bookRequest) (*connect.Response[bookingsv1.CreateBookingResponse], error) {
	b.runs.Add(1)
	return connect.NewResponse(&bookingsv1.CreateBookingResponse{Id: "b"}), nil
}

func (b *bookings) CancelBooking(context.Context, *cancelRequest) (*connect.Response[bookingsv1.CancelBookingResponse], error) {
	b.runs.Add(1)
	return connect.NewResponse(&bookingsv1.CancelBookingResponse{Id: "c"}), nil
}

// serveBookings serves bookings behind the guard and the middleware.
func serveBookings(t *testing.T, service *bookings, before func(http.Handler) http.Handler, guard connect.Interceptor) server {
	t.Helper()
	_, handler := bookingsv1connect.NewBookingServiceHandler(service, connect.WithInterceptors(guard))
	return serve(t, before(handler))
}

// withoutHeader removes the key from the header, as in front of a server that reads
// it in the message only.
func withoutHeader(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del(keyField)
		next.ServeHTTP(w, r)
	})
}

// asSent is for a server that reads the key where the engine's rules say.
func asSent(next http.Handler) http.Handler { return next }

// loseTwo loses two of three replies after the server acted.
func loseTwo(tries *atomic.Int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1)%3 == 0 {
			next.ServeHTTP(w, r)
			return
		}
		losstest.Unsent(next, w, r)
		panic(http.ErrAbortHandler)
	})
}

// TestServersReadTheKeyInOnePlace: whether a server knows the field, the header, or
// both, a call whose first replies are lost has one effect.
func TestServersReadTheKeyInOnePlace(t *testing.T) {
	aip155 := idempotency.KeyRules{RequestID: true}
	for name, test := range map[string]struct {
		before   func(http.Handler) http.Handler
		rules    idempotency.KeyRules
		protocol string
		options  []idemconnect.ClientOption
	}{
		"the field":           {withoutHeader, aip155, "connect proto", nil},
		"the field in JSON":   {withoutHeader, aip155, "connect json", nil},
		"the field, gRPC":     {withoutHeader, aip155, "grpc", nil},
		"the field, hedging":  {withoutHeader, aip155, "connect proto", []idemconnect.ClientOption{idemconnect.WithHedging(time.Millisecond)}},
		"the header":          {asSent, idempotency.KeyRules{}, "connect proto", nil},
		"the header, hedging": {asSent, idempotency.KeyRules{}, "grpc", []idemconnect.ClientOption{idemconnect.WithHedging(time.Millisecond)}},
		"both":                {asSent, aip155, "grpc-web", nil},
		"both, hedging":       {asSent, aip155, "connect json", []idemconnect.ClientOption{idemconnect.WithHedging(time.Millisecond)}},
	} {
		t.Run(name, func(t *testing.T) {
			service, tries := new(bookings), new(atomic.Int64)
			guard := newGuard(t, newEngine(t, waiting, idempotency.WithKeyRules(test.rules)))
			server := serveBookings(t, service, func(next http.Handler) http.Handler { return loseTwo(tries, test.before(next)) }, guard)
			interceptor := newClientInterceptor(t, append(test.options, idemconnect.WithRequestID(), idemconnect.WithMaxAttempts(100), idemconnect.WithBackoff(time.Millisecond, time.Millisecond))...)
			client := bookingsv1connect.NewBookingServiceClient(server.client, server.url,
				append(slices.Clone(protocols[test.protocol]), connect.WithInterceptors(interceptor))...)
			book, cancel := booking("", ""), canceling("")
			for range 2 { // each is an intent of its own
				if booked, err := client.CreateBooking(t.Context(), book); err != nil || booked.Msg.GetId() != "b" {
					t.Errorf("booked %v, %v", booked, err)
				}
				if canceled, err := client.CancelBooking(t.Context(), cancel); err != nil || canceled.Msg.GetId() != "c" {
					t.Errorf("canceled %v, %v", canceled, err)
				}
			}
			if service.runs.Load() != 4 || tries.Load() < 12 {
				t.Errorf("%d runs in %d tries", service.runs.Load(), tries.Load())
			}
			if field(book.Msg)+field(cancel.Msg)+book.Header().Get(keyField)+cancel.Header().Get(keyField) != "" {
				t.Errorf("the caller has %v and %v", book, cancel)
			}
		})
	}
}

// TestMessageOfConcurrentCalls: each call is an intent of its own, and none changes
// the message. The race detector sees the rest.
func TestMessageOfConcurrentCalls(t *testing.T) {
	service, message := new(bookings), &bookingsv1.CreateBookingRequest{Room: "7"}
	server := serveBookings(t, service, asSent, newGuard(t, newEngine(t)))
	client := bookingsv1connect.NewBookingServiceClient(server.client, server.url, connect.WithInterceptors(newClientInterceptor(t)))
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			if _, err := client.CreateBooking(t.Context(), connect.NewRequest(message)); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if service.runs.Load() != 8 || message.GetBookingKey() != "" {
		t.Errorf("%d runs, message %v", service.runs.Load(), message)
	}
}

// TestRetriesOfGooglesClients: they send a request_id and no header, and the same
// message again when the reply was lost.
func TestRetriesOfGooglesClients(t *testing.T) {
	for name, options := range protocols {
		service, tries := new(bookings), new(atomic.Int64)
		guard := newGuard(t, newEngine(t, idempotency.WithKeyRules(idempotency.KeyRules{RequestID: true})))
		server := serveBookings(t, service, func(next http.Handler) http.Handler { return loseTwo(tries, next) }, guard)
		client := bookingsv1connect.NewBookingServiceClient(server.client, server.url, options...)
		message := &bookingsv1.CancelBookingRequest{Id: "7", RequestId: idempotency.NewKey()}
		for try := range 3 {
			canceled, err := client.CancelBooking(t.Context(), connect.NewRequest(message))
			if lost := try < 2; (err != nil) != lost || !lost && (canceled.Msg.GetId() != "c" || !idemconnect.Replayed(canceled.Header())) {
				t.Errorf("%s, try %d: %v, %v", name, try+1, canceled, err)
			}
		}
		if service.runs.Load() != 1 {
			t.Errorf("%s: %d runs", name, service.runs.Load())
		}
	}
}
